import Glibc

extension String {
  /// `value` with `decimals` digits behind the point, rounded to the nearest: `0.50` of 0.5 with 2.
  public init(_ value: Double, decimals: Int) {
    self = String.formatted(value, "%.*f", precision: decimals)
  }

  /// `value` with `significantDigits` digits at most and an exponent where it is very large or small:
  /// `0.3333` and `1.5e-07` with 4.
  public init(_ value: Double, significantDigits: Int) {
    self = String.formatted(value, "%.*g", precision: significantDigits)
  }

  // By the C library: the formats of Foundation would bring the data of ICU into every process.
  private static func formatted(_ value: Double, _ format: String, precision: Int) -> String {
    // The greatest of all numbers has 309 digits before the point.
    let capacity = 320 + precision
    return String(unsafeUninitializedCapacity: capacity) { text in
      let count = withVaList([Int32(precision), value]) { arguments in
        text.withMemoryRebound(to: CChar.self) {
          vsnprintf($0.baseAddress, capacity, format, arguments)
        }
      }
      return Swift.max(Int(count), 0)
    }
  }
}
