import CFloatKernels
import Diagnostics
import FloatModel

/// Makes the backward pass of each operation: the one place that lists them.
struct GradientBuilder {
  /// Makes the forward passes.
  let kernels: KernelBuilder
  let plan: GradientPlan
  /// Parameters whose gradients are wanted, and where those are summed.
  let sums: [ValueIndex: AlignedBuffer]

  /// The backward pass that goes with `kernel`, the forward pass of `node`.
  ///
  /// - Throws: a diagnostic without a place.
  func gradient(
    of node: FloatNode, kernel: (any NodeKernel)?
  ) throws(Diagnostic) -> any NodeGradient {
    if let kernel = kernel as? any NodeGradient { return kernel }
    let graph = kernels.graph
    let input = graph.values[node.inputs[0]].shape
    let output = graph.values[node.output].shape
    let batch = kernels.batch
    if let kernel = kernel as? PrimitiveKernel {
      switch node.operation {
      case .convolution(let convolution):
        return try LayerGradient(
          kernels.context, convolution: convolution, forward: kernel, wanted: wanted(node),
          batch: batch, input: input, output: output,
          weights: kernels.parameter(1, "weights", of: node))
      case .fullyConnected:
        return try LayerGradient(
          kernels.context, fullyConnected: kernel, wanted: wanted(node), batch: batch,
          input: input, weights: kernels.parameter(1, "weights", of: node))
      case .softmax(let axis):
        return SoftmaxGradient(forward: kernel, axis: axis, batch: batch, shape: input)
      case .activation(let activation):
        return FunctionGradient(
          activation == .tanh ? FLOAT_TANH : FLOAT_SIGMOID, forward: kernel,
          count: batch * output.reduce(1, *))
      case .maxPool(let pool):
        return try PoolGradient(
          pool: pool, isMaximum: true, batch: batch, input: input, output: output)
      case .averagePool(let pool):
        return try PoolGradient(
          pool: pool, isMaximum: false, batch: batch, input: input, output: output)
      default: break
      }
    }
    return PassGradient(count: batch * output.reduce(1, *))
  }

  private func wanted(_ node: FloatNode) -> LayerGradient.Wanted {
    LayerGradient.Wanted(
      input: plan.isNeeded[node.inputs[0]], weightSum: sums[node.inputs[1]],
      biasSum: node.inputs.count > 2 ? sums[node.inputs[2]] : nil)
  }
}
