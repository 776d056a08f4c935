import BigInt
import IntegerModel

/// The rational definitions, on integers of any size and by another way than the code under test:
/// divide with quotient and remainder, then look at twice the remainder.
package enum Exact {
  /// What happens to halves.
  package enum Ties { case up, awayFromZero }

  /// `numerator / denominator` to the nearest integer; `denominator` positive.
  package static func rounded(_ numerator: BigInt, over denominator: BigInt, ties: Ties) -> BigInt {
    var (quotient, remainder) = numerator.quotientAndRemainder(dividingBy: denominator)
    if remainder < 0 {
      quotient -= 1
      remainder += denominator
    }
    let twice = remainder * 2
    if twice > denominator { return quotient + 1 }
    if twice < denominator { return quotient }
    switch ties {
    case .up: return quotient + 1
    case .awayFromZero: return numerator < 0 ? quotient : quotient + 1
    }
  }

  /// The nearest 32-bit integer.
  package static func saturated(_ value: BigInt) -> Int32 {
    Int32(max(min(value, BigInt(Int32.max)), BigInt(Int32.min)))
  }

  /// `a·b / 2^31` to the nearest integer, ties up.
  package static func highMultiply(_ a: Int32, _ b: Int32) -> Int32 {
    saturated(rounded(BigInt(a) * BigInt(b), over: BigInt(2).power(31), ties: .up))
  }

  /// `x · multiplier · 2^(shift − 31)`.
  package static func scale(
    _ x: Int32, _ m: FixedPointMultiplier, _ rounding: RequantizationRounding
  ) -> Int32 {
    switch rounding {
    case .double:
      let left = m.shift > 0 ? Int(m.shift) : 0
      let right = m.shift < 0 ? Int(-m.shift) : 0
      let shifted = saturated(BigInt(x) * BigInt(2).power(left))
      let product = BigInt(highMultiply(shifted, m.multiplier))
      return saturated(rounded(product, over: BigInt(2).power(right), ties: .awayFromZero))
    case .single:
      let denominator = BigInt(2).power(31 - Int(m.shift))
      return saturated(
        rounded(BigInt(x) * BigInt(m.multiplier), over: denominator, ties: .up))
    }
  }

  /// A 64-bit accumulator times `multiplier · 2^(shift − 31)`, the multiplier rounded to 16 bits
  /// first, ties up, and saturated.
  package static func scale(wide x: Int64, _ m: FixedPointMultiplier) -> Int32 {
    let sixteen = min(
      rounded(BigInt(m.multiplier), over: BigInt(2).power(16), ties: .up), BigInt(32_767))
    return saturated(
      rounded(BigInt(x) * sixteen, over: BigInt(2).power(15 - Int(m.shift)), ties: .up))
  }
}
