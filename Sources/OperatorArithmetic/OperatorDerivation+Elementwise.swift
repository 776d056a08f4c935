import Diagnostics
import IntegerModel

extension OperatorDerivation {
  /// Addition: three factors formed in double (TFLite Micro `add_common.cc`).
  public func add(
    _ first: AffineCodes, _ second: AffineCodes, output: AffineCodes,
    limits: RealRange = .unlimited
  ) throws(Diagnostic) -> AddParameters {
    let leftShift = Self.leftShift(of: output)
    let twice = 2 * Double(max(first.scale, second.scale))
    return AddParameters(
      leftShift: leftShift, first: try multiplier(Double(first.scale) / twice),
      second: try multiplier(Double(second.scale) / twice),
      output: try multiplier(twice / (Double(1 << leftShift) * Double(output.scale))),
      clamp: output.range(of: limits))
  }

  /// Subtraction: the factors of an addition (TFLite Micro `sub_common.cc`).
  public func subtract(
    _ first: AffineCodes, _ second: AffineCodes, output: AffineCodes,
    limits: RealRange = .unlimited
  ) throws(Diagnostic) -> AddParameters {
    try add(first, second, output: output, limits: limits)
  }

  /// How far inputs are shifted left before they are scaled; differences of 16-bit codes have less
  /// room.
  private static func leftShift(of output: AffineCodes) -> Int32 {
    output.elementType == .int16 ? 15 : 20
  }

  /// Element-wise product, its factor formed in double (TFLite Micro `mul_common.cc`).
  public func multiply(
    _ first: AffineCodes, _ second: AffineCodes, output: AffineCodes,
    limits: RealRange = .unlimited
  ) throws(Diagnostic) -> MultiplyParameters {
    MultiplyParameters(
      multiplier: try multiplier(
        Double(first.scale) * Double(second.scale) / Double(output.scale)),
      clamp: output.range(of: limits))
  }

  /// Parametric ReLU (TFLite Micro `prelu_common.cc`).
  public func prelu(
    input: AffineCodes, slope: AffineCodes, output: AffineCodes
  ) throws(Diagnostic) -> PReluParameters {
    PReluParameters(
      positive: try multiplier(Double(input.scale) / Double(output.scale)),
      negative: try multiplier(
        Double(input.scale) * Double(slope.scale) / Double(output.scale)))
  }

  /// Leaky ReLU: two factors formed in double, as TFLite Micro does; LiteRT forms them in float32.
  ///
  /// - Parameter alpha: the slope below zero.
  /// - Throws: a negative slope besides what ``multiplier(_:)`` throws.
  public func leakyRelu(
    alpha: Float, input: AffineCodes, output: AffineCodes
  ) throws(Diagnostic) -> LeakyReluParameters {
    LeakyReluParameters(
      positive: try multiplier(Double(input.scale) / Double(output.scale)),
      negative: try multiplier(Double(input.scale) * Double(alpha) / Double(output.scale)))
  }

  /// The same reals in other codes (TFLite Micro `quantize_common.cc`).
  public func requantize(
    from input: AffineCodes, to output: AffineCodes
  ) throws(Diagnostic) -> FixedPointMultiplier {
    try multiplier(Double(input.scale) / Double(output.scale))
  }
}
