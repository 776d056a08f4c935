import IntegerModel
import IntegerTestSupport
import Testing

@Suite("Binary32 computes as the floating-point unit does")
struct Binary32Tests {
  /// Finite patterns: any, subnormal, near each other, small integers, halves.
  private static func pattern(_ random: inout SplitMix64) -> UInt32 {
    let sign = UInt32(truncatingIfNeeded: random.next()) & 0x8000_0000
    let bits: UInt32
    switch random.next() % 5 {
    case 0: bits = UInt32(truncatingIfNeeded: random.next()) % 0x7f80_0000
    case 1: bits = UInt32(truncatingIfNeeded: random.next()) % 0x0100_0000
    case 2: bits = 0x3f00_0000 + UInt32(truncatingIfNeeded: random.next()) % 0x0200_0000
    case 3: bits = (Float(random.next() % 4000) / 2).bitPattern
    default:
      bits =
        [0, 1, 0x007f_ffff, 0x0080_0000, 0x3f80_0000, 0x7f7f_ffff][
          Int(random.next() % 6)]
    }
    return sign | bits
  }

  @Test("in sums, products and quotients", arguments: UInt64(1)...20)
  func arithmetic(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<5000 {
      let (a, b) = (Self.pattern(&random), Self.pattern(&random))
      let (x, y) = (Float(bitPattern: a), Float(bitPattern: b))
      let (left, right) = (Binary32(bits: a), Binary32(bits: b))
      func check(_ result: Binary32, _ expected: Float, _ operation: String) {
        guard expected.isFinite else { return }
        #expect(
          result == Binary32(bits: expected.bitPattern),
          "seed \(seed): \(x) \(operation) \(y) = \(expected)")
      }
      check(left + right, x + y, "+")
      check(left + -right, x - y, "−")
      check(left * right, x * y, "·")
      if y != 0 { check(left / right, x / y, "/") }
    }
  }

  @Test("in conversions from and to integers", arguments: UInt64(1)...20)
  func conversions(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<5000 {
      let integer = Int64(Int32(truncatingIfNeeded: random.next())) >> Int64(random.next() % 32)
      #expect(
        Binary32(integer) == Binary32(bits: Float(integer).bitPattern), "seed \(seed): \(integer)")
      let bits = Self.pattern(&random)
      let (real, number) = (Float(bitPattern: bits), Binary32(bits: bits))
      func saturated(_ rounded: Float) -> Int32 { Int32(clamping: Int64(Double(rounded).clamped)) }
      #expect(
        number.rounded == saturated(real.rounded(.toNearestOrEven)), "seed \(seed): \(real)")
      #expect(
        number.roundedAwayFromZero == saturated(real.rounded(.toNearestOrAwayFromZero)),
        "seed \(seed): \(real)")
      #expect(number.truncated == saturated(real.rounded(.towardZero)), "seed \(seed): \(real)")
    }
  }

  /// Worked out by hand: the accumulators that XNNPACK rounds twice.
  @Test(
    "in a requantization",
    arguments: [
      // 2^24 + 1 is a tie between 2^24 and 2^24 + 2: even. Times 2^−24.
      (16_777_217, 0x3380_0000, 1),
      // 3 · 0.5 = 1.5 and 5 · 0.5 = 2.5 are ties: 2 both.
      (3, 0x3f00_0000, 2), (5, 0x3f00_0000, 2), (-3, 0x3f00_0000, -2), (-5, 0x3f00_0000, -2),
      // Saturates.
      (Int32.max, 0x7f7f_ffff, .max), (Int32.min, 0x7f7f_ffff, .min), (Int32.min, 0, 0),
    ] as [(Int32, UInt32, Int32)])
  func requantization(accumulator: Int32, scale: UInt32, expected: Int32) {
    #expect((Binary32(Int64(accumulator)) * Binary32(bits: scale)).rounded == expected)
  }

  @Test("and binary64 in a scaled accumulator", arguments: UInt64(1)...20)
  func binary64(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<5000 {
      // Sums of 32 bits, and of up to 47.
      let x = Int64(bitPattern: random.next()) >> Int64(17 + random.next() % 47)
      // From subnormal to saturating, often a result of moderate size; or beside a tie.
      let scale: Double
      switch random.next() % 3 {
      case 0: scale = Double(bitPattern: random.next() >> 1 % 0x7ff0_0000_0000_0000)
      case 1: scale = Double(random.next() % 100_000) / 7 / 1_000_000
      default: scale = abs((Double(random.next() % 200) + 0.5) / Double(x == 0 ? 1 : x))
      }
      guard scale.isFinite else { continue }
      let exact = (Double(x) * scale).rounded(.toNearestOrAwayFromZero)
      #expect(
        Binary64.scale(x, bits: scale.bitPattern) == Int32(clamping: Int64(exact.clamped)),
        "seed \(seed): \(x) · \(scale)")
    }
  }

  @Test("and binary64 breaks ties away from zero")
  func binary64Ties() {
    #expect(Binary64.scale(3, bits: 0.5.bitPattern) == 2)
    #expect(Binary64.scale(5, bits: 0.5.bitPattern) == 3)
    #expect(Binary64.scale(-5, bits: 0.5.bitPattern) == -3)
    let limit: Int64 = 1 << 53
    #expect(Binary64.scale(-limit, bits: 1.0.bitPattern) == .min)
    #expect(Binary64.scale(limit, bits: Double.greatestFiniteMagnitude.bitPattern) == .max)
    #expect(Binary64.scale(limit, bits: Double.leastNonzeroMagnitude.bitPattern) == 0)
  }
}

extension Double {
  /// Within what an Int64 holds, and beyond what an Int32 does.
  fileprivate var clamped: Double { Swift.min(Swift.max(self, -1e15), 1e15) }
}
