import Foundation
import IntegerModel
import IntegerRuntime

/// The 256 output codes that TFLite Micro's own kernel computes for a function of one 8-bit code, in
/// its fixed point: what profile `tflm` has to reproduce where a device computes the function
/// instead of looking it up.
///
/// Bit-exact with `reference_integer_ops::Logistic` and `::Tanh`, `HardSwish`,
/// `QuantizeLeakyRelu`, `ReluQuantized` and `Relu6Quantized`; compared with tables that TFLite Micro itself computed.
package struct DeviceTable {
  private let function: RealFunction
  private let input: AffineCodes
  private let output: AffineCodes

  /// The table of one function between tensors of the given parameters.
  package init(
    function: RealFunction, input: AffineCodes, output: AffineCodes
  ) {
    self.function = function
    self.input = input
    self.output = output
  }

  /// Output codes by input code, from the least; `nil` for functions, types or scales for which
  /// TFLite Micro has no kernel.
  package var codes: [Int32]? {
    guard input.elementType == .int8, output.elementType == .int8 else { return nil }
    return switch function {
    case .logistic: logistic
    case .tanh: hyperbolicTangent
    case .hardSwish:
      hardSwish(outputFactor: Double(1 / 128 * input.scale) / Double(output.scale))
    case .leakyRelu(let alpha): leakyRelu(alpha)
    case .clip(.relu): relu
    // Its kernel clamps the codes of the input and ignores the output's parameters.
    case .clip(.relu6) where input == output: relu6
    case .clip, .hardSigmoid: nil
    }
  }

  private func table(_ code: (_ difference: Int32) -> Int32) -> [Int32] {
    let range = output.range
    return (input.range.minimum...input.range.maximum).map {
      min(max(code($0 - input.zeroPoint), range.minimum), range.maximum)
    }
  }

  /// The code of a scaled difference, which may have saturated at 32 bits.
  private func code(_ scaled: Int32) -> Int32 {
    Int32(clamping: Int64(scaled) + Int64(output.zeroPoint))
  }

  // MARK: - Logistic and tanh

  /// Scales differences to Q4.27; differences beyond `radius` saturate (`CalculateInputRadius`).
  private var scaledDifference: (multiplier: FixedPointMultiplier, radius: Int32) {
    let multiplier = FixedPointMultiplier(real: Double(input.scale) * 0x1p27)
    let radius = 15 * 0x1p27 / exp2(Double(multiplier.shift))
    return (multiplier, Int32(clamping: Int64(radius.rounded(.down))))
  }

  private var logistic: [Int32] {
    let (multiplier, radius) = scaledDifference
    return table { difference in
      if difference <= -radius { return -128 }
      if difference >= radius { return 127 }
      let x = multiplier.scale(difference, rounding: .double)
      return FixedPoint.roundingDivide(Self.logistic(x), byPowerOfTwo: 31 - 8) - 128
    }
  }

  private var hyperbolicTangent: [Int32] {
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

  // MARK: - ReLU

  /// Requantized, then clamped at the code of 0 (`ReluQuantized`).
  private var relu: [Int32]? {
    let factor = Double(input.scale) / Double(output.scale)
    guard factor < 0x1p30 else { return nil }
    let multiplier = FixedPointMultiplier(real: factor)
    return table { difference in
      max(output.zeroPoint, code(multiplier.scale(difference, rounding: .double)))
    }
  }

  private var relu6: [Int32] {
    table { difference in
      min(max(difference, 0) + input.zeroPoint, input.code(of: 6))
    }
  }

  // MARK: - Leaky ReLU

  /// As the operator of two multipliers computes it.
  private func leakyRelu(_ alpha: Float) -> [Int32]? {
    let derivation = OperatorDerivation(profile: .tflm)
    guard
      let parameters = try? derivation.leakyRelu(alpha: alpha, input: input, output: output)
    else { return nil }
    return table { difference in
      let multiplier = difference >= 0 ? parameters.positive : parameters.negative
      return code(multiplier.scale(difference, rounding: .double))
    }
  }

  // MARK: - Hard swish

  /// x · relu6(x + 3) / 6 in 16 bits: x with 7 more fractional bits, times a "relu-ish" factor in
  /// [0, 1] that is x scaled to 3/32768 and shifted into [0, 32767].
  ///
  /// LiteRT's kernel is the same, for uint8 as well, but for how it forms the factor of the output.
  func hardSwish(outputFactor outputScale: Double) -> [Int32]? {
    let fineScale: Float = 1 / 128 * input.scale
    // In float32 or not: 16 bits of a third never tell.
    let reluScale = fineScale / (3 / 32768)
    // TFLite Micro refuses a left shift of the output.
    guard outputScale < 1, reluScale < 0x1p30 else { return nil }
    let outputFactor = Self.sixteenBits(outputScale)
    let reluFactor = Self.sixteenBits(Double(reluScale))
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
