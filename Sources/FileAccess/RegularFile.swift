import Diagnostics
import Glibc

/// A regular file open for reading. Whoever opens it closes its descriptor.
struct RegularFile {
  let descriptor: Int32
  /// How long it was when it was opened.
  let byteCount: Int

  /// Opens the file at `path`.
  ///
  /// Throws a ``Diagnostic`` that names `path` when there is no such file, no permission, or when it
  /// is a folder, a device or a pipe.
  init(path: String) throws(Diagnostic) {
    if let diagnostic = SystemError.unusable(path) { throw diagnostic }
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    descriptor = Int32(
      SystemError.retrying { Int(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) })
    guard descriptor >= 0 else { throw SystemError.reading(path, errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let failure = SystemError.reading(path, errno)
      close(descriptor)
      throw failure
    }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG else {
      close(descriptor)
      throw Diagnostic(
        file: path,
        problem: kind == S_IFDIR ? "it is a folder, not a file" : "it is not a regular file",
        remedy: "name a file")
    }
    byteCount = status.st_size
  }
}
