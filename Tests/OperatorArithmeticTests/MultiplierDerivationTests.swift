import IntegerModel
import OperatorArithmetic
import TestSupport
import Testing

@Suite("The stored form of a real factor")
struct MultiplierDerivationTests {
  @Test(
    "is a 31-bit mantissa and a shift",
    arguments: [
      Case(0.0, 0, 0),
      Case(0.5, 1 << 30, 0),
      Case(1.0, 1 << 30, 1),
      Case(3.0, 1_610_612_736, 2),
      // 0.1 = 0.8 · 2^−3 and 0.8 · 2^31 = 1717986918.4
      Case(0.1, 1_717_986_918, -3),
      // The mantissa rounds up to 2^31, which does not fit: halved, one shift more.
      Case(1 - 0x1p-40, 1 << 30, 1),
      // The least factor that is kept, and the next power of two below it.
      Case(0x1p-32, 1 << 30, -31),
      Case(0x1p-33, 0, 0),
    ])
  func derivation(known: Case) {
    #expect(
      FixedPointMultiplier(real: known.real)
        == FixedPointMultiplier(multiplier: known.multiplier, shift: known.shift))
  }

  /// A factor whose stored form was worked out by hand.
  struct Case: Sendable {
    var real: Double
    var multiplier: Int32
    var shift: Int32

    init(_ real: Double, _ multiplier: Int32, _ shift: Int32) {
      self.real = real
      self.multiplier = multiplier
      self.shift = shift
    }
  }

  @Test("stands for the factor within half a unit of its 31 bits")
  func accuracy() {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<1000 {
      let real = Double.random(in: 0.5..<1, using: &generator)
      let exponent = Int.random(in: -31...29, using: &generator)
      let factor = FixedPointMultiplier(real: real * pow2(exponent))
      let value = Double(factor.multiplier) * pow2(Int(factor.shift) - 31)
      #expect(abs(value / (real * pow2(exponent)) - 1) <= 0x1p-31)
    }
  }

  @Test("of a mean is divided by the number of elements in integers")
  func mean() {
    // (2^30 << 5) / 49 = 701219150.4…, and 701219150 · 2^−35 ≈ 1/49
    #expect(
      FixedPointMultiplier(meanOf: 49, real: 1)
        == FixedPointMultiplier(multiplier: 701_219_150, shift: -4))
    #expect(
      FixedPointMultiplier(meanOf: 1, real: 0.5)
        == FixedPointMultiplier(multiplier: 1 << 30, shift: 0))
  }

  private func pow2(_ exponent: Int) -> Double {
    Double(sign: .plus, exponent: exponent, significand: 1)
  }
}
