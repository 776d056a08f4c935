import CFloatKernels
import Diagnostics
import FloatModel

/// A node that oneDNN computes: convolutions, fully connected layers, pools, softmax and functions
/// with an exponential.
final class PrimitiveKernel: NodeKernel {
  let scratchByteCount: Int
  var weightByteCount: Int { float_primitive_weights_bytes(handle) }
  let handle: OpaquePointer
  private let context: PrimitiveContext

  init(
    _ context: PrimitiveContext,
    make: (OpaquePointer, UnsafeMutablePointer<OpaquePointer?>) -> FloatStatus
  ) throws(Diagnostic) {
    var handle: OpaquePointer?
    try Self.check(make(context.handle, &handle))
    guard let handle else { throw Diagnostic(problem: "oneDNN made no kernel") }
    self.handle = handle
    self.context = context
    self.scratchByteCount = float_primitive_scratch_bytes(handle)
  }

  deinit { float_primitive_destroy(handle) }

  /// Weights `[O, KH, KW, C / groups]`, bias `[O]`.
  convenience init(
    _ context: PrimitiveContext, convolution: FloatConvolution, batch: Int, input: [Int],
    output: [Int], weights: FloatTensor, bias: FloatTensor?
  ) throws(Diagnostic) {
    var window = try FloatWindow(
      convolution: convolution, batch: batch, input: input, output: output,
      weights: weights.shape)
    try self.init(context) { context, handle in
      float_convolution_create(
        context, &window, Int64(convolution.groups), bias != nil, FloatClamp(convolution.clamp),
        handle)
    }
    try load(weights: weights.values, bias: bias?.values)
  }

  /// Weights `[O, I]`, bias `[O]`; all axes of the input but the last are rows.
  convenience init(
    _ context: PrimitiveContext, fullyConnected clamp: ClampRange, batch: Int, input: [Int],
    weights: FloatTensor, bias: FloatTensor?
  ) throws(Diagnostic) {
    let rows = batch * input.dropLast().reduce(1, *)
    try self.init(context) { context, handle in
      float_fully_connected_create(
        context, Int64(rows), Int64(weights.shape[1]), Int64(weights.shape[0]), bias != nil,
        FloatClamp(clamp), handle)
    }
    try load(weights: weights.values, bias: bias?.values)
  }

  convenience init(
    _ context: PrimitiveContext, pool: FloatPool, isMaximum: Bool, batch: Int, input: [Int],
    output: [Int]
  ) throws(Diagnostic) {
    var window = try FloatWindow(pool: pool, batch: batch, input: input, output: output)
    try self.init(context) { context, handle in
      float_pool_create(context, &window, isMaximum, handle)
    }
  }

  convenience init(
    _ context: PrimitiveContext, softmaxAxis axis: Int, batch: Int, shape: [Int]
  ) throws(Diagnostic) {
    let outer = batch * shape[..<axis].reduce(1, *)
    let inner = shape[(axis + 1)...].reduce(1, *)
    try self.init(context) { context, handle in
      float_softmax_create(context, Int64(outer), Int64(shape[axis]), Int64(inner), handle)
    }
  }

  convenience init(
    _ context: PrimitiveContext, function: FloatFunction, count: Int
  ) throws(Diagnostic) {
    try self.init(context) { context, handle in
      float_function_create(context, function, Int64(count), handle)
    }
  }

  func forward(_ operands: Operands) throws(Diagnostic) {
    try Self.check(
      float_primitive_run(handle, operands.inputs[0], operands.output, operands.scratch))
  }

  /// Replaces parameters; those that are `nil` stay.
  func load(
    weights: UnsafePointer<Float>? = nil, bias: UnsafePointer<Float>? = nil
  ) throws(Diagnostic) {
    try Self.check(float_primitive_load(handle, weights, bias))
  }

  static func check(_ status: FloatStatus) throws(Diagnostic) {
    guard status == 0 else {
      throw Diagnostic(problem: "oneDNN refuses it: \(String(cString: float_status_text(status)))")
    }
  }
}

extension FloatClamp {
  init(_ range: ClampRange) { self.init(minimum: range.minimum, maximum: range.maximum) }
}

extension FloatWindow {
  /// Greatest stride, dilation, padding and window extent: oneDNN multiplies them in 32 bits.
  private static let greatestParameter = 65_535

  /// A window over `input` `[N, H, W, C]`, giving `output`.
  init(
    batch: Int, input: [Int], output: [Int], kernel: SpatialExtent, stride: SpatialExtent,
    dilation: SpatialExtent, padding: EdgePadding
  ) throws(Diagnostic) {
    try Self.check(kernel, "window", least: 1)
    try Self.check(stride, "stride", least: 1)
    try Self.check(dilation, "dilation", least: 1)
    try Self.check(
      SpatialExtent(height: padding.top, width: padding.left), "padding", least: 0)
    try Self.check(
      SpatialExtent(height: padding.bottom, width: padding.right), "padding", least: 0)
    self.init(
      images: Int64(batch * input[0]), input_height: Int64(input[1]),
      input_width: Int64(input[2]), input_channels: Int64(input[3]),
      output_height: Int64(output[1]), output_width: Int64(output[2]),
      output_channels: Int64(output[3]), kernel_height: Int64(kernel.height),
      kernel_width: Int64(kernel.width), stride_height: Int64(stride.height),
      stride_width: Int64(stride.width), dilation_height: Int64(dilation.height),
      dilation_width: Int64(dilation.width), pad_top: Int64(padding.top),
      pad_left: Int64(padding.left))
  }

  init(
    convolution: FloatConvolution, batch: Int, input: [Int], output: [Int], weights: [Int]
  ) throws(Diagnostic) {
    try self.init(
      batch: batch, input: input, output: output,
      kernel: SpatialExtent(height: weights[1], width: weights[2]),
      stride: convolution.stride, dilation: convolution.dilation, padding: convolution.padding)
  }

  init(pool: FloatPool, batch: Int, input: [Int], output: [Int]) throws(Diagnostic) {
    try self.init(
      batch: batch, input: input, output: output, kernel: pool.window, stride: pool.stride,
      dilation: SpatialExtent(height: 1, width: 1), padding: pool.padding)
  }

  private static func check(
    _ extent: SpatialExtent, _ name: String, least: Int
  ) throws(Diagnostic) {
    let range = least...greatestParameter
    guard range.contains(extent.height), range.contains(extent.width) else {
      throw Diagnostic(
        problem: "\(name) \(extent.height)×\(extent.width) is outside \(least)…"
          + "\(greatestParameter), which is what the float engine supports")
    }
  }
}
