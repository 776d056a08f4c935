import Diagnostics
import FloatModel
import IntegerModel

extension Lowering {
  /// Addition or subtraction with TFLite's three multipliers.
  mutating func lowerAdd(
    _ node: FloatNode, _ clamp: ClampRange, subtracting: Bool
  ) throws(Diagnostic) {
    let inputs = [try activation(node.inputs[0]), try activation(node.inputs[1])]
    let first = Double(try quantization(of: node.inputs[0]).scale)
    let second = Double(try quantization(of: node.inputs[1]).scale)
    let output = try quantization(of: node.output)
    let leftShift: Int32 = 20
    let twice = 2 * max(first, second)
    let parameters = AddParameters(
      leftShift: leftShift, first: try multiplier(first / twice),
      second: try multiplier(second / twice),
      output: try multiplier(twice / (Double(1 << leftShift) * Double(output.scale))),
      clamp: output.codeRange(minimum: clamp.minimum, maximum: clamp.maximum))
    append(
      node, subtracting ? .subtract(parameters) : .add(parameters), inputs: inputs,
      output: try addOutput(of: node))
  }

  /// Element-wise product.
  mutating func lowerMultiply(_ node: FloatNode, _ clamp: ClampRange) throws(Diagnostic) {
    let inputs = [try activation(node.inputs[0]), try activation(node.inputs[1])]
    let first = Double(try quantization(of: node.inputs[0]).scale)
    let second = Double(try quantization(of: node.inputs[1]).scale)
    let output = try quantization(of: node.output)
    let parameters = MultiplyParameters(
      multiplier: try multiplier(first * second / Double(output.scale)),
      clamp: output.codeRange(minimum: clamp.minimum, maximum: clamp.maximum))
    append(node, .multiply(parameters), inputs: inputs, output: try addOutput(of: node))
  }

  /// Parametric ReLU; a constant slope is quantized over its own range.
  mutating func lowerPRelu(_ node: FloatNode) throws(Diagnostic) {
    let inputs = [try activation(node.inputs[0]), try activation(node.inputs[1])]
    let input = Double(try quantization(of: node.inputs[0]).scale)
    let slope = Double(try quantization(of: node.inputs[1]).scale)
    let output = Double(try quantization(of: node.output).scale)
    let parameters = PReluParameters(
      positive: try multiplier(input / output), negative: try multiplier(input * slope / output))
    append(node, .prelu(parameters), inputs: inputs, output: try addOutput(of: node))
  }

  /// Any function of one code becomes a table.
  mutating func lowerActivation(
    _ node: FloatNode, _ activation: FloatActivation
  ) throws(Diagnostic) {
    let input = try self.activation(node.inputs[0])
    let table = LookupTable(
      activation: activation, input: try quantization(of: node.inputs[0]),
      output: try quantization(of: node.output))
    append(
      node, .lookup(table.parameters), inputs: [input], output: try addOutput(of: node))
  }
}
