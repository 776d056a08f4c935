import Diagnostics
import FloatModel
import Foundation
import IntegerModel

extension Lowering {
  /// Mean over some axes.
  mutating func lowerMean(
    _ node: FloatNode, axes: [Int], keepsDimensions: Bool
  ) throws(Diagnostic) {
    let input = try activation(node.inputs[0])
    let shape = graph.values[node.inputs[0]].shape
    let count = axes.reduce(1) { $0 * shape[$1] }
    let factor =
      Double(try quantization(of: node.inputs[0]).scale)
      / Double(try quantization(of: node.output).scale)
    _ = try multiplier(factor)
    append(
      node,
      .mean(
        ReduceParameters(
          axes: axes, keepsDimensions: keepsDimensions,
          multiplier: FixedPointMultiplier(meanOf: count, real: factor))),
      inputs: [input], output: try addOutput(of: node))
  }

  /// Average pool, on codes.
  mutating func lowerAveragePool(_ node: FloatNode, _ pool: FloatPool) throws(Diagnostic) {
    try lowerCopy(node, .averagePool(Self.parameters(of: pool)))
  }

  /// The integer form of a pool's geometry.
  static func parameters(of pool: FloatPool) -> PoolParameters {
    PoolParameters(
      window: SpatialPair(height: pool.window.height, width: pool.window.width),
      stride: SpatialPair(height: pool.stride.height, width: pool.stride.width),
      padding: SpatialPadding(pool.padding), clamp: CodeRange(minimum: -128, maximum: 127))
  }

  /// Softmax over the last axis; another axis is moved there and back.
  mutating func lowerSoftmax(_ node: FloatNode, _ axis: Int) throws(Diagnostic) {
    let shape = graph.values[node.inputs[0]].shape
    let input = try activation(node.inputs[0])
    let inputParameters = try quantization(of: node.inputs[0])
    let parameters = try softmaxParameters(inputScale: inputParameters.scale)
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
        name: node.name + "_input_transposed", shape: swapped, elementType: .int8,
        quantization: inputParameters.quantization))
    let probabilities = addTensor(
      TensorDescription(
        name: node.name + "_transposed", shape: swapped, elementType: .int8,
        quantization: ActivationParameters.probability.quantization))
    append(
      named: node.name + "_input_transpose", .transpose(permutation: permutation),
      of: node.inputs[0], inputs: [input], output: moved)
    append(node, .softmax(parameters), inputs: [moved], output: probabilities)
    append(
      node, .transpose(permutation: permutation), inputs: [probabilities],
      output: try addOutput(of: node))
  }

  /// The scaling of input differences into Q5.26, and the difference below which the exponential
  /// is 0 (TFLite `PreprocessSoftmaxScaling`, `CalculateInputRadius`; beta is 1).
  ///
  /// The scaling stays below 2^30, which the kernels shift by: from a scale of 16 on, one code of
  /// difference already makes an exponential of less than 2^−23, which is code 0 either way.
  private func softmaxParameters(inputScale: Float) throws(Diagnostic) -> SoftmaxParameters {
    let integerBits = 5
    let real = min(
      Double(inputScale) * Double(1 << (31 - integerBits)), Double((1 << 30) - 1))
    guard real > 1 else {
      throw Diagnostic(
        problem: "the softmax input has a scale of \(inputScale), too fine for its fixed point",
        remedy: "calibrate with images that the model reacts to")
    }
    let factor = FixedPointMultiplier(real: real)
    let radius =
      Double((1 << integerBits) - 1) * Double(1 << (31 - integerBits))
      / exp2(Double(factor.shift))
    return SoftmaxParameters(
      multiplier: factor, minimumDifference: -Int32(radius.rounded(.down)))
  }
}
