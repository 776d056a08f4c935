extension FixedPointMultiplier {
  /// `x · multiplier · 2^(shift − 31)`, rounded as `rounding` says: requantization of one
  /// accumulator.
  ///
  /// The multiplier must be 0 or positive and the shift in −31…30, which
  /// `IntegerGraph.validate()` guarantees. A result beyond 32 bits saturates. The sources leave
  /// that case undefined; saturating keeps the sign, so that the clamp which follows gives the right
  /// code.
  @inlinable
  public func scale(_ x: Int32, rounding: RequantizationRounding) -> Int32 {
    switch rounding {
    case .double: scaleRoundingTwice(x)
    case .single: scaleRoundingOnce(x)
    }
  }

  /// `RDBPOT(SRDHM(x · 2^left, multiplier), right)`: bit-exact with TFLite
  /// `MultiplyByQuantizedMultiplier` without `TFLITE_SINGLE_ROUNDING`, and with CMSIS-NN
  /// `arm_nn_requantize`.
  ///
  /// ```text
  ///    x    multiplier   shift   exact    result
  ///    5       2^30        0      2.5        3     SRDHM: tie up
  ///   −5       2^30        0     −2.5       −2     SRDHM: tie up
  ///    5       2^30       −1      1.25       2     3/2 rounds away from zero: not 1
  ///   −5       2^30       −1     −1.25      −1     −2/2 is exact
  ///    5       2^30        1      5          5
  /// ```
  @inlinable
  package func scaleRoundingTwice(_ x: Int32) -> Int32 {
    let left = max(shift, 0)
    let right = max(-shift, 0)
    let shifted = Int32(clamping: Int64(x) << Int64(left))
    let product = FixedPoint.saturatingRoundingDoublingHighMultiply(shifted, multiplier)
    return FixedPoint.roundingDivide(product, byPowerOfTwo: right)
  }

  /// The same, but the division by a power of two breaks ties toward +∞:
  /// `(SRDHM(x · 2^left, multiplier) + 2^(right − 1)) >> right`. Bit-exact with TFLite's kernels for
  /// vector instructions.
  ///
  /// ```text
  ///    x    multiplier   shift   exact    result
  ///    5       2^30       −1      1.25       2     3/2: tie up
  ///   −7       2^30       −1     −1.75      −1     −3/2: tie up; rounding away gives −2
  /// ```
  package func scaleRoundingTwiceWithTiesUp(_ x: Int32) -> Int32 {
    let left = max(shift, 0)
    let right = max(-shift, 0)
    let shifted = Int32(clamping: Int64(x) << Int64(left))
    let product = FixedPoint.saturatingRoundingDoublingHighMultiply(shifted, multiplier)
    guard right > 0 else { return product }
    return Int32(truncatingIfNeeded: (Int64(product) + 1 << Int64(right - 1)) >> Int64(right))
  }

  /// `floor((x · multiplier + 2^(t − 1)) / 2^t)` with t = 31 − shift, on 64 bits: to nearest, ties
  /// up. Bit-exact with TFLite under `TFLITE_SINGLE_ROUNDING` and with TOSA `apply_scale_32`
  /// without double rounding.
  ///
  /// ```text
  ///    x    multiplier   shift   exact    result
  ///    5       2^30        0      2.5        3     tie up
  ///   −5       2^30        0     −2.5       −2     tie up: not −3
  ///    5       2^30       −1      1.25       1
  ///    6       2^30       −1      1.5        2     tie up
  ///   −6       2^30       −1     −1.5       −1     tie up: not −2
  /// ```
  @inlinable
  package func scaleRoundingOnce(_ x: Int32) -> Int32 {
    let total = Int64(31 - shift)
    // |x·multiplier| < 2^62 and the half is at most 2^61: the sum stays below 2^63.
    return Int32(clamping: (Int64(x) * Int64(multiplier) + (1 << (total - 1))) >> total)
  }

  /// The scale of a 64-bit accumulator: `floor((x · m16 + 2^(t − 1)) / 2^t)` with t = 15 − shift and
  /// m16 = min(round(multiplier / 2^16), 2^15 − 1), rounded once whatever the profile.
  ///
  /// Bit-exact with TFLite `MultiplyByQuantizedMultiplier` on 64-bit accumulators (16x8) and with
  /// TOSA `apply_scale_16`. x must lie in −2^47…2^47 and the shift in −31…7, which
  /// `IntegerGraph.validate()` guarantees; a result beyond 32 bits saturates.
  ///
  /// ```text
  ///    x      multiplier     shift   m16      exact x·m16/2^t   result
  ///    5        2^30           0     2^14          2.5             3     tie up
  ///   −5        2^30           0     2^14         −2.5            −2     tie up: not −3
  ///    1      2^30 + 2^15      1     2^14 + 1      1.00006         1
  ///  2^15     2^31 − 1         0     2^15 − 1      32767        32767    the multiplier lost 1/2^15
  /// ```
  @inlinable
  public func scale(wide x: Int64) -> Int32 {
    let reduced: Int64 = multiplier < 0x7fff_0000 ? (Int64(multiplier) + (1 << 15)) >> 16 : 0x7fff
    let total = Int64(15 - shift)
    // |x · reduced| < 2^62 and the half is at most 2^45.
    return Int32(clamping: (x * reduced + (1 << (total - 1))) >> total)
  }
}
