import IntegerModel
import IntegerTestSupport

extension RandomGraph {
  mutating func addPool(isAverage: Bool) {
    let window = SpatialPair(height: generator.integer(1...5), width: generator.integer(1...5))
    let padding = SpatialPadding(
      top: generator.integer(0...window.height - 1), left: generator.integer(0...window.width - 1),
      bottom: generator.integer(0...window.height - 1),
      right: generator.integer(0...window.width - 1))
    let parameters = PoolParameters(
      window: window,
      stride: SpatialPair(height: generator.integer(1...3), width: generator.integer(1...3)),
      padding: padding, clamp: clamp(type))
    let image = [
      generator.integer(1...2), window.height + generator.integer(0...6),
      window.width + generator.integer(0...6), generator.integer(1...40),
    ]
    let x = input("x", image)
    let windows = SpatialWindows(kernel: window, stride: parameters.stride, padding: padding)
    guard let count = windows.count(onImage: SpatialPair(height: image[1], width: image[2])) else {
      preconditionFailure("the image is at least as large as the window")
    }
    let y = copiedOutput(of: x, [image[0], count.height, count.width, image[3]])
    builder.operation(
      "op", isAverage ? .averagePool(parameters) : .maxPool(parameters), [x], y)
  }

  mutating func addReduction(isMean: Bool) {
    let shape = (0..<generator.integer(1...4)).map { _ in generator.integer(1...9) }
    let axes = shape.indices.filter { _ in generator.integer(0...1) == 0 }
    let reduced = axes.isEmpty ? [shape.count - 1] : Array(axes)
    let keeps = generator.integer(0...1) == 0
    let count = reduced.reduce(1) { $0 * shape[$1] }
    var value = multiplier(bits: (type == .int16 ? 15 : 7) + bits(count))
    if isMean { value.multiplier /= Int32(generator.integer(1...3)) }
    let x = input("x", shape)
    let result: [Int] = shape.indices.compactMap { axis in
      reduced.contains(axis) ? (keeps ? 1 : nil) : shape[axis]
    }
    let parameters = ReduceParameters(axes: reduced, keepsDimensions: keeps, multiplier: value)
    builder.operation("op", isMean ? .mean(parameters) : .sum(parameters), [x], output(result))
  }

  mutating func addConcatenation() {
    let shape = [generator.integer(1...3), generator.integer(1...4), generator.integer(1...5)]
    let axis = generator.integer(0...2)
    let zero = zeroPoint(type)
    var result = shape
    result[axis] = 0
    let parts = (0..<generator.integer(1...4)).map { index in
      var part = shape
      part[axis] = generator.integer(1...4)
      result[axis] += part[axis]
      return input("x\(index)", part, zeroPoint: zero)
    }
    let y = builder.activation("y", result, type, zeroPoint: zero)
    builder.operation("op", .concatenation(axis: axis), parts, y)
  }

  mutating func addPad() {
    let shape = (0..<generator.integer(1...4)).map { _ in generator.integer(1...6) }
    let mode = generator.pick([PadMode.constant, .reflect, .symmetric, .edge])
    func padding() -> [Int] {
      shape.map { extent in
        switch mode {
        case .constant, .edge: generator.integer(0...4)
        case .reflect: generator.integer(0...extent - 1)
        case .symmetric: generator.integer(0...extent)
        }
      }
    }
    let parameters = PadParameters(
      before: padding(), after: padding(), mode: mode, value: zeroPoint(type))
    let x = input("x", shape)
    let result = shape.indices.map {
      parameters.before[$0] + shape[$0] + parameters.after[$0]
    }
    builder.operation("op", .pad(parameters), [x], copiedOutput(of: x, result))
  }

  mutating func addReshape() {
    let x = input("x", [generator.integer(1...4), 6, generator.integer(1...4)])
    let shape = builder.graph.tensors[x].shape
    builder.operation(
      "op", .reshape, [x], copiedOutput(of: x, [shape[2] * 2, shape[0], 3]))
  }

  mutating func addTranspose() {
    let shape = (0..<generator.integer(1...6)).map { _ in generator.integer(1...4) }
    let permutation = Array(shape.indices).shuffled(using: &generator)
    let x = input("x", shape)
    builder.operation(
      "op", .transpose(permutation: permutation), [x],
      copiedOutput(of: x, permutation.map { shape[$0] }))
  }

  mutating func addStridedSlice() {
    let shape = (0..<generator.integer(1...5)).map { _ in generator.integer(1...7) }
    var (begin, strides, result) = ([Int](), [Int](), [Int]())
    for extent in shape {
      let first = generator.integer(0...extent - 1)
      let stride = generator.pick([1, 2, 3, -1, -2])
      let room = stride > 0 ? extent - 1 - first : first
      begin.append(first)
      strides.append(stride)
      result.append(generator.integer(1...room / abs(stride) + 1))
    }
    let x = input("x", shape)
    builder.operation(
      "op", .stridedSlice(StridedSliceParameters(begin: begin, strides: strides)), [x],
      copiedOutput(of: x, result))
  }

  mutating func addResizeNearest() {
    let (x, shape) = smallImage()
    let rows = generator.codes(generator.integer(1...9), in: 0...shape[1] - 1)
    let columns = generator.codes(generator.integer(1...9), in: 0...shape[2] - 1)
    let parameters = ResizeNearestParameters(
      rows: rows.map { Int32($0) }, columns: columns.map { Int32($0) })
    builder.operation(
      "op", .resizeNearest(parameters), [x],
      copiedOutput(of: x, [shape[0], rows.count, columns.count, shape[3]]))
  }

  mutating func addResizeBilinear() {
    let (x, shape) = smallImage()
    let mode = generator.integer(0...2)
    let parameters = ResizeBilinearParameters(
      alignCorners: mode == 1, halfPixelCenters: mode == 2)
    builder.operation(
      "op", .resizeBilinear(parameters), [x],
      copiedOutput(
        of: x, [shape[0], generator.integer(1...15), generator.integer(1...15), shape[3]]))
  }

  private mutating func smallImage() -> (TensorIndex, [Int]) {
    let shape = [
      generator.integer(1...2), generator.integer(1...7), generator.integer(1...7),
      generator.integer(1...5),
    ]
    return (input("x", shape), shape)
  }
}
