import Diagnostics
import IntegerModel
import OperatorArithmetic
import TFLiteFormat

extension GraphExporter {
  /// ADD, SUB, MUL, PRELU, LEAKY_RELU, MINIMUM, MAXIMUM, QUANTIZE, and LOGISTIC and TANH of 16 bits.
  mutating func exportElementwise(_ operation: Operation) throws(Diagnostic) {
    switch operation.kind {
    case .add(let parameters): try exportSum(operation, parameters, code: .add)
    case .subtract(let parameters): try exportSum(operation, parameters, code: .sub)
    case .multiply(let parameters):
      let derived = try derivation.multiply(
        try codes(of: input(operation)), try codes(of: input(operation, 1)),
        output: try codes(of: output(operation)))
      try require([parameters.multiplier], are: [derived.multiplier])
      let target = try clampedOutput(operation, parameters.clamp)
      builder.append(
        .mul, .multiply(activation: target.activation),
        inputs: try builder.tensors(operation.inputs), outputs: [target.tensor])
      try finish(target, of: operation)
    case .prelu(let parameters):
      let derived = try derivation.prelu(
        input: try codes(of: input(operation)), slope: try codes(of: input(operation, 1)),
        output: try codes(of: output(operation)))
      try require(
        [parameters.positive, parameters.negative], are: [derived.positive, derived.negative])
      try append(.prelu, operation)
    case .leakyRelu(let parameters): try exportLeakyRelu(operation, parameters)
    case .interpolatedFunction(let parameters):
      let derived = try derivation.interpolated(
        parameters.function, input: try codes(of: input(operation)))
      try require(parameters.multiplier, is: derived.multiplier, "its multiplier")
      try require(parameters.shift, is: derived.shift, "its shift")
      try append(parameters.function == .logistic ? .logistic : .tanh, operation)
    case .minimum: try append(.minimum, operation)
    case .maximum: try append(.maximum, operation)
    case .requantize(let multiplier):
      let derived = try derivation.requantize(
        from: try codes(of: input(operation)), to: try codes(of: output(operation)))
      try require([multiplier], are: [derived])
      try append(.quantize, operation)
    default: return
    }
  }

  /// Appends an operator with the operation's inputs and outputs, and constants behind the inputs.
  mutating func append(
    _ code: TFLiteOperatorCode, _ operation: Operation, _ options: TFLiteOptions = .none,
    constants: [(values: [Int], suffix: String)] = []
  ) throws(Diagnostic) {
    var inputs = try builder.tensors(operation.inputs)
    for constant in constants {
      inputs.append(
        builder.addConstant(constant.values, named: operation.name + constant.suffix))
    }
    builder.append(
      code, options, inputs: inputs, outputs: try builder.tensors(operation.outputs))
  }

  private mutating func exportSum(
    _ operation: Operation, _ parameters: AddParameters, code: TFLiteOperatorCode
  ) throws(Diagnostic) {
    let (first, second) = (try codes(of: input(operation)), try codes(of: input(operation, 1)))
    let result = try codes(of: output(operation))
    let derived =
      code == .add
      ? try derivation.add(first, second, output: result)
      : try derivation.subtract(first, second, output: result)
    try require(
      [parameters.first, parameters.second, parameters.output],
      are: [derived.first, derived.second, derived.output])
    try require(parameters.leftShift, is: derived.leftShift, "its left shift")
    let target = try clampedOutput(operation, parameters.clamp)
    builder.append(
      code, .add(activation: target.activation, potScaleInt16: false),
      inputs: try builder.tensors(operation.inputs), outputs: [target.tensor])
    try finish(target, of: operation)
  }

  /// LEAKY_RELU with the slope that its multiplier was made from.
  private mutating func exportLeakyRelu(
    _ operation: Operation, _ parameters: LeakyReluParameters
  ) throws(Diagnostic) {
    let (input, output) = (try codes(of: input(operation)), try codes(of: output(operation)))
    let slope = parameters.negative.real * Double(output.scale) / Double(input.scale)
    let alpha = Float(slope).neighbors.first { alpha in
      (try? derivation.leakyRelu(alpha: alpha, input: input, output: output)) == parameters
    }
    guard let alpha else {
      throw Diagnostic(
        problem: "no float32 slope near \(Float(slope)) gives its multipliers",
        remedy: GraphExporter.otherBitsRemedy)
    }
    try append(.leakyRelu, operation, .leakyRelu(alpha: alpha))
  }
}

extension FixedPointMultiplier {
  /// The real factor that the pair stands for.
  var real: Double {
    Double(multiplier) * Double(sign: .plus, exponent: Int(shift) - 31, significand: 1)
  }
}

extension Float {
  /// This number and those around it, nearest first.
  var neighbors: [Float] {
    var (above, below) = (self, self)
    var result = [self]
    for _ in 0..<8 {
      above = above.nextUp
      below = below.nextDown
      result += [above, below]
    }
    return result
  }
}
