import CFBQSchema
import Compression
import Diagnostics

/// The CRC-32 of a whole file, taken with the four bytes that hold it as zero.
enum FileChecksum {
  /// Part of a file whose checksum is known.
  struct KnownRange {
    var range: Range<Int>
    var checksum: UInt32
  }

  /// Checks size and checksum of the file that `bytes` holds. `buffers` are parts that were already
  /// read and found to be as their own checksum says; they are not read again.
  static func check(
    model: FBQModelRef, _ bytes: UnsafeRawBufferPointer, buffers: [KnownRange]
  ) throws(Diagnostic) {
    let stated = fbq_file_size(model)
    guard stated == bytes.count else {
      throw Diagnostic(
        problem: "it has \(bytes.count) bytes and says it has \(stated)",
        remedy: FBQFile.damageRemedy)
    }
    guard let field = fbq_file_crc32(model), let start = bytes.baseAddress else {
      throw Diagnostic(problem: "it has no checksum", remedy: FBQFile.damageRemedy)
    }
    let offset = UnsafeRawPointer(field) - start
    let expected = UInt32(
      littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    guard checksum(of: bytes, fieldOffset: offset, known: buffers) == expected else {
      throw Diagnostic(
        problem: "its checksum does not fit its content", remedy: FBQFile.damageRemedy)
    }
  }

  /// Computes the checksum and stores it in its field.
  static func seal(_ bytes: UnsafeMutableRawBufferPointer, fieldOffset: Int) {
    let value = checksum(of: UnsafeRawBufferPointer(bytes), fieldOffset: fieldOffset, known: [])
    bytes.storeBytes(of: value.littleEndian, toByteOffset: fieldOffset, as: UInt32.self)
  }

  private static func checksum(
    of bytes: UnsafeRawBufferPointer, fieldOffset: Int, known: [KnownRange]
  ) -> UInt32 {
    let field = KnownRange(
      range: fieldOffset..<fieldOffset + 4, checksum: CRC32.checksum(of: [0, 0, 0, 0]))
    var result: UInt32 = 0
    var position = 0
    for part in (known + [field]).sorted(by: { $0.range.lowerBound < $1.range.lowerBound })
    where part.range.lowerBound >= position {
      result = CRC32.checksum(
        of: UnsafeRawBufferPointer(rebasing: bytes[position..<part.range.lowerBound]),
        after: result)
      result = CRC32.combined(result, part.checksum, secondCount: part.range.count)
      position = part.range.upperBound
    }
    return CRC32.checksum(of: UnsafeRawBufferPointer(rebasing: bytes[position...]), after: result)
  }
}
