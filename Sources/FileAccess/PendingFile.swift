import Diagnostics
import Glibc

/// A file that is being written piece by piece and appears under its name only with `commit()`.
///
/// An object that goes away without it leaves nothing behind. For content that is at hand as a
/// whole, use ``AtomicFile``.
public final class PendingFile {
  private let path: String
  private let destination: Destination
  private let temporaryPath: String?
  private var descriptor: Int32

  /// Opens a temporary file beside `path`.
  ///
  /// Throws a ``Diagnostic`` that names `path` when the folder is missing, there is no permission,
  /// or `path` is a folder.
  public init(path: String) throws(Diagnostic) {
    self.path = path
    destination = try Destination(path: path)
    switch destination {
    case .stream:
      temporaryPath = nil
      descriptor = Int32(SystemError.retrying { Int(open(path, O_WRONLY | O_CLOEXEC)) })
    case .file(let resolved, _):
      var candidate = ""
      repeat {
        candidate = PendingFile.temporaryPath(beside: resolved)
        descriptor = Int32(
          SystemError.retrying {
            Int(open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666))
          })
      } while descriptor < 0 && errno == EEXIST
      temporaryPath = candidate
    }
    guard descriptor >= 0 else { throw SystemError.writing(path, errno) }
  }

  deinit { discard() }

  /// Appends `bytes`. Throws a ``Diagnostic`` when the disk is full or fails.
  public func append(_ bytes: UnsafeRawBufferPointer) throws(Diagnostic) {
    var position = 0
    while position < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
      let count = SystemError.retrying { Glibc.write(descriptor, rest.baseAddress, rest.count) }
      guard count >= 0 else { throw SystemError.writing(path, errno) }
      position += count
    }
  }

  /// Appends `bytes`; see the other form.
  public func append(_ bytes: [UInt8]) throws(Diagnostic) {
    try bytes.span.withUnsafeBytes { (buffer) throws(Diagnostic) in try append(buffer) }
  }

  /// Flushes the content to the disk and gives the file its name. Nothing may be appended later.
  public func commit() throws(Diagnostic) {
    guard case .file(let resolved, let mode) = destination, let temporaryPath else {
      let code = close(descriptor) == 0 ? 0 : errno
      descriptor = -1
      guard code == 0 else { throw SystemError.writing(path, code) }
      return
    }
    // Some file systems report a full disk only here.
    if let mode, fchmod(descriptor, mode) != 0 { throw SystemError.writing(path, errno) }
    guard fsync(descriptor) == 0 else { throw SystemError.writing(path, errno) }
    let code = close(descriptor) == 0 ? 0 : errno
    descriptor = -1
    guard code == 0, rename(temporaryPath, resolved) == 0 else {
      let failure = SystemError.writing(path, code == 0 ? errno : code)
      unlink(temporaryPath)
      throw failure
    }
    PendingFile.flushFolder(of: resolved)
  }

  private func discard() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
    if let temporaryPath { unlink(temporaryPath) }
  }

  /// A hidden name that no other writer uses, short enough wherever the file's own name is legal.
  private static func temporaryPath(beside path: String) -> String {
    let folder = SystemError.folder(of: path)
    let tag = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    return (folder == "/" ? "/" : folder + "/") + ".fbq-\(tag).tmp"
  }

  /// Makes the renaming durable. Not every file system can, and the content is safe either way, so
  /// a failure is no error.
  private static func flushFolder(of path: String) {
    let descriptor = open(SystemError.folder(of: path), O_RDONLY | O_CLOEXEC | O_DIRECTORY)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
