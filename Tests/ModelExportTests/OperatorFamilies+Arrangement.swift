import Diagnostics
import IntegerModel
import OperatorArithmetic

extension OperatorFamily {
  /// Operators that reduce axes.
  static let reductions = [
    OperatorFamily(name: "mean") { try $0.drawReduction(isMean: true) },
    // LiteRT's reference kernel reads int8 codes as if they were uint8 (ai-edge-litert 2.3.0).
    OperatorFamily(name: "sum", oracles: [.micro, .default]) {
      try $0.drawReduction(isMean: false)
    },
    OperatorFamily(name: "reduce max") { try $0.drawExtremeReduction { .reduceMax($0) } },
    OperatorFamily(name: "reduce min") { try $0.drawExtremeReduction { .reduceMin($0) } },
    OperatorFamily(name: "arg max") { try $0.drawArgument { .argMax($0) } },
    OperatorFamily(name: "arg min") { try $0.drawArgument { .argMin($0) } },
    OperatorFamily(name: "log softmax", oracles: [.micro, .reference]) { sketch in
      let codes = sketch.codes()
      let shape = sketch.shape(rank: sketch.random.integer(1...4), upTo: 8)
      let x = sketch.input(shape, codes)
      let y = sketch.activation("y", shape, AffineCodes(scale: 1 / 16, zeroPoint: 127))
      sketch.finish(.logSoftmax(try sketch.derivation.logSoftmax(input: codes)), [x], y)
    },
    OperatorFamily(name: "l2 normalization") { sketch in
      let shape = sketch.shape(rank: sketch.random.integer(1...4), upTo: 8)
      let x = sketch.input(shape, sketch.codes())
      let y = sketch.activation("y", shape, AffineCodes(scale: 1 / 128, zeroPoint: 0))
      sketch.finish(.l2Normalization, [x], y)
    },
    OperatorFamily(name: "softmax") { sketch in
      let codes = sketch.codes()
      let shape = sketch.shape(rank: sketch.random.integer(1...4), upTo: 8)
      let x = sketch.input(shape, codes)
      let y = sketch.activation("y", shape, AffineCodes(scale: 1 / 256, zeroPoint: -128))
      let beta = sketch.random.pick([1, 1, 1, 0.5 + sketch.fraction()])
      sketch.finish(.softmax(try sketch.derivation.softmax(input: codes, beta: beta)), [x], y)
    },
  ]

  /// Operators that move codes.
  static let arrangements = [
    OperatorFamily(name: "concatenation") { sketch in
      let codes = sketch.codes()
      let shape = sketch.shape(rank: sketch.random.integer(1...4))
      let axis = sketch.random.integer(0...shape.count - 1)
      var inputs: [Int] = []
      var result = shape
      result[axis] = 0
      for _ in 0..<sketch.random.integer(1...4) {
        var part = shape
        part[axis] = sketch.random.integer(1...4)
        result[axis] += part[axis]
        inputs.append(sketch.input(part, codes))
      }
      sketch.finish(.concatenation(axis: axis), inputs, sketch.activation("y", result, codes))
    },
    OperatorFamily(name: "pad") { try $0.drawPad() },
    OperatorFamily(name: "reshape") { sketch in
      let codes = sketch.codes()
      let shape = sketch.shape(rank: sketch.random.integer(1...4))
      let x = sketch.input(shape, codes)
      let flat = [shape.reduce(1, *)]
      let y = sketch.activation(
        "y", sketch.random.pick([flat, shape.reversed(), [1] + shape]), codes)
      sketch.finish(.reshape, [x], y)
    },
    OperatorFamily(name: "transpose") { sketch in
      let codes = sketch.codes()
      let shape = sketch.shape(rank: sketch.random.integer(1...4))
      let permutation = shape.indices.shuffled(using: &sketch.random)
      let x = sketch.input(shape, codes)
      let y = sketch.activation("y", permutation.map { shape[$0] }, codes)
      sketch.finish(.transpose(permutation: permutation), [x], y)
    },
    OperatorFamily(name: "strided slice") { sketch in
      let codes = sketch.codes()
      let shape = sketch.shape(rank: sketch.random.integer(1...4), upTo: 8)
      var (begin, strides, result) = ([Int](), [Int](), [Int]())
      for extent in shape {
        let stride = sketch.random.pick([1, 1, 2, 3, -1, -2])
        let first = sketch.random.integer(0...extent - 1)
        let most = (stride > 0 ? extent - 1 - first : first) / abs(stride) + 1
        begin.append(first)
        strides.append(stride)
        result.append(sketch.random.integer(1...most))
      }
      let x = sketch.input(shape, codes)
      let y = sketch.activation("y", result, codes)
      sketch.finish(
        .stridedSlice(StridedSliceParameters(begin: begin, strides: strides)), [x], y)
    },
    // TFLite Micro has no kernel.
    OperatorFamily(name: "tile", oracles: [.reference, .default]) { sketch in
      let codes = sketch.codes()
      let shape = sketch.shape(rank: sketch.random.integer(1...4), upTo: 4)
      let multiples = sketch.shape(rank: shape.count, upTo: 3)
      let x = sketch.input(shape, codes)
      let y = sketch.activation("y", zip(shape, multiples).map { $0 * $1 }, codes)
      sketch.finish(.tile(multiples: multiples), [x], y)
    },
    OperatorFamily(name: "gather") { sketch in
      let codes = sketch.codes()
      let shape = sketch.shape(rank: sketch.random.integer(1...4))
      let axis = sketch.random.integer(0...shape.count - 1)
      let places = sketch.shape(rank: sketch.random.integer(1...2), upTo: 4)
      let x = sketch.input(shape, codes)
      let indices = sketch.indices(places, below: shape[axis])
      let extents = Array(shape[..<axis]) + places + Array(shape[(axis + 1)...])
      sketch.finish(
        .gather(GatherParameters(axis: axis)), [x, indices],
        sketch.activation("y", extents, codes))
    },
    OperatorFamily(name: "depth to space") { sketch in
      let (codes, size, block) = (
        sketch.codes(), sketch.shape(rank: 4), sketch.random.integer(1...3)
      )
      let depth = size[3] * block * block
      let x = sketch.input([size[0], size[1], size[2], depth], codes)
      let y = sketch.activation("y", [size[0], size[1] * block, size[2] * block, size[3]], codes)
      sketch.finish(.depthToSpace(blockSize: block), [x], y)
    },
    OperatorFamily(name: "space to depth") { sketch in
      let (codes, size, block) = (
        sketch.codes(), sketch.shape(rank: 4), sketch.random.integer(1...3)
      )
      let depth = size[3] * block * block
      let x = sketch.input([size[0], size[1] * block, size[2] * block, size[3]], codes)
      let y = sketch.activation("y", [size[0], size[1], size[2], depth], codes)
      sketch.finish(.spaceToDepth(blockSize: block), [x], y)
    },
    OperatorFamily(name: "space to batch") { try $0.drawBlocks(toBatch: true) },
    OperatorFamily(name: "batch to space") { try $0.drawBlocks(toBatch: false) },
    OperatorFamily(name: "resize nearest") { sketch in
      let (codes, image, size) = (sketch.codes(), sketch.shape(rank: 4), sketch.pair(1...11))
      let x = sketch.input(image, codes)
      let y = sketch.activation("y", [image[0], size.height, size.width, image[3]], codes)
      let mode = sketch.random.integer(0...3)
      func sources(_ extent: Int, _ count: Int) -> [Int32] {
        (0..<count).map { index in
          let position =
            switch mode {
            case 0: index * extent / count
            case 1: (2 * index + 1) * extent / (2 * count)
            case 2: count > 1 ? (2 * index * (extent - 1) + count - 1) / (2 * (count - 1)) : 0
            default: (index * 7 + 3) % extent
            }
          return Int32(min(position, extent - 1))
        }
      }
      sketch.finish(
        .resizeNearest(
          ResizeNearestParameters(
            rows: sources(image[1], size.height), columns: sources(image[2], size.width))),
        [x], y)
    },
    OperatorFamily(name: "resize bilinear") { sketch in
      let (codes, image, size) = (sketch.codes(), sketch.shape(rank: 4), sketch.pair(1...11))
      let x = sketch.input(image, codes)
      let y = sketch.activation("y", [image[0], size.height, size.width, image[3]], codes)
      let mode = sketch.random.integer(0...2)
      sketch.finish(
        .resizeBilinear(
          ResizeBilinearParameters(alignCorners: mode == 1, halfPixelCenters: mode == 2)),
        [x], y)
    },
  ]
}

extension OperatorSketch {
  mutating func drawReduction(isMean: Bool) throws {
    let shape = shape(rank: random.integer(1...4), upTo: 7)
    let (axes, keeps, extents) = reduction(of: shape)
    let count = axes.reduce(1) { $0 * shape[$1] }
    let codes = codes()
    let spread = isMean ? 1 / Float(count).squareRoot() : Float(count).squareRoot()
    let result = AffineCodes(
      scale: codes.scale * max(spread, 0.05) * (0.5 + fraction()), zeroPoint: zeroPoint(),
      elementType: type)
    let x = input(shape, codes)
    let y = activation("y", extents, result)
    finish(
      isMean
        ? .mean(
          try derivation.mean(
            input: codes, output: result, axes: axes, count: count, keepsDimensions: keeps))
        : .sum(
          try derivation.sum(input: codes, output: result, axes: axes, keepsDimensions: keeps)),
      [x], y)
  }

  /// Axes to reduce, and the shape that is left.
  private mutating func reduction(of shape: [Int]) -> (axes: [Int], keeps: Bool, result: [Int]) {
    var axes = shape.indices.filter { _ in random.integer(0...1) == 0 }
    if axes.isEmpty { axes = [shape.count - 1] }
    // TFLite Micro has no tensors without axes.
    let keeps = axes.count == shape.count || random.integer(0...1) == 0
    var result: [Int] = []
    for axis in shape.indices {
      if !axes.contains(axis) { result.append(shape[axis]) } else if keeps { result.append(1) }
    }
    return (axes, keeps, result)
  }

  mutating func drawExtremeReduction(
    _ kind: (ReduceExtremeParameters) -> OperatorKind
  ) throws {
    let codes = codes()
    let shape = shape(rank: random.integer(1...4), upTo: 7)
    let (axes, keeps, result) = reduction(of: shape)
    let x = input(shape, codes)
    finish(
      kind(ReduceExtremeParameters(axes: axes, keepsDimensions: keeps)), [x],
      activation("y", result, codes))
  }

  mutating func drawArgument(_ kind: (ArgumentParameters) -> OperatorKind) throws {
    let shape = shape(rank: random.integer(2...4), upTo: 7)
    let axis = random.integer(0...shape.count - 1)
    let x = input(shape, codes())
    var result = shape
    result.remove(at: axis)
    let y = add(TensorDescription(name: "y", shape: result, elementType: .int32))
    finish(kind(ArgumentParameters(axis: axis)), [x], y)
  }

  mutating func indices(_ shape: [Int], below limit: Int) -> TensorIndex {
    let values = (0..<shape.reduce(1, *)).map { _ in Int32(random.integer(0...limit - 1)) }
    return add(
      TensorDescription(
        name: "indices", shape: shape, elementType: .int32,
        constant: ConstantBytes(copying: values)))
  }

  mutating func drawBlocks(toBatch: Bool) throws {
    let codes = codes()
    let block = [random.integer(1...3), random.integer(1...3)]
    let (batch, grid, depth) = (
      random.integer(1...2), shape(rank: 2, upTo: 4), random.integer(1...3)
    )
    var (before, after) = ([0, 0], [0, 0])
    for axis in 0..<2 {
      let room = grid[axis] * block[axis] - 1
      before[axis] = random.integer(0...min(2, room))
      after[axis] = random.integer(0...min(2, room - before[axis]))
    }
    let wide = [batch * block[0] * block[1], grid[0], grid[1], depth]
    let image = [
      batch, grid[0] * block[0] - before[0] - after[0], grid[1] * block[1] - before[1] - after[1],
      depth,
    ]
    let parameters = BatchBlockParameters(block: block, before: before, after: after)
    let x = input(toBatch ? image : wide, codes)
    finish(
      toBatch ? .spaceToBatch(parameters) : .batchToSpace(parameters), [x],
      activation("y", toBatch ? wide : image, codes))
  }

  mutating func drawPad() throws {
    let codes = codes()
    let shape = shape(rank: random.integer(1...4))
    let mode: PadMode = random.pick([.constant, .constant, .reflect, .symmetric, .edge])
    func most(_ extent: Int) -> Int {
      switch mode {
      case .constant: 3
      case .reflect: extent - 1
      case .symmetric: extent
      case .edge: 1
      }
    }
    let before = shape.map { random.integer(0...most($0)) }
    let after = shape.map { random.integer(0...most($0)) }
    let value = random.pick([codes.zeroPoint, Int32(random.integer(range(of: type)))])
    let x = input(shape, codes)
    let y = activation("y", shape.indices.map { shape[$0] + before[$0] + after[$0] }, codes)
    finish(.pad(PadParameters(before: before, after: after, mode: mode, value: value)), [x], y)
  }
}
