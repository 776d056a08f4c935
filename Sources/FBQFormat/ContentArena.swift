import CFBQSchema
import Diagnostics

/// Memory for the vectors and strings on their way to the C builder, freed all at once. It also
/// keeps account of their size, so that no file outgrows what a FlatBuffer can hold.
final class ContentArena {
  private var blocks: [UnsafeMutableRawBufferPointer] = []
  private var byteCount = 0

  /// A FlatBuffer's limit, less what the tables of the largest graph could take.
  private static let maximumByteCount = Int(fbq_maximum_size) - 1 << 26

  deinit { for block in blocks { block.deallocate() } }

  /// Counts `byteCount` bytes that get into the file by another way.
  func count(_ byteCount: Int, place: String) throws(Diagnostic) {
    self.byteCount += byteCount
    guard self.byteCount <= ContentArena.maximumByteCount else {
      throw Diagnostic(
        place: place,
        problem: "the file would grow beyond \(ContentArena.maximumByteCount) bytes",
        remedy: "split the model")
    }
  }

  func text(_ text: String, place: String) throws(Diagnostic) -> FBQText {
    let copy = try self.copy([UInt8](text.utf8), place: place)
    return FBQText(
      bytes: UnsafeRawPointer(copy.baseAddress)?.assumingMemoryBound(to: CChar.self),
      count: copy.count)
  }

  func texts(_ texts: [String], place: String) throws(Diagnostic) -> UnsafeBufferPointer<FBQText> {
    var result: [FBQText] = []
    for text in texts { result.append(try self.text(text, place: place)) }
    return try copy(result, place: place)
  }

  func integers(_ values: [Int32], place: String) throws(Diagnostic) -> FBQIntegers {
    let copy = try self.copy(values, place: place)
    return FBQIntegers(values: copy.baseAddress, count: copy.count)
  }

  func integers(_ values: [Int], place: String) throws(Diagnostic) -> FBQIntegers {
    var narrow: [Int32] = []
    narrow.reserveCapacity(values.count)
    for value in values { narrow.append(try Int32(storing: value, place: place)) }
    return try integers(narrow, place: place)
  }

  func shorts(_ values: [Int16], place: String) throws(Diagnostic) -> FBQShorts {
    let copy = try self.copy(values, place: place)
    return FBQShorts(values: copy.baseAddress, count: copy.count)
  }

  func floats(_ bits: [UInt32], place: String) throws(Diagnostic) -> FBQFloats {
    let copy = try self.copy(bits, place: place)
    return FBQFloats(bits: copy.baseAddress, count: copy.count)
  }

  func bytes(_ values: [UInt8], place: String) throws(Diagnostic) -> FBQBytes {
    let copy = try self.copy(values, place: place)
    return FBQBytes(bytes: copy.baseAddress, count: copy.count)
  }

  func profileTables(
    _ tables: [FBQProfileTable], place: String
  ) throws(Diagnostic) -> FBQProfileTables {
    let copy = try self.copy(tables, place: place)
    return FBQProfileTables(values: copy.baseAddress, count: copy.count)
  }

  private func copy<Element: BitwiseCopyable>(
    _ values: [Element], place: String
  ) throws(Diagnostic) -> UnsafeBufferPointer<Element> {
    // What a vector takes beside its elements: count, padding, the offset to it.
    try count(values.count * MemoryLayout<Element>.stride + 16, place: place)
    let block = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(values.count, 1) * MemoryLayout<Element>.stride,
      alignment: MemoryLayout<Element>.alignment)
    blocks.append(block)
    values.withUnsafeBytes { block.copyMemory(from: $0) }
    let elements = UnsafeBufferPointer(block.bindMemory(to: Element.self))
    return UnsafeBufferPointer(rebasing: elements[..<values.count])
  }
}
