import Compression
import Diagnostics
import TensorFiles
import TestSupport
import Testing

@Suite("Damaged and hostile NPZ files are refused in one line")
struct HostileArchiveTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("what is no archive is refused")
  func noArchive() throws {
    let message =
      "it is no zip archive, or it is cut short: the end of its directory is missing"
    for bytes in [[], [0x50, 0x4b], [UInt8](repeating: 0, count: 70_000)] as [[UInt8]] {
      let path = try folder.write(bytes, to: "x.npz")
      #expect(readError(path) == "\(path): \(message)")
    }
  }

  @Test("a deflated member that claims more than its array is refused before memory is taken")
  func claimsTooMuch() throws {
    let content =
      npy(1, "{'descr': '|i1', 'fortran_order': False, 'shape': (9000,)}", [])
      + [UInt8](repeating: 0, count: 9000)
    #expect(try archiveError(content, statedSize: content.count) == nil)
    #expect(
      try archiveError(content, statedSize: content.count + 1)
        == "member 'x.npy': an array of int8 [9000] takes 9000 bytes, there are 9001")
    let bomb = npy(
      1, "{'descr': '|i1', 'fortran_order': False, 'shape': (4000000000,)}", [])
    let message = try archiveError(bomb, statedSize: bomb.count + 4_000_000_000)
    let count = try bomb.withUnsafeBytes { try Deflate.compress($0) }.count
    #expect(
      message
        == "member 'x.npy': its \(count) compressed bytes claim to hold 4000000074, "
        + "the limit is \((count + 1) * 1032)")
  }

  @Test("a member that reaches out of the file or into another is refused")
  func ranges() throws {
    var bytes = NPZFileTests.numpyBytes
    let directory = bytes.count - 22 - 55
    bytes[directory + 20] = 0xff
    #expect(
      try error(of: bytes)
        == "member 'codes.npy': its 255 bytes reach past the end of the file; "
        + "the file is cut short or damaged")
    bytes = NPZFileTests.numpyBytes
    bytes[directory + 42] = 1
    #expect(try error(of: bytes) == "member 'codes.npy': its local header is missing")
    bytes = NPZFileTests.numpyBytes
    bytes[directory + 24] += 1
    #expect(
      try error(of: bytes)
        == "member 'codes.npy': it is stored in 134 bytes, its size is stated as 135")

    // Twice the same directory entry: two members in the same bytes.
    bytes = NPZFileTests.numpyBytes
    let entry = [UInt8](bytes[directory..<directory + 55])
    let end = [UInt8](bytes[(directory + 55)...])
    bytes = [UInt8](bytes[..<directory]) + entry + entry + end
    bytes[bytes.count - 22 + 8] = 2
    bytes[bytes.count - 22 + 10] = 2
    bytes[bytes.count - 22 + 12] = 110
    #expect(try error(of: bytes) == "member 'codes.npy': the name occurs twice")
    bytes[bytes.count - 22 + 12] = 109
    #expect(try error(of: bytes) == "member 1: the zip directory is damaged")
  }

  @Test("members that share bytes are refused")
  func overlap() throws {
    // Many entries that all point to the one member: the way of a zip bomb without deflate.
    let single = NPZFileTests.numpyBytes
    let directory = single.count - 22 - 55
    let entry = [UInt8](single[directory..<directory + 55])
    var bytes = [UInt8](single[..<directory])
    for index in 0..<40 {
      var copy = entry
      copy[46] = UInt8(ascii: "0") + UInt8(index)
      bytes += copy
    }
    var end = [UInt8](single[(single.count - 22)...])
    (end[8], end[10]) = (40, 40)
    (end[12], end[13]) = (UInt8((40 * 55) & 255), UInt8((40 * 55) >> 8))
    // 40 · 134 bytes do not fit into the 2415 of the file: the 19th member is too much.
    let message = try error(of: bytes + end)
    #expect(message == "member 'Bodes.npy': it overlaps with other members")
  }

  @Test("unknown methods, encryption and foreign members are named")
  func unsupported() throws {
    let directory = NPZFileTests.numpyBytes.count - 22 - 55
    var bytes = NPZFileTests.numpyBytes
    bytes[directory + 10] = 12
    #expect(
      try error(of: bytes)
        == "member 'codes.npy': its compression method 12 is unknown; "
        + "save with numpy.savez or numpy.savez_compressed")
    bytes = NPZFileTests.numpyBytes
    bytes[directory + 8] = 1
    #expect(try error(of: bytes) == "member 'codes.npy': it is encrypted")
    bytes = NPZFileTests.numpyBytes
    bytes[directory + 46] = 0xff
    #expect(try error(of: bytes) == "member 0: its name is not UTF-8")
    bytes = NPZFileTests.numpyBytes
    bytes[directory + 54] = UInt8(ascii: "x")
    #expect(try error(of: bytes) == "member 'codes.npx': it is no .npy array")
    bytes = NPZFileTests.numpyBytes
    bytes[bytes.count - 22 + 4] = 1
    #expect(try error(of: bytes) == "it is one part of a zip archive in several files")
    bytes = NPZFileTests.numpyBytes
    bytes[bytes.count - 22 + 16] = 0xff
    #expect(try error(of: bytes) == "the zip directory reaches past the end of the file")
  }

  @Test("a changed element is noticed")
  func checksum() throws {
    var bytes = NPZFileTests.numpyBytes
    bytes[bytes.count - 22 - 55 - 1] ^= 1
    #expect(
      try error(of: bytes)
        == "member 'codes.npy': its checksum does not fit its content; the file is damaged")
  }

  @Test("cut at any byte it is refused", arguments: [false, true])
  func truncated(compress: Bool) throws {
    let bytes = try sample(compress: compress)
    for count in 0..<bytes.count {
      #expect(try error(of: [UInt8](bytes[..<count])) != nil, "\(count) bytes")
    }
  }

  @Test("with any bit flipped it is refused or read as it was", arguments: [false, true])
  func flipped(compress: Bool) throws {
    let bytes = try sample(compress: compress)
    let whole = NPZFileTests.arrays.map { [$0.shape.description, $0.bytes.description] }
    for bit in 0..<bytes.count * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << (bit % 8)
      let path = try folder.write(damaged, to: "x.npz")
      do throws(Diagnostic) {
        let arrays = try NPZFile.read(path: path)
        // Member names in the directory and a few unused fields are not checksummed.
        let found = arrays.map { [$0.shape.description, $0.bytes.description] }
        #expect(found == whole, "bit \(bit)")
      } catch {
        #expect(error.file == path, "bit \(bit)")
      }
    }
  }

  private func sample(compress: Bool) throws -> [UInt8] {
    try NPZFile.write(NPZFileTests.arrays, to: folder.file("sample"), compress: compress)
    return try #require(folder.read("sample"))
  }

  /// The error of an archive with one deflated member `x.npy` that states another size.
  private func archiveError(_ content: [UInt8], statedSize: Int) throws -> String? {
    let stored = try content.withUnsafeBytes { try Deflate.compress($0) }
    func word(_ value: Int) -> [UInt8] {
      (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
    let fields: [UInt8] =
      [20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0] + word(Int(CRC32.checksum(of: content)))
      + word(stored.count) + word(statedSize) + [5, 0, 0, 0]
    let local: [UInt8] = [0x50, 0x4b, 3, 4] + fields + "x.npy".utf8 + stored
    let entry: [UInt8] =
      [0x50, 0x4b, 1, 2, 20, 0] + fields + [UInt8](repeating: 0, count: 14) + "x.npy".utf8
    let end: [UInt8] =
      [0x50, 0x4b, 5, 6, 0, 0, 0, 0, 1, 0, 1, 0] + word(entry.count) + word(local.count) + [0, 0]
    return try error(of: local + entry + end)
  }

  /// The error without the file name, or `nil` where the archive is read.
  private func error(of bytes: [UInt8]) throws -> String? {
    let path = try folder.write(bytes, to: "x.npz")
    return readError(path).map { String($0.dropFirst(path.count + 2)) }
  }

  private func readError(_ path: String) -> String? {
    do throws(Diagnostic) {
      _ = try NPZFile.read(path: path)
      return nil
    } catch {
      return error.description
    }
  }
}
