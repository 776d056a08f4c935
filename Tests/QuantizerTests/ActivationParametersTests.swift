import IntegerModel
import Quantizer
import TestSupport
import Testing

@Suite("Scale and zero point of an activation")
struct ActivationParametersTests {
  @Test(
    "follow the paper's equations 5 to 9 and 21",
    arguments: [
      // Unsigned: T / 255, least code is zero.
      (ValueRange(minimum: 0, maximum: 6), ThresholdForm.symmetric, Float(6) / 255, Int32(-128)),
      // Signed: T / 127 with the greater magnitude.
      (ValueRange(minimum: -2, maximum: 1), .symmetric, Float(2) / 127, 0),
      // (T_r − T_l) / 255 and −128 − T_l/S = −128 + 51 = −77.
      (ValueRange(minimum: -1, maximum: 4), .asymmetric, Float(5) / 255, -77),
      // A range without zero is widened to it.
      (ValueRange(minimum: 2, maximum: 4), .asymmetric, Float(4) / 255, -128),
      (ValueRange(minimum: -4, maximum: -2), .asymmetric, Float(4) / 255, 127),
      // Constant zero.
      (ValueRange(minimum: 0, maximum: 0), .asymmetric, 1, -128),
      (ValueRange(minimum: 0, maximum: 0), .symmetric, 1, -128),
    ])
  func parameters(range: ValueRange, form: ThresholdForm, scale: Float, zeroPoint: Int32) {
    #expect(
      ActivationParameters(covering: range, form: form)
        == ActivationParameters(scale: scale, zeroPoint: zeroPoint))
  }

  @Test("zero always has a code of its own, whatever the range")
  func zeroIsExact() {
    var generator = SeededGenerator(seed: 2)
    for _ in 0..<1000 {
      let limits = [
        Float.random(in: -100...100, using: &generator),
        Float.random(in: -100...100, using: &generator),
      ].sorted()
      for form in ThresholdForm.allCases {
        let parameters = ActivationParameters(
          covering: ValueRange(minimum: limits[0], maximum: limits[1]), form: form)
        #expect(parameters.real(of: parameters.code(of: 0)) == 0)
        #expect((-128...127).contains(parameters.zeroPoint))
      }
    }
  }

  @Test("codes round to nearest with ties away from zero and saturate")
  func codes() {
    let parameters = ActivationParameters(scale: 0.5, zeroPoint: 10)
    #expect(parameters.code(of: 0.25) == 11)
    #expect(parameters.code(of: -0.25) == 9)
    #expect(parameters.code(of: 0.2) == 10)
    #expect(parameters.code(of: 1000) == 127)
    #expect(parameters.code(of: -1000) == -128)
    #expect(parameters.code(of: .infinity) == 127)
  }

  @Test("a fused ReLU6 becomes a range of codes; infinite limits clamp nothing")
  func codeRange() {
    let parameters = ActivationParameters(scale: 0.05, zeroPoint: -20)
    #expect(
      parameters.codeRange(minimum: 0, maximum: 6) == CodeRange(minimum: -20, maximum: 100))
    #expect(
      parameters.codeRange(minimum: -.infinity, maximum: .infinity)
        == CodeRange(minimum: -128, maximum: 127))
  }
}
