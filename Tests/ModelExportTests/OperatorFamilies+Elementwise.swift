import Diagnostics
import IntegerModel
import OperatorArithmetic

extension OperatorFamily {
  /// Operators of one or two activations, element by element.
  static let elementwise = [
    OperatorFamily(name: "add") { sketch in
      try sketch.drawBinary { sketch, first, second, output in
        .add(
          try sketch.derivation.add(first, second, output: output, limits: sketch.limits()))
      }
    },
    OperatorFamily(name: "subtract") { sketch in
      try sketch.drawBinary { sketch, first, second, output in
        .subtract(
          try sketch.derivation.subtract(first, second, output: output, limits: sketch.limits()))
      }
    },
    OperatorFamily(name: "multiply") { sketch in
      try sketch.drawBinary { sketch, first, second, output in
        .multiply(
          try sketch.derivation.multiply(first, second, output: output, limits: sketch.limits()))
      }
    },
    OperatorFamily(name: "prelu") { sketch in
      let (codes, slope, result) = (sketch.codes(), sketch.codes(), sketch.codes())
      let shape = sketch.shape(rank: 4)
      let x = sketch.input(shape, codes)
      let alpha = sketch.constant("alpha", [1, 1, shape[3]], slope)
      let y = sketch.activation("y", shape, result)
      sketch.finish(
        .prelu(try sketch.derivation.prelu(input: codes, slope: slope, output: result)),
        [x, alpha], y)
    },
    OperatorFamily(name: "minimum") { try $0.drawExtreme(.minimum) },
    OperatorFamily(name: "maximum") { try $0.drawExtreme(.maximum) },
    OperatorFamily(name: "requantize") { sketch in
      let (codes, result) = (sketch.codes(), sketch.codes())
      let shape = sketch.shape(rank: sketch.random.integer(1...4))
      let x = sketch.input(shape, codes)
      let y = sketch.activation("y", shape, result)
      sketch.finish(
        .requantize(try sketch.derivation.requantize(from: codes, to: result)), [x], y)
    },
  ]

  /// Functions of one code.
  static let functions = [
    OperatorFamily(name: "logistic") {
      try $0.drawLookup(.logistic, output: AffineCodes(scale: 1 / 256, zeroPoint: -128))
    },
    OperatorFamily(name: "tanh") {
      try $0.drawLookup(.tanh, output: AffineCodes(scale: 1 / 128, zeroPoint: 0))
    },
    OperatorFamily(name: "hard swish") { sketch in
      // As calibration would choose it: TFLite Micro refuses an output finer than the input.
      let codes = sketch.codes()
      let output = AffineCodes(
        scale: codes.scale * (0.6 + 0.4 * sketch.fraction()), zeroPoint: sketch.zeroPoint())
      try sketch.drawLookup(.hardSwish, input: codes, output: output)
    },
    // Its factor lies beside a tie of 16 bits: float32 rounds it up, double does not.
    OperatorFamily(name: "hard swish beside a tie") { sketch in
      let codes = AffineCodes(scale: 0.5, zeroPoint: sketch.zeroPoint())
      let output = AffineCodes(
        scale: Float(bitPattern: 0x3eed_dc28), zeroPoint: sketch.zeroPoint())
      try sketch.drawLookup(.hardSwish, input: codes, output: output)
    },
    OperatorFamily(name: "leaky relu") { sketch in
      try sketch.drawLookup(.leakyRelu(alpha: sketch.fraction()), output: sketch.codes())
    },
    OperatorFamily(name: "relu") { try $0.drawLookup(.clip(.relu), output: $0.codes()) },
    OperatorFamily(name: "clip") { sketch in
      let codes = sketch.codes()
      try sketch.drawLookup(.clip(sketch.clip()), input: codes, output: codes)
    },
    // Its table is that of profile tflm, whoever runs the model.
    OperatorFamily(name: "clip to other scales", oracles: [.micro]) { sketch in
      try sketch.drawLookup(.clip(sketch.clip()), output: sketch.codes())
    },
    // LiteRT forms the factors in float32, which its profiles do not have for this form.
    OperatorFamily(name: "leaky relu by multipliers", oracles: [.micro]) { sketch in
      let (codes, result) = (sketch.codes(), sketch.codes())
      let x = sketch.input([256], codes)
      let y = sketch.activation("y", [256], result)
      sketch.finish(
        .leakyRelu(
          try sketch.derivation.leakyRelu(
            alpha: sketch.fraction(), input: codes, output: result)), [x], y)
    },
    OperatorFamily(name: "codes taken over") { sketch in
      let x = sketch.input([256], sketch.codes())
      let y = sketch.activation("y", [256], sketch.codes())
      let table = ConstantBytes(copying: (-128...127).map { Int8($0) })
      sketch.finish(.lookup(LookupParameters(function: .custom, table: table)), [x], y)
    },
    OperatorFamily(name: "hard sigmoid") { sketch in
      try sketch.drawLookup(
        .hardSigmoid(alpha: 0.2, beta: 0.5), output: AffineCodes(scale: 1 / 256, zeroPoint: -128))
    },
  ]
}

extension OperatorSketch {
  fileprivate mutating func clip() -> RealRange {
    RealRange(minimum: -Float(random.integer(0...3)), maximum: Float(random.integer(1...6)))
  }

  fileprivate mutating func drawExtreme(_ kind: OperatorKind) throws {
    let shapes = broadcastShapes()
    let codes = codes()
    let (x, z) = (input(shapes.first, codes), operand(shapes.second, codes))
    finish(kind, [x, z], activation("y", shapes.result, codes))
  }

  /// Two shapes that broadcast, and what they give.
  private mutating func broadcastShapes() -> (first: [Int], second: [Int], result: [Int]) {
    let result = shape(rank: random.integer(1...4))
    guard random.integer(0...1) == 0 else { return (result, result, result) }
    var (first, second) = (result, result)
    for axis in result.indices {
      switch random.integer(0...3) {
      case 0: first[axis] = 1
      case 1: second[axis] = 1
      default: break
      }
    }
    if random.integer(0...2) == 0 { second = [second[second.count - 1]] }
    let shape = broadcastShape(first, second) ?? result
    return (first, second, shape)
  }

  mutating func drawBinary(
    _ kind: (inout OperatorSketch, AffineCodes, AffineCodes, AffineCodes) throws -> OperatorKind
  ) throws {
    let shapes = broadcastShapes()
    let (first, second) = (codes(), codes())
    let output = AffineCodes(
      scale: max(first.scale, second.scale) * (0.5 + 1.5 * fraction()), zeroPoint: zeroPoint(),
      elementType: type)
    let x = input(shapes.first, first)
    let z = operand(shapes.second, second)
    let y = activation("y", shapes.result, output)
    finish(try kind(&self, first, second, output), [x, z], y)
  }

  mutating func drawLookup(
    _ function: RealFunction, input codes: AffineCodes? = nil, output: AffineCodes
  ) throws {
    let codes = codes ?? self.codes()
    let x = input([256], codes)
    let y = activation("y", [256], output)
    finish(.lookup(derivation.lookup(function, input: codes, output: output)), [x], y)
  }
}
