import IntegerModel

/// Logistic and hyperbolic tangent of 16-bit codes in gemmlowp's fixed point: what LiteRT's LSTM computes,
/// and its LOGISTIC and TANH of scales that are powers of two.
///
/// The algorithms are those of ``GemmlowpMath``, on 16 bits: every constant and every product is
/// rounded to them.
package enum SixteenBitPolynomials {
  /// 1 / (1 + e^−x), Q3.12 to Q0.15. Bit-exact with gemmlowp `logistic`.
  package static func logistic(_ x: Int32) -> Int32 {
    guard x != 0 else { return 1 << 14 }
    let estimate = twoOverOnePlus(exponential(ofNegative: -abs(x), integerBits: 3))
    let positive = Reference.saturated16(estimate << 1)
    return x > 0 ? positive : 32_767 - positive
  }

  /// tanh x with `integerBits` integer bits, 0…6, to Q0.15. Bit-exact with gemmlowp `tanh`.
  package static func tanh(_ x: Int32, integerBits: Int32) -> Int32 {
    guard x != 0 else { return 0 }
    // The bits of x are those of 2x with one more integer bit.
    let power = exponential(ofNegative: -abs(x), integerBits: integerBits + 1)
    let positive = Reference.saturated16((twoOverOnePlus(power) - 1 << 13) << 2)
    return x > 0 ? positive : -positive
  }

  /// e^a for a < 0 with 1…7 integer bits, as Q0.15. Bit-exact with gemmlowp `exp_on_negative_values`.
  private static func exponential(ofNegative a: Int32, integerBits: Int32) -> Int32 {
    let fractionBits = 15 - integerBits
    // Beyond −32, which only more than 5 integer bits can say.
    if integerBits > 5, a < -(1 << (fractionBits + 5)) { return 0 }
    let quarter: Int32 = 1 << (fractionBits - 2)
    let fraction = (a & (quarter - 1)) - quarter
    var result = exponentialNearMinusOneEighth(fraction << integerBits)
    let rest = fraction - a
    // e^(−2^k) in Q0.15, k = −2…4.
    let factors: InlineArray<7, Int32> = [25_520, 19_875, 12_055, 4_435, 600, 11, 0]
    for bit in 0..<Int(min(integerBits + 2, 7)) where rest & (quarter << Int32(bit)) != 0 {
      result = product(result, factors[bit])
    }
    return result
  }

  /// e^a for a in [−1/4, 0), Q0.15 to Q0.15: a Taylor polynomial around −1/8.
  private static func exponentialNearMinusOneEighth(_ a: Int32) -> Int32 {
    let (exponentialOfMinusOneEighth, oneThird): (Int32, Int32) = (28_918, 10_923)
    let x = a + 1 << 12
    let x2 = product(x, x)
    let x4Quarter = FixedPoint.roundingDivide(product(x2, x2), byPowerOfTwo: 2)
    let higherTerms = FixedPoint.roundingDivide(
      product(x4Quarter + product(x2, x), oneThird) + x2, byPowerOfTwo: 1)
    return Reference.saturated16(
      exponentialOfMinusOneEighth + product(exponentialOfMinusOneEighth, x + higherTerms))
  }

  /// 2 / (1 + f) for f in [0, 1], Q0.15 to Q2.13: three Newton steps. Bit-exact with what gemmlowp
  /// `one_over_one_plus_x_for_x_in_0_1` and `one_minus_x_over_one_plus_x_for_x_in_0_1` share.
  private static func twoOverOnePlus(_ f: Int32) -> Int32 {
    let half = (f + 32_767 + 1) >> 1
    // 48/17 − 32/17 · half
    var x: Int32 = 23_130 + product(half, -15_420)
    for _ in 0..<3 {
      let error = 1 << 13 - product(half, x)
      x += Reference.saturated16(product(x, error) << 2)
    }
    return x
  }

  /// ab / 2^15 rounded to nearest, ties up, saturated (gemmlowp `SaturatingRoundingDoublingHighMul`).
  private static func product(_ a: Int32, _ b: Int32) -> Int32 {
    Reference.saturated16((a * b + 1 << 14) >> 15)
  }
}
