import Diagnostics
import FileAccess
import Foundation
import TestSupport
import Testing

@Suite("A file is written whole or not at all")
struct AtomicFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("the content arrives and no other file is left", arguments: [0, 1, 5000, 3_000_000])
  func content(size: Int) throws {
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    try AtomicFile.write(bytes, to: folder.file("out"))
    #expect(folder.read("out") == bytes)
    #expect(try folder.contents() == ["out"])
  }

  @Test("both forms write the same")
  func pointerForm() throws {
    let bytes: [UInt8] = [3, 1, 4, 1, 5]
    try bytes.withUnsafeBytes { buffer in try AtomicFile.write(buffer, to: folder.file("out")) }
    #expect(folder.read("out") == bytes)
  }

  @Test("a longer old content is replaced as a whole and its rights stay")
  func replaces() throws {
    let path = try folder.write([UInt8](repeating: 1, count: 100), to: "out")
    try #require(chmod(path, 0o640) == 0)
    try AtomicFile.write([2, 2], to: path)
    #expect(folder.read("out") == [2, 2])
    #expect(mode(of: path) == 0o640)
  }

  @Test("a new file gets the rights the process gives to new files")
  func newFileMode() throws {
    try AtomicFile.write([1], to: folder.file("out"))
    close(open(folder.file("plain"), O_WRONLY | O_CREAT, 0o666))
    #expect(mode(of: folder.file("out")) == mode(of: folder.file("plain")))
  }

  @Test("a symbolic link is followed")
  func followsLink() throws {
    try folder.write([1], to: "real")
    try #require(symlink("real", folder.file("link")) == 0)
    try AtomicFile.write([7], to: folder.file("link"))
    #expect(folder.read("real") == [7])
    #expect(try folder.contents() == ["link", "real"])
    var status = stat()
    try #require(lstat(folder.file("link"), &status) == 0)
    #expect(status.st_mode & S_IFMT == S_IFLNK)
  }

  /// Whether the file system of the temporary folder knows files without a name.
  private static let knowsUnnamedFiles: Bool = {
    let descriptor = open(NSTemporaryDirectory(), O_WRONLY | O_DIRECTORY | 0o20_000_000, 0o600)
    if descriptor >= 0 { close(descriptor) }
    return descriptor >= 0
  }()

  @Test(
    "a process that is killed while it writes leaves nothing, for the file has no name yet",
    .enabled(if: knowsUnnamedFiles, "the file system lacks O_TMPFILE"))
  func killed() throws {
    let file = try PendingFile(path: folder.file("out"))
    try file.append([1, 2, 3])
    #expect(try folder.contents().isEmpty)
    try file.commit()
    #expect(folder.read("out") == [1, 2, 3])
    #expect(try folder.contents() == ["out"])
  }

  @Test("a pending file that is not committed leaves nothing")
  func abandoned() throws {
    try folder.write([1], to: "out")
    do {
      let file = try PendingFile(path: folder.file("out"))
      try file.append([2, 3])
    }
    #expect(try folder.contents() == ["out"])
    #expect(folder.read("out") == [1])
  }

  @Test("a device is written directly and stays a device")
  func device() throws {
    try AtomicFile.checkWritable("/dev/null")
    try AtomicFile.write([1, 2, 3], to: "/dev/null")
    var status = stat()
    try #require(stat("/dev/null", &status) == 0)
    #expect(status.st_mode & S_IFMT == S_IFCHR)
  }

  @Test("a full device is a full disk")
  func fullDevice() {
    #expect(
      writeError("/dev/full")
        == "/dev/full: the disk is full; free some space; an existing file was left as it was")
  }

  @Test("on a full disk the old file stays and the temporary one goes")
  func fullDisk() throws {
    let target = folder.file("out")
    let mount = folder.path
    let outcome = onSmallDisk(at: mount, pageCount: 8) {
      let before = writeError(target, count: 5000)
      let message = writeError(target, count: 100_000)
      let names = (try? FileManager.default.contentsOfDirectory(atPath: mount)) ?? []
      let size = FileManager.default.contents(atPath: target)?.count
      return (before, message, names, size)
    }
    guard let (before, message, names, size) = outcome else {
      // Without the right to mount, `fullDevice` is what remains of this test.
      print("skipped: this user may not mount a small file system")
      return
    }
    #expect(before == nil)
    #expect(
      message == "\(target): the disk is full; free some space; an existing file was left as it was"
    )
    #expect(names == ["out"])
    #expect(size == 5000)
  }

  @Test("a missing folder is named, before and while writing")
  func missingFolder() {
    let path = folder.file("no/such/out")
    let expected =
      "\(path): the folder '\(folder.path)/no/such' does not exist; create it first"
    #expect(writeError(path) == expected)
    #expect(checkError(path) == expected)
  }

  @Test("a folder cannot be written")
  func isFolder() {
    let expected = "\(folder.path): it is a folder, not a file; name a file inside it"
    #expect(writeError(folder.path) == expected)
    #expect(checkError(folder.path) == expected)
  }

  @Test("a name that ends in a slash is a missing folder")
  func trailingSlash() {
    let path = folder.file("out/")
    #expect(
      checkError(path)
        == "\(path): the folder '\(folder.path)/out' does not exist; create it first")
  }

  @Test("a file as folder is a missing folder")
  func throughFile() throws {
    let path = try folder.write([1], to: "file") + "/out"
    #expect(
      writeError(path)
        == "\(path): the folder '\(folder.path)/file' does not exist; create it first")
  }

  @Test("a link to nowhere is refused")
  func danglingLink() throws {
    try #require(symlink("nowhere", folder.file("link")) == 0)
    let path = folder.file("link")
    #expect(
      writeError(path)
        == "\(path): it is a symbolic link to nowhere; remove the link or create what it points to"
    )
  }

  @Test("a folder without write permission is named, before and while writing")
  func folderPermission() throws {
    try #require(chmod(folder.path, 0o555) == 0)
    defer { chmod(folder.path, 0o755) }
    let path = folder.file("out")
    let (written, checked) = asOrdinaryUser { (writeError(path), checkError(path)) }
    let expected =
      "\(path): no permission to write it; check the rights of the file and of the folder "
      + "'\(folder.path)'"
    #expect(written == expected)
    #expect(checked == expected)
  }

  @Test("a file without write permission is not replaced")
  func filePermission() throws {
    let path = try folder.write([1], to: "out")
    try #require(chmod(path, 0o444) == 0)
    try #require(chmod(folder.path, 0o777) == 0)
    let message = asOrdinaryUser { writeError(path) }
    #expect(
      message
        == "\(path): no permission to write it; check the rights of the file and of the folder "
        + "'\(folder.path)'")
    #expect(folder.read("out") == [1])
  }

  @Test("checking touches nothing")
  func checkOnly() throws {
    try AtomicFile.checkWritable(folder.file("out"))
    #expect(try folder.contents() == [])
  }
}

private func mode(of path: String) -> mode_t? {
  var status = stat()
  return stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
}

private func writeError(_ path: String, count: Int = 10) -> String? {
  do throws(Diagnostic) {
    try AtomicFile.write([UInt8](repeating: 5, count: count), to: path)
    return nil
  } catch {
    return error.description
  }
}

private func checkError(_ path: String) -> String? {
  do throws(Diagnostic) {
    try AtomicFile.checkWritable(path)
    return nil
  } catch {
    return error.description
  }
}
