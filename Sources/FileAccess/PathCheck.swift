import Diagnostics
import Glibc

/// Looks at what lies at a path.
public enum PathCheck {
  /// Whether there is a folder, links followed.
  public static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether there is a regular file, links followed.
  public static func isRegularFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// Whether the file is a zip archive, such as an `.npz` file, by its first bytes.
  ///
  /// Throws a ``Diagnostic`` that names the file when it cannot be read.
  public static func isArchive(_ path: String) throws(Diagnostic) -> Bool {
    try MappedFile(path: path).withUnsafeBytes { $0.starts(with: [0x50, 0x4b]) }
  }

  /// Whether two paths lead to the same existing file.
  public static func isSameFile(_ first: String, _ second: String) -> Bool {
    var firstStatus = stat()
    var secondStatus = stat()
    return stat(first, &firstStatus) == 0 && stat(second, &secondStatus) == 0
      && firstStatus.st_ino == secondStatus.st_ino && firstStatus.st_dev == secondStatus.st_dev
  }
}
