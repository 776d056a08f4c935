import CFloatKernels
import Diagnostics
import FloatModel

/// Backward pass of a convolution or fully connected layer: up to two primitives of oneDNN, for the
/// gradient of the input and for those of weights and bias.
///
/// The gradient of the weights is summed over runs in the layout that the primitive writes, and
/// brought into the caller's only when it is read.
final class LayerGradient: NodeGradient {
  let onlyOverwrites = true
  let backwardScratchByteCount: Int
  /// Bytes of the sum of weight gradients and of the weights for the gradient of the input.
  var byteCount: Int { (weightSum?.byteCount ?? 0) + (data?.weightByteCount ?? 0) }
  /// Whether the gradient of the weights is wanted.
  var sumsWeights: Bool { weightSum != nil }

  private let data: PrimitiveKernel?
  private let weights: PrimitiveKernel?
  private let weightSum: AlignedBuffer?
  private let biasSum: AlignedBuffer?
  private var isClear = true
  /// Rows of the output's gradient and its channels.
  private let rows: Int
  private let channels: Int
  /// Bytes of scratch for the primitives; behind it stand the gradients of one run.
  private let primitiveScratchByteCount: Int

  /// What the gradients of a layer are made for.
  struct Wanted {
    var input: Bool
    var weights: Bool
    /// Where the gradient of the bias is summed, if it is wanted.
    var biasSum: AlignedBuffer?
  }

  /// - Parameters:
  ///   - outputCount: elements of the output over the batch.
  ///   - weights: the layer's weights, `[O, …]`.
  ///   - makeData: makes the primitive for the gradient of the input.
  ///   - makeWeights: makes the one for the weights, and for the bias if told so.
  private init(
    _ context: PrimitiveContext, wanted: Wanted, outputCount: Int, weights tensor: FloatTensor,
    makeData: (OpaquePointer, UnsafeMutablePointer<OpaquePointer?>) -> FloatStatus,
    makeWeights: (OpaquePointer, Bool, UnsafeMutablePointer<OpaquePointer?>) -> FloatStatus
  ) throws(Diagnostic) {
    channels = tensor.shape[0]
    rows = outputCount / channels
    biasSum = wanted.biasSum
    data = wanted.input ? try PrimitiveKernel(context, make: makeData) : nil
    try data?.load(weights: tensor.values)
    if wanted.weights {
      let kernel = try PrimitiveKernel(context) { context, handle in
        makeWeights(context, wanted.biasSum != nil, handle)
      }
      weights = kernel
      weightSum = try AlignedBuffer(
        count: float_primitive_weights_bytes(kernel.handle) / MemoryLayout<Float>.stride,
        purpose: "gradients of weights")
    } else {
      weights = nil
      weightSum = nil
    }
    let primitives = max(data?.scratchByteCount ?? 0, weights?.scratchByteCount ?? 0)
    primitiveScratchByteCount = (primitives + 63) / 64 * 64
    backwardScratchByteCount =
      primitiveScratchByteCount + (weightSum?.byteCount ?? 0)
      + (wanted.biasSum?.byteCount ?? 0) + 64
  }

  convenience init(
    _ context: PrimitiveContext, convolution: FloatConvolution, forward: PrimitiveKernel,
    wanted: Wanted, batch: Int, input: [Int], output: [Int], weights: FloatTensor
  ) throws(Diagnostic) {
    var window = try FloatWindow(
      convolution: convolution, batch: batch, input: input, output: output,
      weights: weights.shape)
    let groups = Int64(convolution.groups)
    try self.init(
      context, wanted: wanted, outputCount: batch * output.reduce(1, *),
      weights: weights
    ) { context, handle in
      float_convolution_backward_data_create(context, &window, groups, forward.handle, handle)
    } makeWeights: { context, hasBias, handle in
      float_convolution_backward_weights_create(
        context, &window, groups, hasBias, forward.handle, handle)
    }
  }

  convenience init(
    _ context: PrimitiveContext, fullyConnected forward: PrimitiveKernel, wanted: Wanted,
    batch: Int, input: [Int], weights: FloatTensor
  ) throws(Diagnostic) {
    let rows = Int64(batch * input.dropLast().reduce(1, *))
    let (outputs, inputs) = (Int64(weights.shape[0]), Int64(weights.shape[1]))
    try self.init(
      context, wanted: wanted, outputCount: Int(rows * outputs),
      weights: weights
    ) { context, handle in
      float_fully_connected_backward_data_create(
        context, rows, inputs, outputs, forward.handle, handle)
    } makeWeights: { context, hasBias, handle in
      float_fully_connected_backward_weights_create(
        context, rows, inputs, outputs, hasBias, forward.handle, handle)
    }
  }

  /// Replaces the weights.
  func load(weights: UnsafePointer<Float>?) throws(Diagnostic) {
    try data?.load(weights: weights)
  }

  func backward(_ operands: GradientOperands) throws(Diagnostic) {
    if let weights, let weightSum {
      try sum(weights, into: weightSum, operands)
    } else if let biasSum {
      float_sum_rows(operands.gradient, biasSum.base, Int64(rows), Int64(channels))
    }
    if let data, let target = operands.targets[0] {
      try PrimitiveKernel.check(
        float_primitive_run(data.handle, operands.gradient, target.base, operands.scratch))
    }
  }

  private func sum(
    _ kernel: PrimitiveKernel, into sum: AlignedBuffer, _ operands: GradientOperands
  ) throws(Diagnostic) {
    let own = (operands.scratch + primitiveScratchByteCount).assumingMemoryBound(to: Float.self)
    let bias = own + (sum.count + 15) / 16 * 16
    // The first run after clearing needs no addition.
    let destination = isClear ? sum.base : own
    try PrimitiveKernel.check(
      float_primitive_run_weights(
        kernel.handle, operands.inputs[0], operands.gradient, destination,
        biasSum == nil ? nil : bias, operands.scratch))
    if !isClear { float_accumulate(own, sum.base, Int64(sum.count)) }
    isClear = false
    if let biasSum { float_accumulate(bias, biasSum.base, Int64(biasSum.count)) }
  }

  /// Forgets the weight gradients summed so far.
  func clear() { isClear = true }

  /// Writes the sum of the weight gradients in the layout `[O, …]`.
  func unload(into plain: UnsafeMutableBufferPointer<Float>) throws(Diagnostic) {
    guard !isClear, let weights, let weightSum, let base = plain.baseAddress else {
      plain.update(repeating: 0)
      return
    }
    try PrimitiveKernel.check(float_primitive_unload(weights.handle, weightSum.base, base))
  }
}
