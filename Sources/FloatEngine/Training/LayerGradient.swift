import CFloatKernels
import Diagnostics
import FloatModel

/// Backward pass of a convolution or fully connected layer.
///
/// The gradient of the input is a primitive of oneDNN. So is that of the weights, summed over runs
/// in the layout that the primitive writes and brought into the caller's only when it is read. Only
/// where the layer is a product of matrices, pointwise or fully connected, a matrix product that
/// adds to the sum at once takes its place: measured faster by up to half, since oneDNN's primitive
/// neither adds nor is at its best there.
final class LayerGradient: NodeGradient {
  let onlyOverwrites = true
  let backwardScratchByteCount: Int

  /// How the gradient of the weights is computed.
  private enum Weights {
    case none
    /// Into a sum in the layout `[O, I]`.
    case product(into: AlignedBuffer, inputs: Int)
    /// Into a sum of its own, in the layout of the primitive.
    case primitive(PrimitiveKernel, sum: AlignedBuffer)
  }

  private let data: PrimitiveKernel?
  private let weights: Weights
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
    /// Where the gradient of the weights is summed, if it is wanted.
    var weightSum: AlignedBuffer?
    /// Where the gradient of the bias is summed, if it is wanted.
    var biasSum: AlignedBuffer?
  }

  /// - Parameters:
  ///   - outputCount: elements of the output over the batch.
  ///   - weights: the layer's weights, `[O, …]`.
  ///   - isProduct: whether the output is the input times the weights, as matrices.
  ///   - makeData: makes the primitive for the gradient of the input.
  ///   - makeWeights: makes the one for the weights, and for the bias if told so.
  private init(
    _ context: PrimitiveContext, wanted: Wanted, outputCount: Int, weights tensor: FloatTensor,
    isProduct: Bool,
    makeData: (OpaquePointer, UnsafeMutablePointer<OpaquePointer?>) -> FloatStatus,
    makeWeights: (OpaquePointer, Bool, UnsafeMutablePointer<OpaquePointer?>) -> FloatStatus
  ) throws(Diagnostic) {
    channels = tensor.shape[0]
    rows = outputCount / channels
    biasSum = wanted.biasSum
    data = wanted.input ? try PrimitiveKernel(context, make: makeData) : nil
    try data?.load(weights: tensor.values)
    var primitives = data?.scratchByteCount ?? 0
    var run = 0
    if let sum = wanted.weightSum, isProduct {
      weights = .product(into: sum, inputs: tensor.count / channels)
    } else if wanted.weightSum != nil {
      let kernel = try PrimitiveKernel(context) { context, handle in
        makeWeights(context, wanted.biasSum != nil, handle)
      }
      let sum = try AlignedBuffer(
        count: kernel.weightByteCount / MemoryLayout<Float>.stride,
        purpose: "gradients of weights")
      weights = .primitive(kernel, sum: sum)
      primitives = max(primitives, kernel.scratchByteCount)
      run = sum.byteCount + (wanted.biasSum?.byteCount ?? 0) + 64
    } else {
      weights = .none
    }
    primitiveScratchByteCount = (primitives + 63) / 64 * 64
    backwardScratchByteCount = primitiveScratchByteCount + run
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
      weights: weights,
      isProduct: window.isPointwise && convolution.groups == 1
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
      weights: weights, isProduct: true
    ) { context, handle in
      float_fully_connected_backward_data_create(
        context, rows, inputs, outputs, forward.handle, handle)
    } makeWeights: { context, hasBias, handle in
      float_fully_connected_backward_weights_create(
        context, rows, inputs, outputs, hasBias, forward.handle, handle)
    }
  }

  /// Bytes of the sum of weight gradients, where it is the layer's own, and of the weights for the
  /// gradient of the input.
  var byteCount: Int {
    var count = data?.weightByteCount ?? 0
    if case .primitive(_, let sum) = weights { count += sum.byteCount }
    return count
  }

  /// Whether the gradient of the weights is summed in a layout of the layer's own.
  var sumsWeights: Bool {
    if case .primitive = weights { true } else { false }
  }

  /// Replaces the weights.
  func load(weights: UnsafePointer<Float>?) throws(Diagnostic) {
    try data?.load(weights: weights)
  }

  func backward(_ operands: GradientOperands) throws(Diagnostic) {
    switch weights {
    case .none: sumBias(operands)
    case .product(let sum, let inputs):
      try PrimitiveKernel.check(
        float_matrix_weights_gradient(
          operands.inputs[0], operands.gradient, sum.base, Int64(rows), Int64(inputs),
          Int64(channels), true))
      sumBias(operands)
    case .primitive(let kernel, let sum): try run(kernel, into: sum, operands)
    }
    if let data, let target = operands.targets[0] {
      try PrimitiveKernel.check(
        float_primitive_run(data.handle, operands.gradient, target.base, operands.scratch))
    }
  }

  private func sumBias(_ operands: GradientOperands) {
    guard let biasSum else { return }
    float_sum_rows(operands.gradient, biasSum.base, Int64(rows), Int64(channels))
  }

  private func run(
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

  /// Forgets the weight gradients summed so far in a layout of the layer's own.
  func clear() { isClear = true }

  /// Writes the sum of the weight gradients that has a layout of the layer's own in the layout
  /// `[O, …]`.
  func unload(into plain: UnsafeMutableBufferPointer<Float>) throws(Diagnostic) {
    guard !isClear, case .primitive(let kernel, let sum) = weights, let base = plain.baseAddress
    else {
      plain.update(repeating: 0)
      return
    }
    try PrimitiveKernel.check(float_primitive_unload(kernel.handle, sum.base, base))
  }
}

extension FloatWindow {
  /// Whether each output pixel is read from the input pixel in its place alone.
  var isPointwise: Bool {
    kernel_height == 1 && kernel_width == 1 && stride_height == 1 && stride_width == 1
      && pad_top == 0 && pad_left == 0 && input_height == output_height
      && input_width == output_width
  }
}
