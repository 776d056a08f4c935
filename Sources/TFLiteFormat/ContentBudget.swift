import CTFLiteSchema
import Diagnostics

/// Copies vectors and texts out of a file and keeps account of their size.
///
/// In an honest file few of them share bytes, so together they are hardly larger than the file. A
/// hostile one can refer to the same large vector a million times; the account ends that.
struct ContentBudget {
  private var rest: Int

  /// Allows for a few times the content of an honest file, since writers may share equal vectors.
  init(fileByteCount: Int) { rest = 4 * fileByteCount + 65536 }

  /// A text; what is no UTF-8 in it is replaced, since names are for people.
  mutating func text(_ source: TFLText) throws(Diagnostic) -> String {
    try take(source.count)
    return String(
      decoding: UnsafeRawBufferPointer(start: source.bytes, count: source.count), as: UTF8.self)
  }

  mutating func integers(_ source: TFLIntegers) throws(Diagnostic) -> [Int] {
    try take(source.count * 4)
    return UnsafeBufferPointer(start: source.values, count: source.count).map { Int($0) }
  }

  mutating func longs(_ source: TFLLongs) throws(Diagnostic) -> [Int64] {
    try take(source.count * 8)
    return [Int64](UnsafeBufferPointer(start: source.values, count: source.count))
  }

  mutating func floats(_ source: TFLFloats) throws(Diagnostic) -> [Float] {
    try take(source.count * 4)
    return [Float](UnsafeBufferPointer(start: source.values, count: source.count))
  }

  /// Accounts for a table that becomes a value of its own.
  mutating func table() throws(Diagnostic) { try take(16) }

  private mutating func take(_ byteCount: Int) throws(Diagnostic) {
    guard byteCount <= rest else {
      throw Diagnostic(
        problem: "its parts overlap: they hold more than four times the file's bytes",
        remedy: TFLiteFile.damageRemedy)
    }
    rest -= byteCount
  }
}
