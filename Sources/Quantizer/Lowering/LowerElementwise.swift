import Diagnostics
import FloatModel
import IntegerModel
import OperatorArithmetic

extension Lowering {
  /// Addition or subtraction with TFLite's three multipliers.
  mutating func lowerAdd(
    _ node: FloatNode, _ clamp: ClampRange, subtracting: Bool
  ) throws(Diagnostic) {
    let (first, second) = (try operand(0, of: node), try operand(1, of: node))
    let codes = (first.parameters.codes, second.parameters.codes)
    let output = try computedParameters(of: node).codes
    let limits = RealRange(clamp)
    let kind: OperatorKind =
      subtracting
      ? .subtract(try derivation.subtract(codes.0, codes.1, output: output, limits: limits))
      : .add(try derivation.add(codes.0, codes.1, output: output, limits: limits))
    try appendComputing(node, kind, inputs: [first.tensor, second.tensor])
  }

  /// Element-wise product.
  mutating func lowerMultiply(_ node: FloatNode, _ clamp: ClampRange) throws(Diagnostic) {
    let (first, second) = (try operand(0, of: node), try operand(1, of: node))
    let parameters = try derivation.multiply(
      first.parameters.codes, second.parameters.codes,
      output: try computedParameters(of: node).codes, limits: RealRange(clamp))
    try appendComputing(node, .multiply(parameters), inputs: [first.tensor, second.tensor])
  }

  /// Parametric ReLU; a constant slope is quantized over its own range.
  mutating func lowerPRelu(_ node: FloatNode) throws(Diagnostic) {
    let inputs = [try activation(node.inputs[0]), try activation(node.inputs[1])]
    let parameters = try derivation.prelu(
      input: try quantization(of: node.inputs[0]).codes,
      slope: try quantization(of: node.inputs[1]).codes,
      output: try quantization(of: node.output).codes)
    append(node, .prelu(parameters), inputs: inputs, output: try addOutput(of: node))
  }

  /// Any function of one 8-bit code becomes a table; in the tail there are logistic and tanh alone.
  mutating func lowerActivation(
    _ node: FloatNode, _ activation: FloatActivation
  ) throws(Diagnostic) {
    let input = try self.activation(node.inputs[0])
    let inputCodes = try quantization(of: node.inputs[0]).codes
    if inputCodes.elementType == .int16, let function = activation.interpolated {
      append(
        node, .interpolatedFunction(try derivation.interpolated(function, input: inputCodes)),
        inputs: [input], output: try addOutput(of: node))
      return
    }
    let parameters = derivation.lookup(
      RealFunction(activation), input: inputCodes,
      output: try quantization(of: node.output).codes)
    append(node, .lookup(parameters), inputs: [input], output: try addOutput(of: node))
  }
}

extension RealFunction {
  /// The same function, of a float graph.
  init(_ activation: FloatActivation) {
    switch activation {
    case .clip(let range): self = .clip(RealRange(range))
    case .leakyRelu(let alpha): self = .leakyRelu(alpha: alpha)
    case .sigmoid: self = .logistic
    case .tanh: self = .tanh
    case .hardSwish: self = .hardSwish
    case .hardSigmoid(let alpha, let beta): self = .hardSigmoid(alpha: alpha, beta: beta)
    }
  }
}

extension FloatActivation {
  /// The function of 16-bit codes that kernels have, if any.
  var interpolated: UnaryFunction? {
    switch self {
    case .sigmoid: .logistic
    case .tanh: .tanh
    default: nil
    }
  }
}
