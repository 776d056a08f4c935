import Compression
import Diagnostics
import TestSupport
import Testing

@Suite("CRC-32 is that of zip files")
struct CRC32Tests {
  @Test("published check values")
  func checkValues() {
    // The check value of the catalogue of parametrised CRC algorithms, CRC-32/ISO-HDLC.
    #expect(CRC32.checksum(of: [UInt8]("123456789".utf8)) == 0xcbf4_3926)
    #expect(CRC32.checksum(of: []) == 0)
    #expect(CRC32.checksum(of: [0, 0, 0, 0]) == 0x2144_df1c)
  }

  @Test("the parts combine to the whole, however it is cut", arguments: [0, 1, 40, 99, 100])
  func combination(cut: Int) {
    var generator = SeededGenerator(seed: 7)
    let bytes = (0..<100).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let whole = CRC32.checksum(of: bytes)
    let first = CRC32.checksum(of: [UInt8](bytes[..<cut]))
    let second = CRC32.checksum(of: [UInt8](bytes[cut...]))
    #expect(CRC32.combined(first, second, secondCount: 100 - cut) == whole)
    let continued = bytes.withUnsafeBytes { all in
      CRC32.checksum(of: UnsafeRawBufferPointer(rebasing: all[cut...]), after: first)
    }
    #expect(continued == whole)
  }
}

@Suite("Deflate streams")
struct DeflateTests {
  @Test("what was compressed comes back", arguments: [0, 1, 65_536, 300_001])
  func roundTrip(count: Int) throws {
    var generator = SeededGenerator(seed: UInt64(count))
    let bytes = (0..<count).map { _ in UInt8.random(in: 0...15, using: &generator) }
    let compressed = try bytes.withUnsafeBytes { try Deflate.compress($0) }
    #expect(try inflated(compressed, count: count) == bytes)
  }

  @Test("more effort gives no more bytes, and the same content")
  func effort() throws {
    var generator = SeededGenerator(seed: 3)
    let words = (0..<50).map { _ in
      (0..<9).map { _ in UInt8.random(in: 97...122, using: &generator) }
    }
    let bytes = (0..<5000).flatMap { _ in words[Int.random(in: 0..<50, using: &generator)] }
    let balanced = try bytes.withUnsafeBytes { try Deflate.compress($0) }
    let smallest = try bytes.withUnsafeBytes { try Deflate.compress($0, effort: .smallest) }
    #expect(smallest.count < balanced.count)
    #expect(try inflated(smallest, count: bytes.count) == bytes)
  }

  @Test("pieces are compressed as one")
  func pieces() throws {
    let head: [UInt8] = [1, 2, 3]
    let tail = [UInt8](repeating: 9, count: 1000)
    let compressed = try head.withUnsafeBytes { first in
      try tail.withUnsafeBytes { second in try Deflate.compress([first, second]) }
    }
    #expect(try inflated(compressed, count: 1003) == head + tail)
  }

  @Test("a stored block of RFC 1951 is read")
  func storedBlock() throws {
    // Final block, type 00, length 3, one's complement of the length, three bytes.
    #expect(try inflated([1, 3, 0, 0xfc, 0xff, 7, 8, 9], count: 3) == [7, 8, 9])
  }

  @Test("reading in portions gives the same bytes")
  func portions() throws {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
    let compressed = try bytes.withUnsafeBytes { try Deflate.compress($0) }
    var result: [UInt8] = []
    try compressed.withUnsafeBytes { stream in
      let inflater = try Inflater(compressed: stream)
      var block = [UInt8](repeating: 0, count: 77)
      while true {
        let count = try block.withUnsafeMutableBytes { try inflater.read(into: $0) }
        result += block[..<count]
        if count < block.count { break }
      }
    }
    #expect(result == bytes)
  }

  @Test(
    "a wrong size is told",
    arguments: [
      (999, "the compressed data expands to more bytes than stated"),
      (1001, "the compressed data expands to fewer bytes than stated"),
    ])
  func wrongSize(count: Int, message: String) throws {
    let compressed = try [UInt8](repeating: 3, count: 1000).withUnsafeBytes {
      try Deflate.compress($0)
    }
    #expect(throws: Diagnostic(problem: message)) { try inflated(compressed, count: count) }
  }

  @Test("cut, corrupted and overlong streams are told")
  func damaged() throws {
    let compressed = try [UInt8](repeating: 3, count: 1000).withUnsafeBytes {
      try Deflate.compress($0)
    }
    #expect(throws: Diagnostic(problem: "the compressed data is cut short")) {
      try inflated([UInt8](compressed.dropLast()), count: 1000)
    }
    #expect(throws: Diagnostic(problem: "the compressed data is cut short")) {
      try inflated([], count: 1)
    }
    #expect(throws: Diagnostic(problem: "2 bytes follow the end of the compressed data")) {
      try inflated(compressed + [0, 0], count: 1000)
    }
    // Block type 11 is reserved.
    #expect(throws: Diagnostic(problem: "the compressed data is corrupted")) {
      try inflated([0x07], count: 1)
    }
  }

  private func inflated(_ compressed: [UInt8], count: Int) throws -> [UInt8] {
    var result = [UInt8](repeating: 0, count: count)
    try compressed.withUnsafeBytes { stream in
      try result.withUnsafeMutableBytes { try Inflater(compressed: stream).readAll(into: $0) }
    }
    return result
  }
}
