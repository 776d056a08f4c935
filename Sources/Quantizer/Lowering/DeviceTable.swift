import FloatModel
import Foundation
import IntegerModel
import IntegerRuntime

/// The 256 output codes that TFLite Micro's own kernel computes for a function of one int8 code, in
/// its fixed point: what profile `tflm` has to reproduce where a device computes the function
/// instead of looking it up.
///
/// Bit-exact with `reference_integer_ops::Logistic` and `::Tanh`, `HardSwish` and
/// `QuantizeLeakyRelu`; compared with tables that TFLite Micro itself computed.
package struct DeviceTable {
  private let activation: FloatActivation
  private let input: ActivationParameters
  private let output: ActivationParameters

  /// The table of one activation between tensors of the given parameters.
  package init(
    activation: FloatActivation, input: ActivationParameters, output: ActivationParameters
  ) {
    self.activation = activation
    self.input = input
    self.output = output
  }

  /// Output codes by input code, from −128; `nil` for functions, or scales, for which TFLite Micro
  /// has no kernel.
  package var codes: [Int8]? {
    switch activation {
    case .sigmoid: sigmoid
    case .tanh: hyperbolicTangent
    case .hardSwish: hardSwish
    case .leakyRelu(let alpha): leakyRelu(alpha)
    case .clip, .hardSigmoid: nil
    }
  }

  private func table(_ output: (_ difference: Int32) -> Int32) -> [Int8] {
    (Int32(-128)...127).map { Int8(min(max(output($0 - input.zeroPoint), -128), 127)) }
  }

  // MARK: - Logistic and tanh

  /// Scales differences to Q4.27; differences beyond `radius` saturate (`CalculateInputRadius`).
  private var scaledDifference: (multiplier: FixedPointMultiplier, radius: Int32) {
    let multiplier = FixedPointMultiplier(real: Double(input.scale) * 0x1p27)
    let radius = 15 * 0x1p27 / exp2(Double(multiplier.shift))
    return (multiplier, Int32(clamping: Int64(radius.rounded(.down))))
  }

  private var sigmoid: [Int8] {
    let (multiplier, radius) = scaledDifference
    return table { difference in
      if difference <= -radius { return -128 }
      if difference >= radius { return 127 }
      let x = multiplier.scale(difference, rounding: .double)
      return FixedPoint.roundingDivide(Self.logistic(x), byPowerOfTwo: 31 - 8) - 128
    }
  }

  private var hyperbolicTangent: [Int8] {
    let (multiplier, radius) = scaledDifference
    return table { difference in
      if difference <= -radius { return -128 }
      if difference >= radius { return 127 }
      let x = multiplier.scale(difference, rounding: .double)
      return FixedPoint.roundingDivide(Self.tanh(x), byPowerOfTwo: 31 - 7)
    }
  }

  /// 1 / (1 + e^−x), Q4.27 to Q0.31 (gemmlowp `logistic`).
  private static func logistic(_ x: Int32) -> Int32 {
    guard x != 0 else { return 1 << 30 }
    let positive = GemmlowpMath.oneOverOnePlus(
      GemmlowpMath.exponential(ofNegative: -abs(x), integerBits: 4))
    return x > 0 ? positive : Int32.max - positive
  }

  /// (1 − e^−2x) / (1 + e^−2x), Q4.27 to Q0.31 (gemmlowp `tanh`): the bits of x in Q4.27 are those
  /// of 2x in Q5.26.
  private static func tanh(_ x: Int32) -> Int32 {
    guard x != 0 else { return 0 }
    let positive = GemmlowpMath.oneMinusOverOnePlus(
      GemmlowpMath.exponential(ofNegative: -abs(x)))
    return x > 0 ? positive : -positive
  }

  // MARK: - Leaky ReLU

  /// Two multipliers, whose factors TFLite forms in float32.
  private func leakyRelu(_ alpha: Float) -> [Int8]? {
    let identity = Double(input.scale / output.scale)
    let scaled = Double(input.scale * alpha / output.scale)
    guard identity < 0x1p30, scaled >= 0, scaled < 0x1p30 else { return nil }
    let positive = FixedPointMultiplier(real: identity)
    let negative = FixedPointMultiplier(real: scaled)
    return table { difference in
      output.zeroPoint
        + (difference >= 0 ? positive : negative).scale(difference, rounding: .double)
    }
  }

  // MARK: - Hard swish

  /// x · relu6(x + 3) / 6 in 16 bits: x with 7 more fractional bits, times a "relu-ish" factor in
  /// [0, 1] that is x scaled to 3/32768 and shifted into [0, 32767].
  private var hardSwish: [Int8]? {
    let fineScale: Float = 1 / 128 * input.scale
    let outputFactor = Self.sixteenBits(Double(fineScale / output.scale))
    let reluFactor = Self.sixteenBits(Double(fineScale / (3 / 32768)))
    // TFLite Micro refuses a left shift of the output.
    guard outputFactor.shift <= 0 else { return nil }
    return table { difference in
      let fine = difference * 128
      let product = Self.highProduct(fine, outputFactor.multiplier, rounds: true)
      var factor = fine
      if reluFactor.shift > 0 { factor = Self.shiftLeft(factor, by: reluFactor.shift - 1) }
      factor = Self.highProduct(factor, reluFactor.multiplier, rounds: true)
      if reluFactor.shift > 0 { factor = Self.shiftLeft(factor, by: 1) }
      if reluFactor.shift < 0 {
        factor = FixedPoint.roundingDivide(factor, byPowerOfTwo: -reluFactor.shift)
      }
      factor = (factor + 32768) >> 1
      let result = Self.highProduct(factor, product, rounds: false)
      return FixedPoint.roundingDivide(result, byPowerOfTwo: -outputFactor.shift)
        + output.zeroPoint
    }
  }

  /// A multiplier of 16 bits (`DownScaleInt32ToInt16Multiplier`).
  private static func sixteenBits(_ real: Double) -> FixedPointMultiplier {
    let full = FixedPointMultiplier(real: real)
    let rounded = (Int64(full.multiplier) + 0x8000) >> 16
    return FixedPointMultiplier(multiplier: Int32(min(rounded, 32767)), shift: full.shift)
  }

  /// 2ab / 2^16 of 16-bit numbers, truncated toward zero, after adding half a unit of the same sign
  /// where it `rounds` (`SaturatingRoundingDoublingHighMul`, `SaturatingDoublingHighMul`).
  private static func highProduct(_ a: Int32, _ b: Int32, rounds: Bool) -> Int32 {
    let product = a * b
    let nudge: Int32 = rounds ? (product >= 0 ? 1 << 14 : 1 - (1 << 14)) : 0
    return min((product + nudge) / (1 << 15), 32767)
  }

  /// `x · 2^count`, saturated to 16 bits.
  private static func shiftLeft(_ x: Int32, by count: Int32) -> Int32 {
    Int32(min(max(Int64(x) << Int64(count), -32768), 32767))
  }
}
