import Foundation
import IntegerModel

extension FixedPointMultiplier {
  /// The stored form of a real factor: q · 2^shift with q in [0.5, 1) rounded to 31 bits, ties away
  /// from zero (TFLite `QuantizeMultiplier`). Factors below 2^−32 become (0, 0).
  ///
  /// - Parameter real: non-negative and finite; less than 2^30, which `Lowering` checks.
  package init(real: Double) {
    guard real > 0 else {
      self.init(multiplier: 0, shift: 0)
      return
    }
    var shift = Int32(real.exponent) + 1
    var mantissa = Int64((real.significand / 2 * 0x1p31).rounded(.toNearestOrAwayFromZero))
    if mantissa == 1 << 31 {
      mantissa /= 2
      shift += 1
    }
    if shift < -31 {
      self.init(multiplier: 0, shift: 0)
    } else {
      self.init(multiplier: Int32(mantissa), shift: shift)
    }
  }

  /// The factor of a mean over `count` elements: `real` divided by `count` in integers, as TFLite's
  /// reference and TFLite Micro's `QuantizedMeanOrSum` do.
  package init(meanOf count: Int, real: Double) {
    let factor = FixedPointMultiplier(real: real)
    let bits = 63 - Int64(count).leadingZeroBitCount
    let shift = min(bits, 32, Int(31 + factor.shift))
    self.init(
      multiplier: Int32((Int64(factor.multiplier) << Int64(shift)) / Int64(count)),
      shift: factor.shift - Int32(shift))
  }
}
