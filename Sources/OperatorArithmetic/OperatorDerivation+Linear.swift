import Diagnostics
import IntegerModel

extension OperatorDerivation {
  /// Convolution and depthwise convolution.
  ///
  /// - Parameter weightScales: one per output channel, or a single one for all.
  ///
  /// The factor is formed in double (TFLite `PopulateConvolutionQuantizationParams`); uint8
  /// activations take the legacy path, whose product of scales is formed in float32
  /// (`GetQuantizedConvolutionMultipler`).
  public func convolution(
    input: AffineCodes, weightScales: [Float], output: AffineCodes, stride: SpatialPair,
    dilation: SpatialPair = SpatialPair(height: 1, width: 1), padding: SpatialPadding,
    limits: RealRange = .unlimited
  ) throws(Diagnostic) -> ConvolutionParameters {
    ConvolutionParameters(
      stride: stride, dilation: dilation, padding: padding,
      multipliers: try layerMultipliers(
        input: input, weightScales: weightScales, output: output,
        productInFloat32: input.elementType == .uint8),
      clamp: output.range(of: limits), accumulator: Self.accumulator(of: input))
  }

  /// Fully connected layer.
  ///
  /// - Parameter weightScales: one per output channel, or a single one for all.
  ///
  /// The factor is formed in double, as TFLite Micro does for a single weight scale too. LiteRT
  /// forms that product in float32, which gives another factor in 99 % of cases; so does this for
  /// uint8, which LiteRT alone runs.
  public func fullyConnected(
    input: AffineCodes, weightScales: [Float], output: AffineCodes,
    limits: RealRange = .unlimited
  ) throws(Diagnostic) -> FullyConnectedParameters {
    FullyConnectedParameters(
      multipliers: try layerMultipliers(
        input: input, weightScales: weightScales, output: output,
        productInFloat32: input.elementType == .uint8),
      clamp: output.range(of: limits), accumulator: Self.accumulator(of: input))
  }

  /// Transposed convolution: the factors of a convolution.
  ///
  /// - Parameters:
  ///   - weightScales: one per output channel, or a single one for all.
  ///   - padding: rows and columns that the output lacks, as if it were the image of a convolution.
  public func transposeConvolution(
    input: AffineCodes, weightScales: [Float], output: AffineCodes, stride: SpatialPair,
    padding: SpatialPadding, limits: RealRange = .unlimited
  ) throws(Diagnostic) -> TransposeConvolutionParameters {
    let convolution = try convolution(
      input: input, weightScales: weightScales, output: output, stride: stride, padding: padding,
      limits: limits)
    return TransposeConvolutionParameters(
      stride: stride, padding: padding, multipliers: convolution.multipliers,
      clamp: convolution.clamp, accumulator: convolution.accumulator)
  }

  private func layerMultipliers(
    input: AffineCodes, weightScales: [Float], output: AffineCodes, productInFloat32: Bool
  ) throws(Diagnostic) -> [FixedPointMultiplier] {
    var multipliers: [FixedPointMultiplier] = []
    multipliers.reserveCapacity(weightScales.count)
    for scale in weightScales {
      let product =
        productInFloat32
        ? Double(input.scale * scale) : Double(input.scale) * Double(scale)
      multipliers.append(try multiplier(product / Double(output.scale)))
    }
    return multipliers
  }

  /// 16-bit activations accumulate in 64 bits.
  private static func accumulator(of input: AffineCodes) -> AccumulatorType {
    input.elementType == .int16 ? .int64 : .int32
  }
}
