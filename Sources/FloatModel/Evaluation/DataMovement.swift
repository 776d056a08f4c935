/// Concatenation and padding of constants.
enum DataMovement {
  /// `tensors` one after the other along `axis`.
  static func concatenate(_ tensors: [FloatTensor], axis: Int, shape: [Int]) -> FloatTensor {
    let outer = shape[..<axis].reduce(1, *)
    var values: [Float] = []
    values.reserveCapacity(shape.reduce(1, *))
    for row in 0..<outer {
      for tensor in tensors {
        let run = tensor.count / outer
        values += tensor.values[row * run..<(row + 1) * run]
      }
    }
    return FloatTensor(shape: shape, values: values)
  }

  /// `tensor` with `before` elements added before each axis, and as many after it as `shape` asks.
  static func pad(
    _ tensor: FloatTensor, before: [Int], mode: FloatPadMode, shape: [Int]
  ) -> FloatTensor {
    let sourceStrides = ShapeLimits.strides(of: tensor.shape)
    var values: [Float] = []
    values.reserveCapacity(shape.reduce(1, *))
    var index = Array(repeating: 0, count: shape.count)
    for _ in 0..<shape.reduce(1, *) {
      var position = 0
      var outside: Float?
      for axis in shape.indices {
        let last = tensor.shape[axis] - 1
        var source = index[axis] - before[axis]
        if source < 0 || source > last {
          switch mode {
          case .constant(let value): outside = value
          case .edge: source = min(max(source, 0), last)
          case .reflect: source = source < 0 ? -source : 2 * last - source
          }
        }
        position += source * sourceStrides[axis]
      }
      values.append(outside ?? tensor.values[position])
      for axis in shape.indices.reversed() {
        index[axis] += 1
        if index[axis] < shape[axis] { break }
        index[axis] = 0
      }
    }
    return FloatTensor(shape: shape, values: values)
  }
}
