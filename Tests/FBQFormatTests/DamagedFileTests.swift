import Diagnostics
import FBQFormat
import IntegerModel
import IntegerTestSupport
import TestSupport
import Testing

@Suite("Damaged and hostile files are refused")
struct DamagedFileTests {
  @Test("files that are something else")
  func somethingElse() {
    let message = "it is no .fbq file: 'FBQ1' is missing at byte 4; convert a model"
    #expect(error(of: []) == message)
    #expect(error(of: [UInt8]("FBQ1".utf8)) == message)
    #expect(error(of: [UInt8](repeating: 0, count: 1000)) == message)
    #expect(error(of: [UInt8]("PK\u{3}\u{4}TFL3 and so on".utf8)) == message)
    #expect(
      error(of: [0, 0, 0, 0] + "FBQ2".utf8)
        == "its layout is 'FBQ2', this version reads 'FBQ1'; use a newer fbq")
    #expect(
      error(of: [0, 0, 0, 0] + "FBQ1".utf8)
        == "its structure is damaged; copy or convert it again")
  }

  @Test("the file is named")
  func named() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([1, 2, 3], to: "model.fbq")
    #expect(
      throws: Diagnostic(
        file: path, problem: "it is no .fbq file: 'FBQ1' is missing at byte 4",
        remedy: "convert a model")
    ) { try FBQFile.read(path: path) }
    let missing = folder.file("missing.fbq")
    #expect(
      throws: Diagnostic(
        file: missing, problem: "there is no such file", remedy: "check the path")
    ) { try FBQFile.read(path: missing) }
  }

  @Test("cut at any byte", arguments: [false, true])
  func truncated(compress: Bool) throws {
    let bytes = try SmallModel.bytes(compress: compress)
    for count in 0..<bytes.count {
      #expect(error(of: [UInt8](bytes[..<count])) != nil, "\(count) bytes")
    }
  }

  @Test("with bytes behind its end")
  func appended() throws {
    let bytes = try SmallModel.bytes()
    #expect(
      error(of: bytes + [0])
        == "it has \(bytes.count + 1) bytes and says it has \(bytes.count); "
        + "copy or convert it again")
  }

  @Test("with any single bit flipped, anywhere", arguments: [false, true])
  func everyBit(compress: Bool) throws {
    let bytes = try SmallModel.bytes(compress: compress)
    for bit in 0..<bytes.count * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << (bit % 8)
      #expect(error(of: damaged) != nil, "bit \(bit)")
    }
  }

  @Test("a weight that changed is told by its buffer")
  func weight() throws {
    var bytes = try SmallModel.bytes()
    let weights = (0..<108).map { UInt8(bitPattern: Int8($0 % 11 - 5)) }
    let position = try #require(
      (0..<bytes.count - 108).first { bytes[$0..<$0 + 108].elementsEqual(weights) })
    #expect(position % 64 == 0)
    bytes[position + 50] ^= 4
    #expect(
      error(of: bytes)
        == "buffer 0: its checksum does not fit its content; copy or convert it again")
  }

  @Test("the checksum is the one the schema describes")
  func checksum() throws {
    let bytes = try SmallModel.bytes()
    var sealed = bytes
    #expect(RawFile.seal(&sealed))
    #expect(sealed == bytes)
    var unsealed = bytes
    let offset = try #require(RawFile.checksumOffset(bytes))
    unsealed[offset] ^= 0x80
    #expect(
      error(of: unsealed) == "its checksum does not fit its content; copy or convert it again")
  }

  // Damage that the checksum would find hides what lies behind it, so these files get a new one.

  @Test("resealed, with any byte of the structure changed, it never crashes")
  func everyByteResealed() throws {
    let bytes = try SmallModel.bytes()
    for position in bytes.indices {
      for change in [0x01, 0x80, 0xff] as [UInt8] {
        var damaged = bytes
        damaged[position] ^= change
        judge(damaged, "byte \(position) ^ \(change)")
      }
    }
  }

  @Test("resealed, with random bytes changed, it never crashes", arguments: 0..<40 as Range<UInt64>)
  func randomResealed(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let bytes = try SmallModel.bytes(compress: seed % 2 == 0)
    for round in 0..<250 {
      var damaged = bytes
      for _ in 0...Int.random(in: 0...4, using: &generator) {
        let position = Int.random(in: 0..<damaged.count, using: &generator)
        damaged[position] = interesting(&generator)
      }
      judge(damaged, "seed \(seed), round \(round)")
    }
  }

  @Test(
    "resealed, with offsets swapped and copied, it never crashes",
    arguments: 0..<20 as Range<UInt64>)
  func words(seed: UInt64) throws {
    var generator = SeededGenerator(seed: 1000 + seed)
    let bytes = try SmallModel.bytes()
    for round in 0..<250 {
      var damaged = bytes
      let from = Int.random(in: 0..<bytes.count / 4, using: &generator) * 4
      let to = Int.random(in: 0..<bytes.count / 4, using: &generator) * 4
      damaged.replaceSubrange(to..<to + 4, with: bytes[from..<from + 4])
      judge(damaged, "seed \(seed), round \(round)")
    }
  }

  /// Reads a changed file with a right checksum. Whatever comes out must be an error or a graph that
  /// can be written and read again.
  private func judge(_ bytes: [UInt8], _ what: String) {
    var sealed = bytes
    guard RawFile.seal(&sealed) else {
      #expect(error(of: sealed) != nil, Comment(rawValue: what))
      return
    }
    do throws(Diagnostic) {
      let graph = try FBQFile.read(sealed.withUnsafeBytes { ByteStorage(copying: $0) })
      let again = try FBQFile.withUnvalidatedBytes(of: graph, compress: false) {
        (bytes) throws(Diagnostic) in
        try FBQFile.read(ByteStorage(copying: bytes))
      }
      #expect(again == graph, Comment(rawValue: what))
    } catch {
      #expect(!error.problem.isEmpty, Comment(rawValue: what))
    }
  }

  private func interesting(_ generator: inout SeededGenerator) -> UInt8 {
    [0, 1, 0x7f, 0x80, 0xff, UInt8.random(in: 0...255, using: &generator)]
      .randomElement(using: &generator) ?? 0
  }

  private func error(of bytes: [UInt8]) -> String? {
    do throws(Diagnostic) {
      _ = try FBQFile.read(bytes.withUnsafeBytes { ByteStorage(copying: $0) })
      return nil
    } catch {
      return error.description
    }
  }
}
