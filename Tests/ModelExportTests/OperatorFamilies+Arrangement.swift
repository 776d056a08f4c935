import Diagnostics
import IntegerModel
import OperatorArithmetic

extension OperatorFamily {
  /// Operators that reduce axes.
  static let reductions = [
    OperatorFamily(name: "mean") { try $0.drawReduction(isMean: true) },
    OperatorFamily(name: "sum") { try $0.drawReduction(isMean: false) },
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
    let axes = shape.indices.filter { _ in random.integer(0...1) == 0 }
    guard !axes.isEmpty else { return try drawReduction(isMean: isMean) }
    let count = axes.reduce(1) { $0 * shape[$1] }
    let keeps = axes.count == shape.count || random.integer(0...1) == 0
    let codes = codes()
    let spread = isMean ? 1 / Float(count).squareRoot() : Float(count).squareRoot()
    let result = AffineCodes(
      scale: codes.scale * max(spread, 0.05) * (0.5 + fraction()), zeroPoint: zeroPoint())
    let x = input(shape, codes)
    var extents: [Int] = []
    for axis in shape.indices {
      if !axes.contains(axis) { extents.append(shape[axis]) } else if keeps { extents.append(1) }
    }
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
    let value = random.pick([codes.zeroPoint, Int32(random.integer(-128...127))])
    let x = input(shape, codes)
    let y = activation("y", shape.indices.map { shape[$0] + before[$0] + after[$0] }, codes)
    finish(.pad(PadParameters(before: before, after: after, mode: mode, value: value)), [x], y)
  }
}
