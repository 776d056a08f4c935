import IntegerModel

/// The functions that softmax, logistic and tanh need, in gemmlowp's fixed point. Qm.n is a 32-bit integer with m
/// integer and n fractional bits besides the sign; a product of Q numbers is `SRDHM` of the raw
/// integers, and its integer bits add up.
package enum GemmlowpMath {
  /// e^a for a ≤ 0 with 4 or 5 integer bits, as Q0.31 (1 saturates to 2^31 − 1).
  ///
  /// a = r − Σ bits · 2^k, with r in [−1/4, 0): a Taylor series for e^r, then one multiplication by
  /// e^(−2^k) per bit of the rest, k = −2…4. Bit-exact with gemmlowp `exp_on_negative_values`.
  package static func exponential(ofNegative a: Int32, integerBits: Int32 = 5) -> Int32 {
    guard a != 0 else { return Int32.max }
    let quarterBit = 29 - integerBits
    let quarter: Int32 = 1 << quarterBit
    let fraction = (a & (quarter - 1)) - quarter
    var result = exponentialNearMinusOneEighth(fraction << integerBits)
    let rest = fraction - a
    // e^(−2^k) in Q0.31, k = −2…4; the bit of `rest` that is worth 2^k asks for it.
    let factors: InlineArray<7, Int32> = [
      1_672_461_947, 1_302_514_674, 790_015_084, 290_630_308, 39_332_535, 720_401, 242,
    ]
    for bit in 0..<Int(integerBits + 2) where rest & (1 << (quarterBit + Int32(bit))) != 0 {
      result = product(result, factors[bit])
    }
    return result
  }

  /// e^a for a in [−1/4, 0), Q0.31 to Q0.31: the Taylor polynomial of degree 4 around −1/8,
  /// e^(−1/8) · (1 + x + x²/2 + x³/6 + x⁴/24) with x = a + 1/8.
  ///
  /// Bit-exact with gemmlowp `exp_on_interval_between_negative_one_quarter_and_0_excl`.
  private static func exponentialNearMinusOneEighth(_ a: Int32) -> Int32 {
    let exponentialOfMinusOneEighth: Int32 = 1_895_147_668
    let oneThird: Int32 = 715_827_883
    let x = a + (1 << 28)
    let x2 = product(x, x)
    let x3 = product(x2, x)
    let x4Quarter = FixedPoint.roundingDivide(product(x2, x2), byPowerOfTwo: 2)
    // x⁴/24 + x³/6 + x²/2 = ((x⁴/4 + x³)/3 + x²)/2
    let higherTerms = FixedPoint.roundingDivide(
      product(x4Quarter + x3, oneThird) + x2, byPowerOfTwo: 1)
    return exponentialOfMinusOneEighth + product(exponentialOfMinusOneEighth, x + higherTerms)
  }

  /// 1 / x for x > 0 with `integerBits` integer bits, as a fraction in Q0.31 and the exponent e that
  /// normalizes x to [1, 2): 1/x = fraction · 2^−e. Bit-exact with TFLite `GetReciprocal`.
  package static func reciprocal(
    of x: Int32, integerBits: Int32
  ) -> (fraction: Int32, exponent: Int32) {
    let headroom = Int32(x.leadingZeroBitCount)
    // x normalized to 1 + f, f in [0, 1) as Q0.31: the leading one falls off.
    let f = Int32(bitPattern: (UInt32(bitPattern: x) << UInt32(headroom)) &- (1 << 31))
    return (oneOverOnePlus(f), integerBits - headroom)
  }

  /// 1 / (1 + f) for f in [0, 1), Q0.31 to Q0.31. Bit-exact with gemmlowp
  /// `one_over_one_plus_x_for_x_in_0_1`.
  package static func oneOverOnePlus(_ f: Int32) -> Int32 {
    // The estimate of 2/(1 + f): read as Q1.30 it is 1/(1 + f), then to Q0.31.
    saturatingShiftLeft(twoOverOnePlus(f), by: 1)
  }

  /// (1 − f) / (1 + f) for f in [0, 1), Q0.31 to Q0.31. Bit-exact with gemmlowp
  /// `one_minus_x_over_one_plus_x_for_x_in_0_1`.
  package static func oneMinusOverOnePlus(_ f: Int32) -> Int32 {
    // (1 − f)/(1 + f) = 2/(1 + f) − 1, from Q2.29 to Q0.31.
    saturatingShiftLeft(twoOverOnePlus(f) - (1 << 29), by: 2)
  }

  /// 2 / (1 + f) for f in [0, 1), Q0.31 to Q2.29: three Newton steps for the reciprocal of
  /// d = (1 + f)/2 in [1/2, 1), starting from 48/17 − 32/17·d.
  private static func twoOverOnePlus(_ f: Int32) -> Int32 {
    // Rounded up; both terms are non-negative.
    let half = Int32(truncatingIfNeeded: (Int64(f) + Int64(Int32.max) + 1) / 2)
    let one: Int32 = 1 << 29  // in Q2.29, as the estimate
    var estimate = 1_515_870_810 + product(half, -1_010_580_540)
    for _ in 0..<3 {
      let error = one - product(half, estimate)
      estimate += saturatingShiftLeft(product(estimate, error), by: 2)
    }
    return estimate
  }

  static func product(_ a: Int32, _ b: Int32) -> Int32 {
    FixedPoint.saturatingRoundingDoublingHighMultiply(a, b)
  }

  /// `x · 2^count`, saturated. Bit-exact with gemmlowp `SaturatingRoundingMultiplyByPOT`.
  static func saturatingShiftLeft(_ x: Int32, by count: Int32) -> Int32 {
    Int32(clamping: Int64(x) << Int64(count))
  }
}
