import Diagnostics
import FileAccess
import TestSupport
import Testing

@Suite("A file buffer holds the file that was read last")
struct FileBufferTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("files of any size, one after the other, in the same buffer")
  func contents() throws {
    let buffer = FileBuffer()
    for size in [4096, 0, 1, 70_000, 70_001, 3] {
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) }
      let path = try folder.write(bytes, to: "data")
      let read = try #require(try buffer.read(path: path, limit: 70_001))
      #expect([UInt8](read) == bytes)
    }
  }

  @Test("a file above the limit is left to others")
  func limit() throws {
    let buffer = FileBuffer()
    let path = try folder.write([1, 2, 3, 4], to: "data")
    #expect(try buffer.read(path: path, limit: 3) == nil)
    #expect(try buffer.read(path: path, limit: 4)?.count == 4)
  }

  @Test("what cannot be read is named, and the buffer serves on")
  func failures() throws {
    let buffer = FileBuffer()
    let path = try folder.write([7], to: "data")
    #expect(
      readError(folder.path, buffer)
        == "\(folder.path): it is a folder, not a file; name a file")
    let missing = folder.file("missing")
    #expect(readError(missing, buffer) == "\(missing): there is no such file; check the path")
    #expect(readError("/dev/zero", buffer) == "/dev/zero: it is not a regular file; name a file")
    #expect(try buffer.read(path: path, limit: 10).map { [UInt8]($0) } == [7])
  }

  private func readError(_ path: String, _ buffer: FileBuffer) -> String? {
    do throws(Diagnostic) {
      _ = try buffer.read(path: path, limit: 10)
      return nil
    } catch {
      return error.description
    }
  }
}
