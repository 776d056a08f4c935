import CFloatKernels
import Diagnostics
import FloatModel

/// Makes the kernel of each operation: the one place that lists them.
struct KernelBuilder {
  let context: PrimitiveContext
  let graph: FloatGraph
  let batch: Int

  /// The kernel of `node`, or `nil` where the output is the input's own buffer.
  ///
  /// - Throws: a diagnostic without a place.
  func kernel(for node: FloatNode) throws(Diagnostic) -> (any NodeKernel)? {
    let shapes = node.inputs.map { graph.values[$0].shape }
    let output = graph.values[node.output].shape
    switch node.operation {
    case .convolution(let convolution):
      return try PrimitiveKernel(
        context, convolution: convolution, batch: batch, input: shapes[0], output: output,
        weights: parameter(1, "weights", of: node), bias: optionalBias(of: node))
    case .fullyConnected(let clamp):
      return try PrimitiveKernel(
        context, fullyConnected: clamp, batch: batch, input: shapes[0],
        weights: parameter(1, "weights", of: node), bias: optionalBias(of: node))
    case .batchNormalization(let epsilon):
      var parameters: [FloatTensor] = []
      for (position, name) in zip(1..., ["gamma", "beta", "mean", "variance"]) {
        parameters.append(try parameter(position, name, of: node))
      }
      return try BatchNormalizationKernel(
        rows: batch * output.dropLast().reduce(1, *), parameters: parameters, epsilon: epsilon)
    case .activation(let activation):
      return try kernel(for: activation, count: batch * output.reduce(1, *))
    case .prelu:
      return binary(FLOAT_PRELU, clamp: .none, node: node, output: output)
    case .add(let clamp):
      return binary(FLOAT_ADD, clamp: clamp, node: node, output: output)
    case .subtract(let clamp):
      return binary(FLOAT_SUBTRACT, clamp: clamp, node: node, output: output)
    case .multiply(let clamp):
      return binary(FLOAT_MULTIPLY, clamp: clamp, node: node, output: output)
    case .concatenation(let axis):
      return ConcatenationKernel(batch: batch, inputs: shapes, axis: axis)
    case .maxPool(let pool):
      return try PrimitiveKernel(
        context, pool: pool, isMaximum: true, batch: batch, input: shapes[0], output: output)
    case .averagePool(let pool):
      return try PrimitiveKernel(
        context, pool: pool, isMaximum: false, batch: batch, input: shapes[0], output: output)
    case .mean(let axes, _):
      return MeanKernel(batch: batch, input: shapes[0], axes: axes)
    case .softmax(let axis):
      return try PrimitiveKernel(context, softmaxAxis: axis, batch: batch, shape: shapes[0])
    case .pad(let before, let after, let mode):
      return GatherKernel(
        batch: batch, input: shapes[0], before: before, after: after, mode: mode)
    case .transpose(let permutation):
      return GatherKernel(batch: batch, input: shapes[0], permutation: permutation)
    case .resize(let resize):
      switch resize.interpolation {
      case .nearest(let rounding):
        return GatherKernel(resize, rounding: rounding, batch: batch, input: shapes[0])
      case .linear:
        return LinearResizeKernel(resize, batch: batch, input: shapes[0])
      }
    case .slice(let begin, let extent, let strides):
      return GatherKernel(
        batch: batch, input: shapes[0], begin: begin, extent: extent, steps: strides)
    case .reshape, .identity:
      return nil
    }
  }

  private func kernel(
    for activation: FloatActivation, count: Int
  ) throws(Diagnostic) -> any NodeKernel {
    switch activation {
    case .sigmoid: try PrimitiveKernel(context, function: FLOAT_SIGMOID, count: count)
    case .tanh: try PrimitiveKernel(context, function: FLOAT_TANH, count: count)
    case .clip, .leakyRelu, .hardSwish, .hardSigmoid: ActivationKernel(activation, count: count)
    }
  }

  private func binary(
    _ operation: FloatBinary, clamp: ClampRange, node: FloatNode, output: [Int]
  ) -> any NodeKernel {
    let left = graph.values[node.inputs[0]]
    let right = graph.values[node.inputs[1]]
    return BinaryKernel(
      operation, clamp: clamp, batch: batch, shapes: (left.shape, right.shape),
      isConstant: (left.constant != nil, right.constant != nil), output: output)
  }

  func optionalBias(of node: FloatNode) throws(Diagnostic) -> FloatTensor? {
    node.inputs.count > 2 ? try parameter(2, "bias", of: node) : nil
  }

  func parameter(
    _ position: Int, _ role: String, of node: FloatNode
  ) throws(Diagnostic) -> FloatTensor {
    let value = graph.values[node.inputs[position]]
    guard let constant = value.constant else {
      throw Diagnostic(
        problem: "its \(role) must be constant, but the graph computes '\(value.name)'",
        remedy: "simplify the graph first; what remains computed then is not supported")
    }
    return constant
  }
}
