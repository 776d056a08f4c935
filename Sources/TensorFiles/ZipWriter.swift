import Compression
import Diagnostics
import FileAccess

/// Writes a zip archive member by member. The same members give the same bytes: all dates are
/// 1980-01-01, the first that the format can hold.
struct ZipWriter {
  private let file: PendingFile
  private var directory: [UInt8] = []
  private var memberCount = 0
  private var position = 0

  /// The archive may be this long, so that all its offsets fit 32 bits and every reader takes it.
  static let maximumByteCount = Int(UInt32.max) - 1

  /// Starts an archive that appears at `path` with `finish()`.
  init(path: String) throws(Diagnostic) { file = try PendingFile(path: path) }

  /// Appends a member whose content is `pieces`, one after the other.
  mutating func add(
    name: String, pieces: [UnsafeRawBufferPointer], compress: Bool
  ) throws(Diagnostic) {
    let nameBytes = [UInt8](name.utf8)
    guard nameBytes.count <= 1000 else {
      throw Diagnostic(
        place: "member '\(name)'",
        problem: "its name has \(nameBytes.count) bytes, the limit is 1000")
    }
    let size = pieces.reduce(0) { $0 + $1.count }
    let compressed: [UInt8]? = compress ? try Deflate.compress(pieces) : nil
    let isDeflated = compressed.map { $0.count < size } ?? false
    let storedCount = isDeflated ? compressed?.count ?? size : size
    let growth = storedCount + 76 + 2 * nameBytes.count
    guard growth <= ZipWriter.maximumByteCount - position - directory.count - 22,
      memberCount < 0xfffe
    else {
      throw Diagnostic(
        place: "member '\(name)'",
        problem: "the archive would grow beyond \(ZipWriter.maximumByteCount) bytes",
        remedy: "write fewer arrays or fewer inputs at a time")
    }

    var fields: [UInt8] = []
    fields.append(littleEndian: UInt16(20))  // needed: version 2.0
    fields.append(littleEndian: UInt16(0x0800))  // names are UTF-8
    fields.append(littleEndian: UInt16(isDeflated ? 8 : 0))
    fields.append(littleEndian: UInt16(0))  // 00:00:00
    fields.append(littleEndian: UInt16(0x0021))  // 1980-01-01
    fields.append(littleEndian: pieces.reduce(0) { CRC32.checksum(of: $1, after: $0) })
    fields.append(littleEndian: UInt32(storedCount))
    fields.append(littleEndian: UInt32(size))
    fields.append(littleEndian: UInt16(nameBytes.count))
    fields.append(littleEndian: UInt16(0))  // no extra field

    directory.append(littleEndian: UInt32(0x0201_4b50))
    directory.append(littleEndian: UInt16(0x0314))  // made by version 2.0 on Unix
    directory += fields
    directory += [UInt8](repeating: 0, count: 6)  // no comment, disk 0, binary content
    directory.append(littleEndian: UInt32(0o100644) << 16)  // a plain file, rw-r--r--
    directory.append(littleEndian: UInt32(position))
    directory += nameBytes

    var header: [UInt8] = []
    header.append(littleEndian: UInt32(0x0403_4b50))
    header += fields + nameBytes
    try file.append(header)
    if isDeflated, let compressed {
      try file.append(compressed)
    } else {
      for piece in pieces { try file.append(piece) }
    }
    position += header.count + storedCount
    memberCount += 1
  }

  /// Writes the directory and gives the archive its name.
  func finish() throws(Diagnostic) {
    var end = directory
    end.append(littleEndian: UInt32(0x0605_4b50))
    end.append(littleEndian: UInt32(0))  // one disk
    end.append(littleEndian: UInt16(memberCount))
    end.append(littleEndian: UInt16(memberCount))
    end.append(littleEndian: UInt32(directory.count))
    end.append(littleEndian: UInt32(position))
    end.append(littleEndian: UInt16(0))  // no comment
    try file.append(end)
    try file.commit()
  }
}
