import CommandSupport
import Testing

@Suite("Numbers as text")
struct NumberTextTests {
  @Test(
    "have the decimals asked for, rounded to the nearest",
    arguments: [
      (0.0, 1, "0.0"), (0.04, 1, "0.0"), (-0.06, 1, "-0.1"), (2.675, 2, "2.67"),
      (1234567.5, 0, "1234568"), (1e20, 1, "100000000000000000000.0"),
      (.infinity, 3, "inf"), (.nan, 3, "nan"),
    ])
  func decimals(value: Double, count: Int, expected: String) {
    #expect(String(value, decimals: count) == expected)
  }

  @Test("the greatest number has all its digits")
  func greatest() {
    let text = String(-Double.greatestFiniteMagnitude, decimals: 20)
    #expect(text.count == 1 + 309 + 1 + 20)
    #expect(text.hasPrefix("-17976931348623157"))
    #expect(Double(text) == -Double.greatestFiniteMagnitude)
  }

  @Test(
    "have at most the significant digits asked for, without zeros at the end",
    arguments: [
      (0.0, "0"), (0.5, "0.5"), (1.0 / 3, "0.3333"), (-12345.6, "-1.235e+04"), (1.5e-7, "1.5e-07"),
      (1234.5, "1234"), (100.0, "100"),
    ])
  func significantDigits(value: Double, expected: String) {
    #expect(String(value, significantDigits: 4) == expected)
  }
}
