import Diagnostics

/// One file inside a zip archive, as its central directory describes it.
struct ZipMember {
  /// Path inside the archive.
  var name: String
  /// Whether the content is a deflate stream; else it is stored as it is.
  var isDeflated: Bool
  /// CRC-32 of the expanded content.
  var checksum: UInt32
  /// Bytes of the expanded content.
  var size: Int
  /// The stored content.
  var content: UnsafeRawBufferPointer
}

/// The directory of a zip archive (PKWARE APPNOTE 6.3.3, with zip64), read strictly: sizes are those
/// of the central directory, every byte range is checked, and no two members may share bytes, so
/// that the work is bounded by the size of the archive.
struct ZipDirectory {
  /// Directory entries are left out.
  private(set) var members: [ZipMember] = []

  private let archive: UnsafeRawBufferPointer

  /// Reads the directory of `archive`, which must stay valid while the members are used.
  init(archive: UnsafeRawBufferPointer) throws(Diagnostic) {
    self.archive = archive
    let end = try ZipDirectory.end(of: archive)
    var position = end.offset
    var contentCount = 0
    for number in 0..<end.count {
      let place = "member \(number)"
      guard position <= end.offset + end.byteCount - 46,
        archive.integer(at: position, as: UInt32.self) == 0x0201_4b50
      else { throw Diagnostic(place: place, problem: "the zip directory is damaged") }
      let nameCount = Int(archive.loadUnaligned(fromByteOffset: position + 28, as: UInt16.self))
      let extraCount = Int(archive.loadUnaligned(fromByteOffset: position + 30, as: UInt16.self))
      let noteCount = Int(archive.loadUnaligned(fromByteOffset: position + 32, as: UInt16.self))
      let next = position + 46 + nameCount + extraCount + noteCount
      guard next <= end.offset + end.byteCount else {
        throw Diagnostic(place: place, problem: "the zip directory is damaged")
      }
      let nameBytes = archive[position + 46..<position + 46 + nameCount]
      guard let name = String(validating: nameBytes, as: UTF8.self) else {
        throw Diagnostic(place: place, problem: "its name is not UTF-8")
      }
      if !name.hasSuffix("/") {
        let member = try member(named: name, at: position, nameCount, extraCount)
        contentCount += member.content.count
        guard contentCount <= archive.count else {
          throw Diagnostic(place: "member '\(name)'", problem: "it overlaps with other members")
        }
        members.append(member)
      }
      position = next
    }
  }

  /// Where the central directory lies and how many entries it has.
  private struct End {
    var offset: Int
    var byteCount: Int
    var count: Int
  }

  private static func end(of archive: UnsafeRawBufferPointer) throws(Diagnostic) -> End {
    let missing = Diagnostic(
      problem: "it is no zip archive, or it is cut short: the end of its directory is missing")
    // The record has 22 bytes and a comment of up to 65535 at the very end of the file.
    var record = archive.count - 22
    while record >= max(archive.count - 22 - 0xffff, 0) {
      if archive.integer(at: record, as: UInt32.self) == 0x0605_4b50,
        archive.integer(at: record + 20, as: UInt16.self) == archive.count - 22 - record
      {
        break
      }
      record -= 1
    }
    guard record >= max(archive.count - 22 - 0xffff, 0),
      let disk = archive.integer(at: record + 4, as: UInt32.self),
      let countHere = archive.integer(at: record + 8, as: UInt16.self),
      let count = archive.integer(at: record + 10, as: UInt16.self),
      let byteCount = archive.integer(at: record + 12, as: UInt32.self),
      let offset = archive.integer(at: record + 16, as: UInt32.self)
    else { throw missing }
    var end = End(offset: offset, byteCount: byteCount, count: count)
    if count == 0xffff || byteCount == 0xffff_ffff || offset == 0xffff_ffff {
      // The true numbers stand in a zip64 record that a locator before this one points to.
      guard archive.integer(at: record - 20, as: UInt32.self) == 0x0706_4b50,
        let record64 = archive.integer(at: record - 12, as: UInt64.self),
        archive.integer(at: record64, as: UInt32.self) == 0x0606_4b50,
        let count = archive.integer(at: record64 + 32, as: UInt64.self),
        let byteCount = archive.integer(at: record64 + 40, as: UInt64.self),
        let offset = archive.integer(at: record64 + 48, as: UInt64.self)
      else { throw missing }
      end = End(offset: offset, byteCount: byteCount, count: count)
    } else if disk != 0 || countHere != count {
      throw Diagnostic(problem: "it is one part of a zip archive in several files")
    }
    guard end.byteCount <= record, end.offset <= record - end.byteCount,
      end.count <= end.byteCount / 46
    else { throw Diagnostic(problem: "the zip directory reaches past the end of the file") }
    return end
  }

  /// The member whose directory entry starts at `entry`, the fixed part of which is inside the file.
  private func member(named name: String, at entry: Int, _ nameCount: Int, _ extraCount: Int)
    throws(Diagnostic) -> ZipMember
  {
    let place = "member '\(name)'"
    let flags = archive.loadUnaligned(fromByteOffset: entry + 8, as: UInt16.self)
    guard flags & 1 == 0 else { throw Diagnostic(place: place, problem: "it is encrypted") }
    let method = archive.loadUnaligned(fromByteOffset: entry + 10, as: UInt16.self)
    guard method == 0 || method == 8 else {
      throw Diagnostic(
        place: place, problem: "its compression method \(method) is unknown",
        remedy: "save with numpy.savez or numpy.savez_compressed")
    }
    var fields = [
      Int(archive.loadUnaligned(fromByteOffset: entry + 24, as: UInt32.self)),
      Int(archive.loadUnaligned(fromByteOffset: entry + 20, as: UInt32.self)),
      Int(archive.loadUnaligned(fromByteOffset: entry + 42, as: UInt32.self)),
    ]
    try replaceWithZip64(&fields, extra: entry + 46 + nameCount, extraCount, place)
    let (size, stored, header) = (fields[0], fields[1], fields[2])

    guard archive.integer(at: header, as: UInt32.self) == 0x0403_4b50,
      let localNameCount = archive.integer(at: header + 26, as: UInt16.self),
      let localExtraCount = archive.integer(at: header + 28, as: UInt16.self)
    else { throw Diagnostic(place: place, problem: "its local header is missing") }
    let start = header + 30 + localNameCount + localExtraCount
    guard start <= archive.count, stored <= archive.count - start else {
      throw Diagnostic(
        place: place, problem: "its \(stored) bytes reach past the end of the file",
        remedy: "the file is cut short or damaged")
    }
    return ZipMember(
      name: name, isDeflated: method == 8,
      checksum: archive.loadUnaligned(fromByteOffset: entry + 16, as: UInt32.self), size: size,
      content: UnsafeRawBufferPointer(rebasing: archive[start..<start + stored]))
  }

  /// Takes those of expanded size, stored size and header offset that are all ones from the zip64
  /// extra field, where they stand in this order.
  private func replaceWithZip64(
    _ fields: inout [Int], extra: Int, _ extraCount: Int, _ place: String
  ) throws(Diagnostic) {
    guard fields.contains(0xffff_ffff) else { return }
    var position = extra
    while position + 4 <= extra + extraCount {
      let tag = archive.loadUnaligned(fromByteOffset: position, as: UInt16.self)
      let count = Int(archive.loadUnaligned(fromByteOffset: position + 2, as: UInt16.self))
      guard position + 4 + count <= extra + extraCount else { break }
      if tag == 1 {
        let field = UnsafeRawBufferPointer(rebasing: archive[position + 4..<position + 4 + count])
        var offset = 0
        for index in fields.indices where fields[index] == 0xffff_ffff {
          guard let value = field.integer(at: offset, as: UInt64.self) else {
            throw Diagnostic(place: place, problem: "its zip64 sizes are damaged")
          }
          fields[index] = value
          offset += 8
        }
        return
      }
      position += 4 + count
    }
    throw Diagnostic(place: place, problem: "its zip64 sizes are missing")
  }
}
