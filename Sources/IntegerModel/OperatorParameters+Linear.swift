/// Transposed convolution: each input element adds its product with the weights to the windows that
/// an equally parametrized convolution would have read it from.
///
/// Inputs: activation `[N, H, W, I]`, weights `[O, KH, KW, I]`, bias `[O]`, always present. Output
/// `[N, OH, OW, O]`; element (i, j) with tap (k, l) reaches output row i · stride − padding + k, and
/// column likewise, and is dropped where that lies outside the output.
public struct TransposeConvolutionParameters: Hashable, Sendable {
  /// Steps between windows.
  public var stride: SpatialPair
  /// Rows and columns of the output that windows may exceed.
  public var padding: SpatialPadding
  /// One multiplier per output channel, or a single one for all.
  public var multipliers: [FixedPointMultiplier]
  /// Fused activation.
  public var clamp: CodeRange
  /// Accumulator width.
  public var accumulator: AccumulatorType

  /// Creates the parameters of a transposed convolution.
  public init(
    stride: SpatialPair, padding: SpatialPadding, multipliers: [FixedPointMultiplier],
    clamp: CodeRange, accumulator: AccumulatorType = .int32
  ) {
    self.stride = stride
    self.padding = padding
    self.multipliers = multipliers
    self.clamp = clamp
    self.accumulator = accumulator
  }
}

/// Leaky ReLU with a multiplier for each side of zero.
public struct LeakyReluParameters: Hashable, Sendable {
  /// Input scale over output scale, for codes at or above the zero point.
  public var positive: FixedPointMultiplier
  /// Slope · input scale over output scale, for codes below it.
  public var negative: FixedPointMultiplier

  /// Creates the parameters of a leaky ReLU.
  public init(positive: FixedPointMultiplier, negative: FixedPointMultiplier) {
    self.positive = positive
    self.negative = negative
  }
}
