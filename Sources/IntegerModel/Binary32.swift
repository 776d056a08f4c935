/// A number of IEEE 754 binary32 as two integers, with the arithmetic of that format: each result is
/// the exact one rounded to 24 bits, ties to even.
///
/// Some targets requantize in float32, and their bits depend on it; this module has no floating
/// point. The exponent is not bounded above, so what would overflow to infinity stays a large number,
/// which saturates when it becomes an integer. Signed zeros are one number.
public struct Binary32: Equatable, Sendable {
  /// Whether the number is below zero.
  private let isNegative: Bool
  /// Of 24 bits, less than that only where the exponent is −149.
  private let significand: UInt64
  /// The magnitude is `significand · 2^exponent`; at least −149.
  private let exponent: Int

  /// The number with these bits. Infinities and NaNs have no such form; validation refuses them.
  public init(bits: UInt32) {
    let field = Int(bits >> 23 & 0xff)
    let fraction = UInt64(bits & 0x7f_ffff)
    significand = field == 0 ? fraction : fraction | 1 << 23
    exponent = max(field, 1) - 150
    isNegative = bits >> 31 != 0 && significand != 0
  }

  /// The number nearest to an integer, ties to even: exact up to 2^24.
  public init(_ integer: Int64) {
    self.init(
      isNegative: integer < 0, nearest: integer.magnitude, exponent: 0)
  }

  /// `±magnitude · 2^exponent` rounded to the format.
  private init(isNegative: Bool, nearest magnitude: UInt64, exponent: Int) {
    let width = UInt64.bitWidth - magnitude.leadingZeroBitCount
    let excess = max(width - 24, -149 - exponent)
    guard magnitude != 0, excess <= 64 else {
      (self.isNegative, significand, self.exponent) = (false, 0, -149)
      return
    }
    // A rounding up to 2^24 halves without a loss.
    let rounded =
      excess > 0 ? roundedToEven(magnitude, droppingBits: excess) : magnitude << UInt64(-excess)
    let carry = rounded == 1 << 24 ? 1 : 0
    self.isNegative = isNegative && rounded != 0
    significand = rounded >> UInt64(carry)
    self.exponent = exponent + excess + carry
  }

  /// The product.
  public static func * (left: Binary32, right: Binary32) -> Binary32 {
    Binary32(
      isNegative: left.isNegative != right.isNegative,
      nearest: left.significand * right.significand, exponent: left.exponent + right.exponent)
  }

  /// The quotient; the divisor must not be zero.
  public static func / (left: Binary32, right: Binary32) -> Binary32 {
    // A dividend of 62 bits leaves a quotient of at least 38; what the division loses is kept as a
    // lowest bit that is set, which decides the rounding as all of it would.
    let headroom = left.significand.leadingZeroBitCount - 2
    let (quotient, rest) = (left.significand << UInt64(headroom))
      .quotientAndRemainder(dividingBy: right.significand)
    return Binary32(
      isNegative: left.isNegative != right.isNegative, nearest: quotient << 1 | (rest == 0 ? 0 : 1),
      exponent: left.exponent - headroom - right.exponent - 1)
  }

  /// The sum.
  public static func + (left: Binary32, right: Binary32) -> Binary32 {
    let (high, low) = left.exponent >= right.exponent ? (left, right) : (right, left)
    // The higher number gets up to 38 more bits; what the lower then loses is kept as a lowest bit.
    let distance = high.exponent - low.exponent
    let shift = min(distance, 38)
    let lost = min(distance - shift, 24)
    let kept = low.significand >> UInt64(lost)
    let isExact = kept << UInt64(lost) == low.significand
    let a = Int64(high.significand << UInt64(shift)) * (high.isNegative ? -1 : 1)
    let b = Int64(kept | (isExact ? 0 : 1)) * (low.isNegative ? -1 : 1)
    return Binary32(
      isNegative: a + b < 0, nearest: (a + b).magnitude, exponent: high.exponent - shift)
  }

  /// The negated number.
  public static prefix func - (number: Binary32) -> Binary32 {
    Binary32(
      isNegative: !number.isNegative, nearest: number.significand, exponent: number.exponent)
  }

  /// The nearest integer, ties to even, saturated.
  public var rounded: Int32 { integer { roundedToEven(significand, droppingBits: $0) } }

  /// The nearest integer, ties away from zero, saturated.
  public var roundedAwayFromZero: Int32 {
    integer { dropped in
      dropped > 24 ? 0 : (significand + 1 << UInt64(dropped - 1)) >> UInt64(dropped)
    }
  }

  /// The integer toward zero, saturated.
  public var truncated: Int32 { integer { $0 > 24 ? 0 : significand >> UInt64($0) } }

  /// An integer of this magnitude once `dropFraction` has dropped that many bits, if any must be.
  @inline(__always)
  private func integer(_ dropFraction: (Int) -> UInt64) -> Int32 {
    let magnitude =
      exponent >= 0 ? significand << UInt64(min(exponent, 32)) : dropFraction(-exponent)
    return Int32(clamping: isNegative ? -Int64(magnitude) : Int64(magnitude))
  }
}

/// `value / 2^count` rounded to nearest, ties to even.
private func roundedToEven(_ value: UInt64, droppingBits count: Int) -> UInt64 {
  guard count > 0 else { return value }
  guard count < 64 else { return count == 64 && value > 1 << 63 ? 1 : 0 }
  let kept = value >> UInt64(count)
  let rest = value & (1 << UInt64(count) - 1)
  let half: UInt64 = 1 << UInt64(count - 1)
  return kept + (rest > half || (rest == half && kept & 1 == 1) ? 1 : 0)
}

/// A number of IEEE 754 binary64 by which an accumulator is scaled.
public enum Binary64 {
  /// `round(double(x) · scale)` as C computes it: the product rounded to 53 bits, ties to even, then
  /// to an integer, ties away from zero; saturated. |x| is at most 2^53, so that double(x) is exact, and
  /// `bits` are those of a finite, non-negative scale.
  ///
  /// Bit-exact with LiteRT `reference_integer_ops::FullyConnected`.
  public static func scale(_ x: Int64, bits: UInt64) -> Int32 {
    let field = Int(bits >> 52 & 0x7ff)
    let fraction = bits & (1 << 52 - 1)
    let significand = field == 0 ? fraction : fraction | 1 << 52
    // A product of at most 106 bits.
    let (high, low) = significand.multipliedFullWidth(by: x.magnitude)
    var exponent = max(field, 1) - 1075
    var product = low
    if high != 0 {
      // The upper 62 bits, 9 more than are kept; what is lost stays as a lowest bit that is set.
      let lost = 66 - high.leadingZeroBitCount
      product = high << UInt64(64 - lost) | low >> UInt64(lost)
      if low << UInt64(64 - lost) != 0 { product |= 1 }
      exponent += lost
    }
    let excess = max(UInt64.bitWidth - product.leadingZeroBitCount - 53, 0)
    let rounded = roundedToEven(product, droppingBits: excess)
    exponent += excess
    let magnitude: UInt64
    if exponent >= 0 {
      // A product of 53 bits saturates however far it is shifted, a shorter one is exact.
      magnitude = rounded >= 1 << 32 ? rounded : rounded << UInt64(min(exponent, 31))
    } else if exponent > -55 {
      magnitude = (rounded + 1 << UInt64(-exponent - 1)) >> UInt64(-exponent)
    } else {
      magnitude = 0
    }
    return Int32(clamping: x < 0 ? -Int64(magnitude) : Int64(magnitude))
  }
}
