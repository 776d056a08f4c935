import IntegerModel

/// What sums of products are gathered in: 32 bits, or 64 where activations have 16 (16x8).
///
/// The width is part of the arithmetic, because the two are scaled differently.
package protocol Accumulator: FixedWidthInteger, SignedInteger {
  /// The accumulator times `multiplier · 2^(shift − 31)`.
  func scaled(by multiplier: FixedPointMultiplier, rounding: RequantizationRounding) -> Int32
}

extension Int32: Accumulator {
  @inline(__always)
  package func scaled(
    by multiplier: FixedPointMultiplier, rounding: RequantizationRounding
  ) -> Int32 {
    multiplier.scale(self, rounding: rounding)
  }
}

extension Int64: Accumulator {
  /// Rounded once, whatever the profile.
  @inline(__always)
  package func scaled(
    by multiplier: FixedPointMultiplier, rounding: RequantizationRounding
  ) -> Int32 {
    multiplier.scale(wide: self)
  }
}
