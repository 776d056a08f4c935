import Diagnostics
import FileAccess
import Foundation
import TestSupport
import Testing

@Suite("A mapped file is the file's bytes or a clear error")
struct MappedFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("the bytes are those of the file", arguments: [1, 4095, 4096, 4097, 70_000])
  func content(size: Int) throws {
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let file = try MappedFile(path: folder.write(bytes, to: "data"))
    #expect(file.withUnsafeBytes { [UInt8]($0) } == bytes)
  }

  @Test("unloaded parts are read again", arguments: [1, 4096, 70_000])
  func unload(size: Int) throws {
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let file = try MappedFile(path: folder.write(bytes, to: "data"))
    for part in [0..<size, size..<size, 0..<0, 0..<size / 2, size / 2..<size, size / 3..<size / 2] {
      #expect(file.withUnsafeBytes { [UInt8]($0) } == bytes)
      file.unload(UnsafeRawBufferPointer(rebasing: file.bytes[part]))
    }
    #expect(file.withUnsafeBytes { [UInt8]($0) } == bytes)
  }

  @Test("an unloaded part takes no memory, what lies around it does")
  func unloadedMemory() throws {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let bytes = [UInt8](repeating: 1, count: 8 * page)
    let file = try MappedFile(path: folder.write(bytes, to: "data"))
    #expect(file.withUnsafeBytes { $0.reduce(0) { $0 + Int($1) } } == 8 * page)
    #expect(try arePresent(pagesOf: file, page) == [Bool](repeating: true, count: 8))
    // Whole pages only: of these, the second to the fourth.
    file.unload(UnsafeRawBufferPointer(rebasing: file.bytes[page - 1..<4 * page + 1]))
    #expect(
      try arePresent(pagesOf: file, page) == [true, false, false, false, true, true, true, true])
    file.unload(file.bytes)
    #expect(try arePresent(pagesOf: file, page) == [Bool](repeating: false, count: 8))
  }

  /// Which pages of the mapping lie in this process's memory.
  private func arePresent(pagesOf file: MappedFile, _ page: Int) throws -> [Bool] {
    let table = try #require(FileHandle(forReadingAtPath: "/proc/self/pagemap"))
    // One word for each page, whose highest bit says so.
    try table.seek(toOffset: UInt64(UInt(bitPattern: file.bytes.baseAddress)) / UInt64(page) * 8)
    let entries = try #require(try table.read(upToCount: file.bytes.count / page * 8))
    return entries.indices.filter { $0 % 8 == 7 }.map { entries[$0] & 0x80 != 0 }
  }

  @Test("an empty file has no bytes")
  func empty() throws {
    let file = try MappedFile(path: folder.write([], to: "empty"))
    #expect(file.withUnsafeBytes { $0.count } == 0)
  }

  @Test("a file replaced by renaming keeps its old bytes in the mapping")
  func replaced() throws {
    let path = try folder.write([1, 2, 3], to: "data")
    let file = try MappedFile(path: path)
    try AtomicFile.write([9], to: path)
    #expect(file.withUnsafeBytes { [UInt8]($0) } == [1, 2, 3])
    #expect(try MappedFile(path: path).withUnsafeBytes { [UInt8]($0) } == [9])
  }

  @Test("a missing file is named")
  func missing() {
    let path = folder.file("missing.fbq")
    #expect(
      readError(path) == "\(path): there is no such file; check the path")
  }

  @Test("a name that is not UTF-8 is a reason not to find a file")
  func foreignName() {
    // What the listing of a folder makes of the bytes 78 ff.
    let path = folder.file(String(decoding: [0x78, 0xff], as: UTF8.self))
    #expect(
      readError(path)
        == "\(path): there is no such file, or its name is not UTF-8; rename the file")
  }

  @Test("a path through a file is no path")
  func throughFile() throws {
    let path = try folder.write([1], to: "file") + "/inner"
    #expect(readError(path) == "\(path): there is no such file; check the path")
  }

  @Test("a folder is not a file")
  func isFolder() {
    #expect(
      readError(folder.path) == "\(folder.path): it is a folder, not a file; name a file")
  }

  @Test("a device is not a regular file")
  func device() {
    #expect(readError("/dev/zero") == "/dev/zero: it is not a regular file; name a file")
  }

  @Test("a pipe without a writer is refused and not waited for")
  func pipe() throws {
    let path = folder.file("pipe")
    try #require(mkfifo(path, 0o600) == 0)
    #expect(readError(path) == "\(path): it is not a regular file; name a file")
  }

  @Test("a file without read permission is named")
  func permission() throws {
    let path = try folder.write([1], to: "secret")
    try #require(chmod(path, 0) == 0)
    let message = asOrdinaryUser { readError(path) }
    #expect(message == "\(path): no permission to read it; check the rights of the file")
  }

  @Test("a name that the system would cut short is refused")
  func impossibleNames() {
    #expect(readError("") == "the file name is empty")
    #expect(readError("a\0b") == "a?b: the file name holds a zero byte")
    let long = folder.file(String(repeating: "x", count: 300))
    #expect(readError(long) == "\(long): cannot be read: File name too long")
  }

  private func readError(_ path: String) -> String? {
    do throws(Diagnostic) {
      _ = try MappedFile(path: path)
      return nil
    } catch {
      return error.description
    }
  }
}
