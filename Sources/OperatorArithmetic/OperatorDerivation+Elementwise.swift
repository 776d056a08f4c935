import Diagnostics
import Foundation
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

  /// Logistic or tanh of 16-bit codes (TFLite Micro `logistic_common.cc`, `tanh.cc`): the scale times
  /// 12288, exact where it is a power of two that the kernels know, else truncated to 15 bits.
  ///
  /// - Parameter function: `logistic` or `tanh`.
  /// - Throws: scales for which the position in the table would not fit 32 bits, and for which the
  ///   function is constant or a step.
  public func interpolated(
    _ function: UnaryFunction, input: AffineCodes
  ) throws(Diagnostic) -> InterpolatedFunctionParameters {
    let logarithm = log(input.scale) * (1 / log(2))
    let exponent = logarithm.rounded(.toNearestOrAwayFromZero)
    let isPowerOfTwo = abs(logarithm - exponent) < 1e-3
    if isPowerOfTwo, exponent == -12 || (exponent == -11 && function == .tanh) {
      return InterpolatedFunctionParameters(
        function: function, multiplier: exponent == -12 ? 3 : 6, shift: 0)
    }
    var (factor, shift) = (Double(input.scale) * 12_288, 0)
    while factor <= 32_767 / 2, shift <= 30 {
      factor *= 2
      shift += 1
    }
    guard factor < 32_768, shift <= 30 else {
      throw Diagnostic(
        problem: "the scale \(input.scale) of its int16 input is outside what its table can read, "
          + "about 2^-30 to 2.6")
    }
    return InterpolatedFunctionParameters(
      function: function, multiplier: Int32(factor), shift: Int32(shift))
  }

  /// The same reals in other codes (TFLite Micro `quantize_common.cc`).
  public func requantize(
    from input: AffineCodes, to output: AffineCodes
  ) throws(Diagnostic) -> FixedPointMultiplier {
    try multiplier(Double(input.scale) / Double(output.scale))
  }
}
