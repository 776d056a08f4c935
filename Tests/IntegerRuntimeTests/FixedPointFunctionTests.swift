import Foundation
import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import Testing

@Suite("Fixed-point functions are close to the real ones")
struct FixedPointFunctionTests {
  @Test("the logarithm of Q12.19 from 1 on, as sums of exponentials are")
  func logarithm() {
    var generator = SplitMix64(seed: 8)
    var greatest = 0.0
    for _ in 0..<20_000 {
      let x = Int32(generator.integer(1 << 19...Int(Int32.max) >> generator.integer(0...11)))
      let expected = log(Double(x) / 0x1p19)
      let found = Double(GemmlowpMath.logarithm(of: x)) / 0x1p26
      greatest = max(greatest, abs(found - expected))
    }
    // 2^−25 of rounding besides what the quotient of polynomials leaves.
    #expect(greatest < 1e-6, "\(greatest)")
    #expect(GemmlowpMath.logarithm(of: 1 << 19) >= 0)
    #expect(GemmlowpMath.logarithm(of: 1 << 19) < 20)
  }

  @Test("the inverse square root, at the ends and between them")
  func inverseSquareRoot() {
    var generator = SplitMix64(seed: 9)
    let values = [2, 3, 4, 5, 1 << 29, (1 << 29) - 1, Int(Int32.max)]
    for value in values + (0..<5_000).map({ _ in generator.integer(2...Int(Int32.max)) }) {
      let factor = GemmlowpMath.inverseSquareRoot(of: Int32(value))
      let found = Double(factor.multiplier) * exp2(Double(factor.shift) - 31)
      let expected = 1 / Double(value).squareRoot()
      #expect(abs(found / expected - 1) < 2e-6, "1/√\(value) is \(expected), not \(found)")
    }
    // TFLite takes 0 for 1, and 1 for as near to 1 as Q0.31 comes.
    #expect(
      GemmlowpMath.inverseSquareRoot(of: 0) == FixedPointMultiplier(multiplier: .max, shift: 0))
    #expect(
      GemmlowpMath.inverseSquareRoot(of: 1) == FixedPointMultiplier(multiplier: .max, shift: 0))
  }

  @Test("the table of the logistic is that of least error between its entries")
  func table() {
    for index in 0..<255 {
      let sigma = 1 / (1 + exp(-Double(index) / 24))
      let curvature = sigma * (1 - sigma) * (1 - 2 * sigma) / (24 * 24)
      let expected = (65_536 * (sigma - curvature / 16)).rounded()
      #expect(Double(sigmoidTable[index]) == expected, "entry \(index)")
    }
    #expect(sigmoidTable[255] == 65_535)
  }

  @Test("the 16-bit logistic of every code")
  func logistic() {
    for code in Int32(-32_768)...32_767 {
      let expected = 32_768 / (1 + exp(-Double(code) / 0x1p12))
      #expect(abs(Double(SixteenBitMath.logistic(code)) - expected) < 1.5, "code \(code)")
    }
    #expect(SixteenBitMath.logistic(0) == 16_384)
    #expect(SixteenBitMath.logistic(32_767) == 32_757)
  }

  @Test("the 16-bit logistic by polynomials, of every code")
  func polynomialLogistic() {
    for code in Int32(-32_768)...32_767 {
      let expected = 32_768 / (1 + exp(-Double(code) / 0x1p12))
      #expect(abs(Double(SixteenBitPolynomials.logistic(code)) - expected) < 7, "code \(code)")
    }
    // What LiteRT gives.
    let codes: [Int32] = [-32_768, -4096, -1, 0, 1, 1000, 4096, 32_767]
    #expect(
      codes.map { SixteenBitPolynomials.logistic($0) }
        == [11, 8815, 16_383, 16_384, 16_384, 18_376, 23_952, 32_756])
  }

  @Test(
    "the 16-bit tanh by polynomials, of every code and scale",
    arguments: 0...6 as ClosedRange<Int32>)
  func polynomialTanh(integerBits: Int32) {
    let unit = exp2(Double(integerBits - 15))
    for code in Int32(-32_768)...32_767 {
      let expected = 32_768 * Foundation.tanh(Double(code) * unit)
      let found = Double(SixteenBitPolynomials.tanh(code, integerBits: integerBits))
      #expect(abs(found - expected) < 13, "code \(code)")
    }
  }

  @Test("an LSTM of LiteRT rounds once what enters its cell, and adds the second sum unsaturated")
  func lstmArithmetic() {
    let stage = OutputStage(
      rounding: .double, zeroPoint: 0, clamp: CodeRange(minimum: -32_768, maximum: 32_767))
    let (tables, polynomials) = (LSTMArithmetic.tables, LSTMArithmetic.polynomials)
    // 16383 / 2^15 is below a half, but 8192 / 2^14 is one.
    let power = FixedPointMultiplier(multiplier: 1 << 30, shift: -14)
    #expect(tables.cellCode(16_383, power, shift: 15, stage) == 1)
    #expect(polynomials.cellCode(16_383, power, shift: 15, stage) == 0)
    #expect(polynomials.cellCode(-16_384, power, shift: 15, stage) == -1)
    let factors = LSTMGate(input: .one, recurrent: .one)
    #expect(
      tables.preactivation(input: -30_000, recurrent: 40_000, factors, stage) == 2767)
    #expect(
      polynomials.preactivation(input: -30_000, recurrent: 40_000, factors, stage) == 10_000)
    #expect(
      polynomials.preactivation(input: -40_000, recurrent: 40_000, factors, stage) == 7232)
    #expect(
      polynomials.preactivation(input: 30_000, recurrent: .max, factors, stage) == 32_767)
  }

  @Test("the 16-bit tanh of every code, at every scale", arguments: -24...0 as ClosedRange<Int32>)
  func tanh(exponent: Int32) {
    let unit = exp2(Double(exponent))
    // Below Q3.12 a code is rounded to it first.
    let slack = exponent < -12 ? 32_768 * 0x1p-12 / 3 : 0
    for code in stride(from: Int32(-32_768), through: 32_767, by: 7) {
      let expected = min(max(32_768 * Foundation.tanh(Double(code) * unit), -32_768), 32_767)
      let found = Double(SixteenBitMath.tanh(code, exponent: exponent))
      #expect(abs(found - expected) < 4 + slack, "code \(code)")
    }
  }
}
