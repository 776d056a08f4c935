import CFBQSchema
import Compression
import Diagnostics
import IntegerModel

/// The buffers of a file: checked on creation, expanded when asked for.
final class BufferReader {
  /// The parts of the file whose bytes were found to fit their checksum.
  private(set) var ranges: [FileChecksum.KnownRange] = []

  private let storage: ByteStorage
  private var buffers: [FBQBuffer] = []
  private var expanded: [Int: ConstantBytes] = [:]
  private var expandedByteCount = 0

  /// All compressed buffers of a file together may expand to this many bytes.
  private static let maximumExpandedByteCount = 1 << 31

  /// Checks every buffer of `model` that is stored as it is against its checksum.
  init(model: FBQModelRef, storage: ByteStorage) throws(Diagnostic) {
    self.storage = storage
    var checkedByteCount = 0
    for index in 0..<fbq_buffer_count(model) {
      let buffer = fbq_buffer(model, index)
      buffers.append(buffer)
      guard buffer.compression == CompressionCode.none, buffer.data.count > 0 else { continue }
      // Buffers that share bytes could make the work quadratic.
      checkedByteCount += buffer.data.count
      guard checkedByteCount <= storage.bytes.count else {
        throw Diagnostic(
          place: "buffer \(index)", problem: "it overlaps with other buffers",
          remedy: FBQFile.damageRemedy)
      }
      let range = offset(of: buffer)..<offset(of: buffer) + buffer.data.count
      let bytes = UnsafeRawBufferPointer(rebasing: storage.bytes[range])
      guard CRC32.checksum(of: bytes) == buffer.crc32 else {
        throw Diagnostic(
          place: "buffer \(index)", problem: "its checksum does not fit its content",
          remedy: FBQFile.damageRemedy)
      }
      ranges.append(FileChecksum.KnownRange(range: range, checksum: buffer.crc32))
    }
  }

  /// The bytes of buffer `index`, which must be `byteCount` where that is given; `place` names who
  /// asks.
  func bytes(
    at index: Int, byteCount: Int? = nil, place: String
  ) throws(Diagnostic) -> ConstantBytes {
    guard buffers.indices.contains(index) else {
      throw Diagnostic(
        place: place, problem: "buffer \(index) does not exist, there are \(buffers.count)",
        remedy: FBQFile.damageRemedy)
    }
    let buffer = buffers[index]
    if let byteCount, buffer.expanded_size != byteCount {
      throw Diagnostic(
        place: place,
        problem: "it takes \(byteCount) bytes, buffer \(index) has \(buffer.expanded_size)",
        remedy: FBQFile.damageRemedy)
    }
    switch buffer.compression {
    case CompressionCode.none: return try stored(buffer, place: "buffer \(index)")
    case CompressionCode.deflate:
      if let known = expanded[index] { return known }
      let bytes = try inflated(buffer, place: "buffer \(index)")
      expanded[index] = bytes
      return bytes
    default:
      throw Diagnostic(
        place: "buffer \(index)", problem: "its compression \(buffer.compression) is unknown",
        remedy: FBQFile.versionRemedy)
    }
  }

  private func stored(_ buffer: FBQBuffer, place: String) throws(Diagnostic) -> ConstantBytes {
    guard buffer.expanded_size == buffer.data.count else {
      throw Diagnostic(
        place: place,
        problem: "it is stored in \(buffer.data.count) bytes, its size is stated as "
          + "\(buffer.expanded_size)", remedy: FBQFile.damageRemedy)
    }
    let offset = offset(of: buffer)
    guard buffer.data.count == 0 || Int(bitPattern: buffer.data.bytes) % 64 == 0 else {
      throw Diagnostic(
        place: place, problem: "it starts at byte \(offset), which is no multiple of 64",
        remedy: "write the file with buffers aligned to 64 bytes")
    }
    return ConstantBytes(storage: storage, offset: offset, count: buffer.data.count)
  }

  private func inflated(_ buffer: FBQBuffer, place: String) throws(Diagnostic) -> ConstantBytes {
    let limit = min(
      buffer.data.count.multipliedReportingOverflow(by: Deflate.maximumRatio).partialValue,
      BufferReader.maximumExpandedByteCount - expandedByteCount)
    guard buffer.expanded_size <= limit else {
      throw Diagnostic(
        place: place,
        problem: "its \(buffer.data.count) compressed bytes claim to hold "
          + "\(buffer.expanded_size), the limit is \(limit)", remedy: FBQFile.damageRemedy)
    }
    let count = Int(buffer.expanded_size)
    expandedByteCount += count
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 64)
    let result = ByteStorage(
      adopting: UnsafeRawBufferPointer(rebasing: block[..<count])
    ) { bytes in UnsafeMutableRawPointer(mutating: bytes.baseAddress)?.deallocate() }
    let start = offset(of: buffer)
    do throws(Diagnostic) {
      let stream = storage.bytes[start..<start + buffer.data.count]
      try Inflater(compressed: UnsafeRawBufferPointer(rebasing: stream))
        .readAll(into: UnsafeMutableRawBufferPointer(rebasing: block[..<count]))
    } catch {
      throw Diagnostic(place: place, problem: error.problem, remedy: FBQFile.damageRemedy)
    }
    guard CRC32.checksum(of: result.bytes) == buffer.crc32 else {
      throw Diagnostic(
        place: place, problem: "its checksum does not fit its content",
        remedy: FBQFile.damageRemedy)
    }
    return ConstantBytes(storage: result, offset: 0, count: count)
  }

  /// Where the stored bytes of `buffer` start in the file; the verifier has seen to it that they
  /// lie inside.
  private func offset(of buffer: FBQBuffer) -> Int {
    guard let start = storage.bytes.baseAddress, let data = buffer.data.bytes else { return 0 }
    return UnsafeRawPointer(data) - start
  }
}

/// The values of the schema's `Compression`.
enum CompressionCode {
  static let none: UInt8 = 0
  static let deflate: UInt8 = 1
}
