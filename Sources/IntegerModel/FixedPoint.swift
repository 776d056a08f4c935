/// The two rounding primitives that fixed-point requantization is made of.
///
/// Both are total: no argument traps or overflows. Names of the rounding rules are those of
/// swift-numerics' `RoundingRule`.
public enum FixedPoint {
  /// The upper half of `2·a·b`, rounded to nearest, ties up: `floor((a·b + 2^30) / 2^31)`.
  ///
  /// Bit-exact with gemmlowp `SaturatingRoundingDoublingHighMul` and Arm `SQRDMULH`; the one
  /// product that does not fit, `Int32.min · Int32.min`, gives `Int32.max`.
  ///
  /// ```text
  ///        a            b        exact a·b/2^31    result
  ///     3·2^20       2^30            3·2^19        3·2^19
  ///        1         2^30             0.5             1      tie up
  ///       −1         2^30            −0.5             0      tie up: not −1
  ///        3         2^30             1.5             2      tie up
  ///       −3         2^30            −1.5            −1      tie up: not −2
  ///        1       2^30 − 1         0.4999…           0
  ///       −1       2^30 + 1        −0.5000…          −1
  ///   Int32.min    Int32.min          2^31         2^31 − 1  saturated
  /// ```
  @inlinable
  public static func saturatingRoundingDoublingHighMultiply(_ a: Int32, _ b: Int32) -> Int32 {
    // |a·b| ≤ 2^62, so neither the product nor the nudge can overflow 64 bits.
    Int32(clamping: (Int64(a) * Int64(b) + (1 << 30)) >> 31)
  }

  /// `x / 2^exponent` rounded to nearest, ties away from zero; `exponent` in 0…31.
  ///
  /// Bit-exact with gemmlowp `RoundingDivideByPOT`.
  ///
  /// ```text
  ///     x    exponent   exact    result
  ///     5       1        2.5        3     tie away
  ///    −5       1       −2.5       −3     tie away: not −2
  ///     3       2        0.75       1
  ///    −3       2       −0.75      −1
  ///     2       2        0.5        1     tie away
  ///    −2       2       −0.5       −1     tie away: not 0
  ///     1       2        0.25       0
  ///     7       0        7          7
  /// ```
  @inlinable
  public static func roundingDivide(_ x: Int32, byPowerOfTwo exponent: Int32) -> Int32 {
    precondition(exponent >= 0 && exponent <= 31)
    // Adding half before shifting could overflow; comparing the remainder with half cannot.
    let mask = Int32(truncatingIfNeeded: (UInt32(1) << UInt32(exponent)) &- 1)
    let remainder = x & mask
    let threshold = (mask >> 1) + (x < 0 ? 1 : 0)
    return (x >> exponent) + (remainder > threshold ? 1 : 0)
  }
}
