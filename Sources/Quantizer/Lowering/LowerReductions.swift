import Diagnostics
import FloatModel
import IntegerModel

extension Lowering {
  /// Mean over some axes.
  mutating func lowerMean(
    _ node: FloatNode, axes: [Int], keepsDimensions: Bool
  ) throws(Diagnostic) {
    let (input, inputParameters) = try operand(of: node)
    let shape = graph.values[node.inputs[0]].shape
    let count = axes.reduce(1) { $0 * shape[$1] }
    let parameters = try derivation.mean(
      input: inputParameters.codes,
      output: try computedParameters(of: node).codes, axes: axes, count: count,
      keepsDimensions: keepsDimensions)
    try appendComputing(node, .mean(parameters), inputs: [input])
  }

  /// Average pool, on codes.
  mutating func lowerAveragePool(_ node: FloatNode, _ pool: FloatPool) throws(Diagnostic) {
    try lowerCopy(
      node, .averagePool(Self.parameters(of: pool, codes: try quantization(of: node.output))))
  }

  /// The integer form of a pool's geometry.
  static func parameters(of pool: FloatPool, codes: ActivationParameters) -> PoolParameters {
    PoolParameters(
      window: SpatialPair(height: pool.window.height, width: pool.window.width),
      stride: SpatialPair(height: pool.stride.height, width: pool.stride.width),
      padding: SpatialPadding(pool.padding),
      clamp: codes.codeRange(minimum: -.infinity, maximum: .infinity))
  }

  /// Softmax over the last axis; another axis is moved there and back.
  mutating func lowerSoftmax(_ node: FloatNode, _ axis: Int) throws(Diagnostic) {
    let shape = graph.values[node.inputs[0]].shape
    let input = try activation(node.inputs[0])
    let inputParameters = try quantization(of: node.inputs[0])
    let parameters = try derivation.softmax(input: inputParameters.codes)
    guard axis != shape.count - 1 else {
      append(node, .softmax(parameters), inputs: [input], output: try addOutput(of: node))
      return
    }
    // Swapping two axes is its own inverse.
    var permutation = Array(shape.indices)
    permutation.swapAt(axis, shape.count - 1)
    let swapped = permutation.map { shape[$0] }
    let moved = addTensor(
      TensorDescription(
        name: node.name + "_input_transposed", shape: swapped,
        elementType: inputParameters.elementType, quantization: inputParameters.quantization))
    let probability = try quantization(of: node.output)
    let probabilities = addTensor(
      TensorDescription(
        name: node.name + "_transposed", shape: swapped, elementType: probability.elementType,
        quantization: probability.quantization))
    append(
      named: node.name + "_input_transpose", .transpose(permutation: permutation),
      of: node.inputs[0], inputs: [input], output: moved)
    append(node, .softmax(parameters), inputs: [moved], output: probabilities)
    append(
      node, .transpose(permutation: permutation), inputs: [probabilities],
      output: try addOutput(of: node))
  }
}
