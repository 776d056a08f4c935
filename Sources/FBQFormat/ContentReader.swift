import CFBQSchema
import Diagnostics

/// Copies vectors and strings out of a file and keeps account of their size.
///
/// In a well-formed file no two of them share bytes, so together they are no larger than the file.
/// A hostile one can refer to the same large vector a million times; the account ends that.
struct ContentReader {
  private var rest: Int

  /// Allows for a few times the content of an honest file, since writers may share equal strings.
  init(fileByteCount: Int) { rest = 4 * fileByteCount + 4096 }

  /// The text, which must be UTF-8.
  mutating func text(_ source: FBQText, place: String) throws(Diagnostic) -> String {
    try take(source.count + 8)
    let bytes = UnsafeRawBufferPointer(start: source.bytes, count: source.count)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Diagnostic(
        place: place, problem: "a text is not UTF-8", remedy: FBQFile.damageRemedy)
    }
    return text
  }

  mutating func integers(_ source: FBQIntegers) throws(Diagnostic) -> [Int32] {
    try take(source.count * 4 + 8)
    return [Int32](UnsafeBufferPointer(start: source.values, count: source.count))
  }

  mutating func integers(_ source: FBQIntegers) throws(Diagnostic) -> [Int] {
    try take(source.count * 4 + 8)
    return UnsafeBufferPointer(start: source.values, count: source.count).map { Int($0) }
  }

  mutating func shorts(_ source: FBQShorts) throws(Diagnostic) -> [Int16] {
    try take(source.count * 2 + 8)
    return [Int16](UnsafeBufferPointer(start: source.values, count: source.count))
  }

  mutating func bits(_ source: FBQFloats) throws(Diagnostic) -> [UInt32] {
    try take(source.count * 4 + 8)
    return [UInt32](UnsafeBufferPointer(start: source.bits, count: source.count))
  }

  mutating func bytes(_ source: FBQBytes) throws(Diagnostic) -> [UInt8] {
    try take(source.count + 8)
    return [UInt8](UnsafeBufferPointer(start: source.bytes, count: source.count))
  }

  mutating func profileTables(_ source: FBQProfileTables) throws(Diagnostic) -> [FBQProfileTable] {
    try take(source.count * 8 + 8)
    return [FBQProfileTable](UnsafeBufferPointer(start: source.values, count: source.count))
  }

  /// The enum case of that number; `what` names the enum for people.
  func value<Value: RawRepresentable>(
    of number: UInt8, _ what: String, place: String
  ) throws(Diagnostic) -> Value where Value.RawValue == UInt8 {
    guard let value = Value(rawValue: number) else {
      throw Diagnostic(
        place: place, problem: "\(what) \(number) is unknown to this version",
        remedy: FBQFile.versionRemedy)
    }
    return value
  }

  private mutating func take(_ byteCount: Int) throws(Diagnostic) {
    guard byteCount <= rest else {
      throw Diagnostic(
        problem: "its parts overlap: they hold more than four times the file's bytes",
        remedy: FBQFile.damageRemedy)
    }
    rest -= byteCount
  }
}
