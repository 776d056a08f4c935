/// Positions in a row-major array, one per index of a shape, at a fixed step along each axis: what
/// transposes, slices and broadcasts read.
struct StridedView {
  /// Position of the element at index 0 of every axis.
  var start: Int
  /// Extents of the view.
  var shape: [Int]
  /// Step in elements along each axis: 0 repeats, negative runs backward.
  var strides: [Int]

  /// The positions in row-major order of the view, one call each.
  func forEachPosition(_ body: (Int) -> Void) {
    let count = shape.reduce(1, *)
    guard count > 0 else { return }
    var index = Array(repeating: 0, count: shape.count)
    var position = start
    for _ in 0..<count {
      body(position)
      for axis in shape.indices.reversed() {
        index[axis] += 1
        position += strides[axis]
        if index[axis] < shape[axis] { break }
        position -= strides[axis] * shape[axis]
        index[axis] = 0
      }
    }
  }

  /// The elements of `source` at those positions.
  func elements(of source: [Float]) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(shape.reduce(1, *))
    forEachPosition { result.append(source[$0]) }
    return result
  }

  /// The view of an array of extents `shape` as NumPy broadcasts it to `target`.
  static func broadcast(_ shape: [Int], to target: [Int]) -> StridedView {
    let own = ShapeLimits.strides(of: shape)
    let offset = target.count - shape.count
    return StridedView(
      start: 0, shape: target,
      strides: target.indices.map { axis in
        axis < offset || shape[axis - offset] == 1 ? 0 : own[axis - offset]
      })
  }
}
