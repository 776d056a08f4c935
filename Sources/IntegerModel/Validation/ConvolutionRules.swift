import Diagnostics

extension OperationRules {
  /// `[N, H, W, C] · [O, KH, KW, C / groups] → [N, OH, OW, O]`
  func checkConvolution(_ parameters: ConvolutionParameters) throws(Diagnostic) {
    try requireLinearOperands(accumulator: parameters.accumulator)
    let image = input(0)
    let weights = input(1)
    try requireImage(image)
    try require(
      weights.shape.count == 4,
      "the weights '\(weights.name)' have shape \(shapeText(weights.shape)); "
        + "[O, KH, KW, C / groups] is needed")
    let inputChannels = image.shape[3]
    let outputChannels = weights.shape[0]
    let groupChannels = weights.shape[3]
    let groups = inputChannels / groupChannels
    try require(
      groups * groupChannels == inputChannels && outputChannels % max(groups, 1) == 0,
      "\(inputChannels) input channels and \(outputChannels) output channels cannot be split into "
        + "groups of \(groupChannels) input channels")
    try checkWindows(
      parameters, kernel: SpatialPair(height: weights.shape[1], width: weights.shape[2]),
      outputChannels: outputChannels)
    try requireLinearParameters(
      parameters.multipliers, clamp: parameters.clamp, accumulator: parameters.accumulator,
      outputChannels: outputChannels, channelAxis: 0)
  }

  /// `[N, H, W, C] · [1, KH, KW, O] → [N, OH, OW, O]`, O a multiple of C
  func checkDepthwiseConvolution(_ parameters: ConvolutionParameters) throws(Diagnostic) {
    try requireLinearOperands(accumulator: parameters.accumulator)
    let image = input(0)
    let weights = input(1)
    try requireImage(image)
    try require(
      weights.shape.count == 4 && weights.shape[0] == 1,
      "the weights '\(weights.name)' have shape \(shapeText(weights.shape)); [1, KH, KW, O] is "
        + "needed")
    let outputChannels = weights.shape[3]
    try require(
      outputChannels % image.shape[3] == 0,
      "\(outputChannels) output channels are not a multiple of \(image.shape[3]) input channels")
    try checkWindows(
      parameters, kernel: SpatialPair(height: weights.shape[1], width: weights.shape[2]),
      outputChannels: outputChannels)
    try requireLinearParameters(
      parameters.multipliers, clamp: parameters.clamp, accumulator: parameters.accumulator,
      outputChannels: outputChannels, channelAxis: 3)
  }

  /// `[N, H, W, I] · [O, KH, KW, I] → [N, OH, OW, O]`, where OH and OW are free: windows may exceed
  /// the output, and what no window reaches is the bias.
  func checkTransposeConvolution(
    _ parameters: TransposeConvolutionParameters
  ) throws(Diagnostic) {
    try requireLinearOperands(accumulator: parameters.accumulator)
    let image = input(0)
    let weights = input(1)
    try requireImage(image)
    try requireImage(output)
    try require(
      weights.shape.count == 4 && weights.shape[3] == image.shape[3],
      "the weights '\(weights.name)' have shape \(shapeText(weights.shape)); "
        + "[O, KH, KW, \(image.shape[3])] is needed")
    try requireSane(
      SpatialWindows(
        kernel: SpatialPair(height: weights.shape[1], width: weights.shape[2]),
        stride: parameters.stride, padding: parameters.padding))
    let outputChannels = weights.shape[0]
    try requireOutputShape([image.shape[0], output.shape[1], output.shape[2], outputChannels])
    try requireLinearParameters(
      parameters.multipliers, clamp: parameters.clamp, accumulator: parameters.accumulator,
      outputChannels: outputChannels, channelAxis: 0)
  }

  /// `[…, I] · [O, I] → […, O]`
  func checkFullyConnected(_ parameters: FullyConnectedParameters) throws(Diagnostic) {
    try requireLinearOperands(accumulator: parameters.accumulator)
    let activation = input(0)
    let weights = input(1)
    try require(
      weights.shape.count == 2,
      "the weights '\(weights.name)' have shape \(shapeText(weights.shape)); [O, I] is needed")
    let (outputs, inputs) = (weights.shape[0], weights.shape[1])
    try require(
      activation.shape.last == inputs,
      "the input '\(activation.name)' has shape \(shapeText(activation.shape)); the weights need "
        + "\(inputs) elements along the last axis")
    let rows = activation.elementCount / inputs
    let (count, overflow) = rows.multipliedReportingOverflow(by: outputs)
    try require(
      !overflow && output.shape.last == outputs && output.elementCount == count,
      "the output '\(output.name)' has shape \(shapeText(output.shape)); \(rows) rows of "
        + "\(outputs) elements are needed")
    try requireLinearParameters(
      parameters.multipliers, clamp: parameters.clamp, accumulator: parameters.accumulator,
      outputChannels: outputs, channelAxis: 0)
  }

  // MARK: Parts

  /// `[activation, weights, bias]` in types that go together.
  private func requireLinearOperands(accumulator: AccumulatorType) throws(Diagnostic) {
    try requireInputs(3)
    let (activation, weights, bias) = (input(0), input(1), input(2))
    try requireActivation(activation)
    try requireActivation(output)
    try requireSameType(output, as: activation)
    try require(weights.constant != nil, "the weights '\(weights.name)' are not a constant")
    try require(bias.constant != nil, "the bias '\(bias.name)' is not a constant")
    switch weights.elementType {
    case .int8, .int4:
      for zeroPoint in weights.quantization?.zeroPoints ?? [] where zeroPoint != 0 {
        throw fault(
          "the weights '\(weights.name)' have zero point \(zeroPoint); "
            + "\(weights.elementType.name) weights need 0")
      }
    case .uint8:
      try require(
        activation.elementType == .uint8,
        "the weights '\(weights.name)' are uint8, but the input '\(activation.name)' is "
          + activation.elementType.name)
      try require(
        weights.quantization?.axis == nil,
        "the weights '\(weights.name)' are uint8 and quantized per axis; only int8 and int4 can be")
    case .int16, .int32, .int64:
      throw fault(
        "the weights '\(weights.name)' are \(weights.elementType.name); the limit is int8, int4 or "
          + "uint8")
    }
    try require(
      accumulator == .int32 || activation.elementType == .int16,
      "a 64-bit accumulator does not go with \(activation.elementType.name) activations")
    try require(
      bias.elementType == (accumulator == .int64 ? .int64 : .int32),
      "the bias '\(bias.name)' is \(bias.elementType.name), but the accumulator has "
        + "\(accumulator == .int64 ? 64 : 32) bits")
  }

  /// Bias shape, multipliers, clamp, weight quantization, and the proof that no accumulator
  /// overflows.
  private func requireLinearParameters(
    _ multipliers: [FixedPointMultiplier], clamp: CodeRange, accumulator: AccumulatorType,
    outputChannels: Int, channelAxis: Int
  ) throws(Diagnostic) {
    let (weights, bias) = (input(1), input(2))
    try require(
      bias.shape == [outputChannels],
      "the bias '\(bias.name)' has shape \(shapeText(bias.shape)); \(shapeText([outputChannels])) "
        + "is needed")
    if let axis = weights.quantization?.axis {
      try require(
        axis == channelAxis,
        "the weights '\(weights.name)' are quantized along axis \(axis); output channels are axis "
          + "\(channelAxis)")
    }
    try require(
      multipliers.count == 1 || multipliers.count == outputChannels,
      "there are \(multipliers.count) multipliers for \(outputChannels) output channels")
    // The limits of TFLite's product of a 64-bit accumulator.
    let shifts: ClosedRange<Int32> = accumulator == .int64 ? -31...7 : -31...30
    for (channel, multiplier) in multipliers.enumerated() {
      try requireMultiplier(multiplier, "channel \(channel):", shift: shifts)
    }
    try requireClamp(clamp)
    try requireBoundedAccumulators()
  }

  private func checkWindows(
    _ parameters: ConvolutionParameters, kernel: SpatialPair, outputChannels: Int
  ) throws(Diagnostic) {
    let windows = SpatialWindows(
      kernel: kernel, stride: parameters.stride, dilation: parameters.dilation,
      padding: parameters.padding)
    try requireSane(windows)
    try requireOutputShape(try outputShape(of: windows, channels: outputChannels))
  }
}
