import BigInt
import IntegerModel
import IntegerTestSupport
import Testing

/// Values where rounding and saturation change their mind.
private let edges: [Int32] = {
  var values: [Int32] = [0, 1, 2, 3, 5, 7, .max, .max - 1, .min, .min + 1]
  for bit in 1..<31 {
    let power: Int32 = 1 << Int32(bit)
    values += [power - 1, power, power + 1]
  }
  return values + values.filter { $0 > .min }.map { -$0 }
}()

@Suite("Fixed-point primitives follow their exact definitions")
struct FixedPointTests {
  @Test("the high multiply rounds a·b/2^31 to nearest, ties up, and saturates one product")
  func highMultiplyOnEdges() {
    for a in edges {
      for b in edges {
        #expect(
          FixedPoint.saturatingRoundingDoublingHighMultiply(a, b) == Exact.highMultiply(a, b),
          "\(a) · \(b)")
      }
    }
  }

  @Test("the high multiply table in the documentation holds")
  func highMultiplyTable() {
    let half: Int32 = 1 << 30
    #expect(FixedPoint.saturatingRoundingDoublingHighMultiply(3 << 20, half) == 3 << 19)
    #expect(FixedPoint.saturatingRoundingDoublingHighMultiply(1, half) == 1)
    #expect(FixedPoint.saturatingRoundingDoublingHighMultiply(-1, half) == 0)
    #expect(FixedPoint.saturatingRoundingDoublingHighMultiply(3, half) == 2)
    #expect(FixedPoint.saturatingRoundingDoublingHighMultiply(-3, half) == -1)
    #expect(FixedPoint.saturatingRoundingDoublingHighMultiply(1, half - 1) == 0)
    #expect(FixedPoint.saturatingRoundingDoublingHighMultiply(-1, half + 1) == -1)
    #expect(FixedPoint.saturatingRoundingDoublingHighMultiply(.min, .min) == .max)
  }

  @Test("dividing by a power of two rounds to nearest, ties away from zero", arguments: 0...31)
  func roundingDivide(exponent: Int) {
    let denominator = BigInt(2).power(exponent)
    for x in edges {
      #expect(
        FixedPoint.roundingDivide(x, byPowerOfTwo: Int32(exponent))
          == Exact.saturated(
            Exact.rounded(BigInt(x), over: denominator, ties: .awayFromZero)),
        "\(x) / 2^\(exponent)")
    }
  }

  @Test("the division table in the documentation holds")
  func roundingDivideTable() {
    let cases: [(Int32, Int32, Int32)] = [
      (5, 1, 3), (-5, 1, -3), (3, 2, 1), (-3, 2, -1), (2, 2, 1), (-2, 2, -1), (1, 2, 0), (7, 0, 7),
    ]
    for (x, exponent, expected) in cases {
      #expect(FixedPoint.roundingDivide(x, byPowerOfTwo: exponent) == expected)
    }
  }

  @Test("scaling is exact on edges, for every shift", arguments: Int32(-31)...30)
  func scaleOnEdges(shift: Int32) {
    let multipliers: [Int32] = [0, 1 << 29, 1 << 30, (1 << 30) + 1, 1_518_500_250, .max - 1, .max]
    for multiplier in multipliers {
      let value = FixedPointMultiplier(multiplier: multiplier, shift: shift)
      for x in edges {
        for rounding in [RequantizationRounding.double, .single] {
          #expect(
            value.scale(x, rounding: rounding) == Exact.scale(x, value, rounding),
            "\(x) · \(multiplier) · 2^(\(shift) − 31), \(rounding)")
        }
      }
    }
  }

  @Test("scaling 64-bit accumulators is exact, for every shift", arguments: Int32(-31)...7)
  func scaleWide(shift: Int32) {
    var generator = SplitMix64(seed: UInt64(shift + 100))
    let multipliers: [Int32] = [
      0, 1 << 30, (1 << 30) + (1 << 15) - 1, (1 << 30) + (1 << 15), 0x7ffe_ffff, 0x7fff_0000, .max,
      Int32.random(in: (1 << 30)...Int32.max, using: &generator),
    ]
    var values: [Int64] = [0, 1, -1, (1 << 47) - 1, -(1 << 47)]
    for bit in 1..<47 {
      let power: Int64 = 1 << Int64(bit)
      values += [power - 1, power, power + 1, 1 - power, -power, -power - 1]
      values.append(Int64.random(in: -power...power, using: &generator))
    }
    for multiplier in multipliers {
      let value = FixedPointMultiplier(multiplier: multiplier, shift: shift)
      for x in values {
        #expect(
          value.scale(wide: x) == Exact.scale(wide: x, value),
          "\(x) · \(multiplier) · 2^(\(shift) − 31)")
      }
    }
  }

  @Test("the table of 64-bit accumulators in the documentation holds")
  func scaleWideTable() {
    let half = FixedPointMultiplier(multiplier: 1 << 30, shift: 0)
    #expect(half.scale(wide: 5) == 3)
    #expect(half.scale(wide: -5) == -2)
    #expect(FixedPointMultiplier(multiplier: (1 << 30) + (1 << 15), shift: 1).scale(wide: 1) == 1)
    #expect(FixedPointMultiplier(multiplier: .max, shift: 0).scale(wide: 1 << 15) == 32_767)
  }

  @Test("scaling is exact on random values", arguments: [UInt64(1), 2, 3])
  func scaleOnRandomValues(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<20_000 {
      let value = FixedPointMultiplier(
        multiplier: Int32.random(in: 1 << 30...Int32.max, using: &generator),
        shift: Int32.random(in: -31...30, using: &generator))
      let magnitude = Int32.random(in: 0...31, using: &generator)
      let x = Int32.random(in: .min ... .max, using: &generator) >> magnitude
      for rounding in [RequantizationRounding.double, .single] {
        #expect(
          value.scale(x, rounding: rounding) == Exact.scale(x, value, rounding),
          "seed \(seed): \(x) · \(value.multiplier) · 2^(\(value.shift) − 31), \(rounding)")
      }
    }
  }

  @Test("the scaling tables in the documentation hold")
  func scaleTables() {
    func scaled(_ x: Int32, _ shift: Int32, _ rounding: RequantizationRounding) -> Int32 {
      FixedPointMultiplier(multiplier: 1 << 30, shift: shift).scale(x, rounding: rounding)
    }
    #expect(scaled(5, 0, .double) == 3)
    #expect(scaled(-5, 0, .double) == -2)
    #expect(scaled(5, -1, .double) == 2)
    #expect(scaled(-5, -1, .double) == -1)
    #expect(scaled(5, 1, .double) == 5)
    #expect(scaled(5, 0, .single) == 3)
    #expect(scaled(-5, 0, .single) == -2)
    #expect(scaled(5, -1, .single) == 1)
    #expect(scaled(6, -1, .single) == 2)
    #expect(scaled(-6, -1, .single) == -1)
  }

  @Test("a result beyond 32 bits keeps its sign")
  func saturation() {
    let value = FixedPointMultiplier(multiplier: .max, shift: 30)
    for rounding in [RequantizationRounding.double, .single] {
      #expect(value.scale(1 << 20, rounding: rounding) >= Int32.max - 1)
      #expect(value.scale(-(1 << 20), rounding: rounding) <= Int32.min + 1)
    }
  }
}
