import Diagnostics
import Glibc

/// A file that is being written piece by piece and appears under its name only with `commit()`.
///
/// An object that goes away without it leaves nothing behind. Nor does a process that is killed,
/// where the file system knows files without a name (`O_TMPFILE`: all common ones of Linux). For
/// content that is at hand as a whole, use ``AtomicFile``.
public final class PendingFile {
  private let path: String
  private let destination: Destination
  /// The name of the file until `commit()`; `nil` while it has none.
  private var temporaryPath: String?
  private var descriptor: Int32

  /// Opens a temporary file in the folder of `path`.
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
      temporaryPath = nil
      descriptor = PendingFile.openUnnamed(beside: resolved)
      if descriptor < 0 {
        temporaryPath = PendingFile.withFreshName(beside: resolved) { name in
          descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
          return descriptor >= 0
        }
      }
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
    guard case .file(let resolved, let mode) = destination else {
      let code = close(descriptor) == 0 ? 0 : errno
      descriptor = -1
      guard code == 0 else { throw SystemError.writing(path, code) }
      return
    }
    // Some file systems report a full disk only here.
    if let mode, fchmod(descriptor, mode) != 0 { throw SystemError.writing(path, errno) }
    guard fsync(descriptor) == 0 else { throw SystemError.writing(path, errno) }
    if temporaryPath == nil { temporaryPath = try link(beside: resolved) }
    let code = close(descriptor) == 0 ? 0 : errno
    descriptor = -1
    guard let temporaryPath, code == 0, rename(temporaryPath, resolved) == 0 else {
      let failure = SystemError.writing(path, code == 0 ? errno : code)
      if let temporaryPath { unlink(temporaryPath) }
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

  /// Opens a file without a name in the folder of `path`, which the system removes with its last
  /// descriptor, however the process ends; -1 where that cannot be done.
  private static func openUnnamed(beside path: String) -> Int32 {
    // Giving it a name later needs this folder.
    guard access("/proc/self/fd", X_OK) == 0 else { return -1 }
    // O_TMPFILE, whose definition in C is not visible here.
    let unnamed = 0o20_000_000 | O_DIRECTORY
    return Int32(
      SystemError.retrying {
        Int(open(SystemError.folder(of: path), O_WRONLY | unnamed | O_CLOEXEC, 0o666))
      })
  }

  /// Gives the file without a name one, as `rename` needs it, and returns it.
  private func link(beside resolved: String) throws(Diagnostic) -> String {
    let name = PendingFile.withFreshName(beside: resolved) { name in
      linkat(
        AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0
    }
    guard let name else { throw SystemError.writing(path, errno) }
    return name
  }

  /// Calls `create` with names until one is not taken; `nil` when it fails for another reason,
  /// which `errno` tells.
  private static func withFreshName(
    beside path: String, _ create: (String) -> Bool
  ) -> String? {
    repeat {
      let name = temporaryPath(beside: path)
      errno = 0
      if create(name) { return name }
    } while errno == EEXIST || errno == EINTR
    return nil
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
