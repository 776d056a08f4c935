import IntegerModel

extension GemmlowpMath {
  /// log x for x ≥ 1 in Q12.19, as Q5.26.
  ///
  /// x = 2^e · r with r around 2^(−1/4), so that log x = e · log 2 + log r; log r is a quotient of
  /// polynomials in q = 2 · (r − 2^(−1/4)). The exponent may be one of e ± 1/4, since r is the lesser
  /// of two ways to normalize x, one of them by √½. Bit-exact with TFLite
  /// `log_x_for_x_greater_than_or_equal_to_1`.
  package static func logarithm(of x: Int32) -> Int32 {
    let integerBits: Int32 = 12
    // In Q0.31, as all constants below.
    let sqrtHalf: Int32 = 1_518_500_250
    let sqrtSqrtHalf: Int32 = 1_805_811_301
    let logTwo: Int32 = 1_488_522_236
    let quarter: Int32 = 1 << 23  // in Q6.25, as the exponents

    let zeros = Int32(x.leadingZeroBitCount)
    let first = saturatingShiftLeft(
      product(saturatingShiftLeft(x, by: zeros - 1), sqrtHalf), by: 1)
    let firstExponent = saturatingShiftLeft(integerBits - zeros, by: 25) + quarter

    let headroom = Int32(product(x, sqrtHalf).leadingZeroBitCount) - 1
    let second = saturatingShiftLeft(x, by: headroom)
    let secondExponent = saturatingShiftLeft(integerBits - headroom, by: 25) - quarter

    let r = min(first, second)
    let exponent = max(firstExponent, secondExponent)
    let p = roundingHalfSum(r, sqrtSqrtHalf)
    let q = 2 * (r - sqrtSqrtHalf)
    let square = product(q, q)
    let numerator = product(q, r) + product(product(q, square), 117_049_297)
    let denominatorMinusOne =
      product(p, 1_057_819_769 + q + product(127_690_142, square)) + product(638_450_708, q)
    let logR = product(
      FixedPoint.roundingDivide(numerator, byPowerOfTwo: 6), oneOverOnePlus(denominatorMinusOne))
    return saturatingShiftLeft(product(exponent, logTwo) + logR, by: 1)
  }

  /// 1 / √x for x ≥ 0, where 0 counts as 1.
  ///
  /// x is brought to [1/4, 1) by a power of 4; five Newton steps from 1 follow. Bit-exact with TFLite
  /// `GetInvSqrtQuantizedMultiplierExp`.
  package static func inverseSquareRoot(of x: Int32) -> FixedPointMultiplier {
    guard x > 1 else { return FixedPointMultiplier(multiplier: Int32.max, shift: 0) }
    var (x, rightShift) = (x, Int32(11))
    while x >= 1 << 29 {
      x /= 4
      rightShift += 1
    }
    let pairs = (Int32(x.leadingZeroBitCount) - 1) / 2 - 1
    rightShift -= pairs
    // In Q3.28, as the estimate.
    let input = (x << (2 * pairs)) >> 1
    let halfInput = FixedPoint.roundingDivide(input, byPowerOfTwo: 1)
    let threeHalves: Int32 = (1 << 28) + (1 << 27)
    var estimate: Int32 = 1 << 28
    for _ in 0..<5 {
      let cube = saturatingShiftLeft(product(product(estimate, estimate), estimate), by: 6)
      estimate = saturatingShiftLeft(
        product(threeHalves, estimate) - product(halfInput, cube), by: 3)
    }
    let multiplier = product(estimate, 1_518_500_250)  // √½ in Q0.31
    return rightShift < 0
      ? FixedPointMultiplier(multiplier: multiplier << -rightShift, shift: 0)
      : FixedPointMultiplier(multiplier: multiplier, shift: -rightShift)
  }

  /// (a + b) / 2, halves away from zero. Bit-exact with gemmlowp `RoundingHalfSum`.
  private static func roundingHalfSum(_ a: Int32, _ b: Int32) -> Int32 {
    let sum = Int64(a) + Int64(b)
    return Int32(truncatingIfNeeded: (sum + (sum >= 0 ? 1 : -1)) / 2)
  }
}
