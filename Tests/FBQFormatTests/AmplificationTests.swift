import CFBQSchema
import Compression
import Diagnostics
import FBQFormat
import IntegerModel
import Testing

@Suite("A small file cannot cause much work")
struct AmplificationTests {
  let memory = RawMemory()

  @Test("a vector that a thousand tables share is not copied a thousand times")
  func sharedVector() throws {
    var file = RawFile()
    for index in 0..<1000 {
      var tensor = FBQTensor()
      tensor.buffer = -1
      tensor.name = memory.text("tensor \(index)")
      tensor.shape = memory.integers(index == 0 ? [Int32](repeating: 1, count: 4000) : [1])
      file.tensors.append(tensor)
    }
    let bytes = file.bytes()
    #expect(error(of: bytes) == nil)
    let hostile = try redirectOffsets(of: bytes, lookingLike: 4000)
    #expect(
      error(of: hostile)
        == "its parts overlap: they hold more than four times the file's bytes; "
        + "copy or convert it again")
  }

  @Test("buffers that share bytes are refused")
  func sharedBuffer() throws {
    var file = RawFile()
    let large = [UInt8](repeating: 3, count: 8000)
    for index in 0..<100 {
      let content = index == 99 ? large : [UInt8](repeating: 3, count: 1)
      file.buffers.append(
        FBQBuffer(
          data: memory.data(content), compression: 0, expanded_size: UInt64(content.count),
          crc32: CRC32.checksum(of: large)))
    }
    let hostile = try redirectOffsets(of: file.bytes(), lookingLike: 8000)
    #expect(
      error(of: hostile) == "buffer 1: it overlaps with other buffers; copy or convert it again")
  }

  /// The file with every offset that leads to a vector of one element leading to the vector of
  /// `count` elements instead.
  private func redirectOffsets(of bytes: [UInt8], lookingLike count: Int) throws -> [UInt8] {
    func word(_ offset: Int) -> Int {
      (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
    let target = try #require(
      Array(stride(from: 0, to: bytes.count - 3, by: 4)).last { word($0) == count })
    var result = bytes
    for position in stride(from: 0, to: target, by: 4) {
      let destination = position + word(position)
      guard destination % 4 == 0, destination + 4 <= bytes.count, word(position) > 0,
        word(destination) == 1
      else { continue }
      for index in 0..<4 {
        result[position + index] = UInt8(truncatingIfNeeded: (target - position) >> (8 * index))
      }
    }
    RawFile.seal(&result)
    return result
  }

  private func error(of bytes: [UInt8]) -> String? {
    do throws(Diagnostic) {
      _ = try FBQFile.unvalidatedGraph(in: bytes.withUnsafeBytes { ByteStorage(copying: $0) })
      return nil
    } catch {
      return error.description
    }
  }
}
