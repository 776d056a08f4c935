import Diagnostics
import Glibc

/// Writes files whole or not at all.
///
/// The content goes to a temporary file in the same folder, is flushed to the disk and renamed, so
/// that a reader sees the old content or the new, and a failure leaves the old file untouched and no
/// other file behind. An existing file keeps its rights; a symbolic link is followed. Devices and
/// pipes (`/dev/stdout`, `/dev/null`) are written directly.
public enum AtomicFile {
  /// Writes `bytes` to `path`.
  ///
  /// Throws a ``Diagnostic`` that names `path` when the folder is missing, there is no permission,
  /// the disk is full, or `path` is a folder.
  public static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws(Diagnostic) {
    let file = try PendingFile(path: path)
    try file.append(bytes)
    try file.commit()
  }

  /// Writes `bytes` to `path`; see the other form.
  public static func write(_ bytes: [UInt8], to path: String) throws(Diagnostic) {
    let file = try PendingFile(path: path)
    try file.append(bytes)
    try file.commit()
  }

  /// Checks that `path` can be written, without touching it: to be called before long work whose
  /// result goes there. Throws as `write` does, as far as that can be foreseen.
  public static func checkWritable(_ path: String) throws(Diagnostic) {
    switch try Destination(path: path) {
    case .stream: return
    case .file(let resolved, _):
      // The effective user counts, as it does for the write itself.
      let folder = SystemError.folder(of: resolved)
      guard faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0 else {
        throw SystemError.writing(path, errno)
      }
    }
  }
}

/// What a path that is to be written stands for.
enum Destination {
  /// A regular file, existing or not: its path with links resolved, and the rights to give it
  /// (`nil` for a new one).
  case file(path: String, mode: mode_t?)
  /// A character device or a pipe, which cannot be replaced by renaming.
  case stream

  /// Looks at `path` and refuses what cannot be written.
  init(path: String) throws(Diagnostic) {
    if let diagnostic = SystemError.unusable(path) { throw diagnostic }
    var status = stat()
    guard stat(path, &status) == 0 else {
      let code = errno
      guard code == ENOENT else { throw SystemError.writing(path, code) }
      guard lstat(path, &status) != 0 else {
        throw Diagnostic(
          file: path, problem: "it is a symbolic link to nowhere",
          remedy: "remove the link or create what it points to")
      }
      let folder = SystemError.folder(of: path)
      guard stat(folder, &status) == 0 else { throw SystemError.writing(path, errno) }
      guard !path.hasSuffix("/"), status.st_mode & S_IFMT == S_IFDIR else {
        throw SystemError.writing(path, ENOTDIR)
      }
      self = .file(path: path, mode: nil)
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG:
      // Renaming would get around a missing write permission; whoever set it meant it.
      guard faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 else {
        throw SystemError.writing(path, errno)
      }
      guard let resolved = realpath(path, nil) else { throw SystemError.writing(path, errno) }
      defer { free(resolved) }
      self = .file(path: String(cString: resolved), mode: status.st_mode & 0o7777)
    case S_IFCHR, S_IFIFO:
      self = .stream
    case S_IFDIR:
      throw Diagnostic(
        file: path, problem: "it is a folder, not a file", remedy: "name a file inside it")
    default:
      throw Diagnostic(
        file: path, problem: "it is neither a file nor a pipe", remedy: "name another file")
    }
  }
}
