import Diagnostics
import Glibc

/// Turns failures of system calls into diagnostics, so that the same failure reads the same wherever
/// it happens.
enum SystemError {
  /// Repeats `call` while a signal interrupts it. Returns its result, or −1 with `errno` set.
  static func retrying(_ call: () -> Int) -> Int {
    while true {
      let result = call()
      if result != -1 || errno != EINTR { return result }
    }
  }

  /// Why `path` cannot be read, for the `errno` value `code`.
  static func reading(_ path: String, _ code: Int32) -> Diagnostic {
    switch code {
    // Where bytes of a name are no UTF-8, texts hold this character in their place.
    case ENOENT where path.unicodeScalars.contains("\u{FFFD}"):
      Diagnostic(
        file: path, problem: "there is no such file, or its name is not UTF-8",
        remedy: "rename the file")
    case ENOENT, ENOTDIR:
      Diagnostic(file: path, problem: "there is no such file", remedy: "check the path")
    case EACCES, EPERM:
      Diagnostic(
        file: path, problem: "no permission to read it", remedy: "check the rights of the file")
    default:
      Diagnostic(file: path, problem: "cannot be read: \(text(of: code))")
    }
  }

  /// Why `path` cannot be written, for the `errno` value `code`.
  static func writing(_ path: String, _ code: Int32) -> Diagnostic {
    switch code {
    case ENOENT, ENOTDIR:
      Diagnostic(
        file: path, problem: "the folder '\(folder(of: path))' does not exist",
        remedy: "create it first")
    case EACCES, EPERM:
      Diagnostic(
        file: path, problem: "no permission to write it",
        remedy: "check the rights of the file and of the folder '\(folder(of: path))'")
    case ENOSPC, EDQUOT:
      Diagnostic(
        file: path, problem: "the disk is full",
        remedy: "free some space; an existing file was left as it was")
    case EFBIG:
      Diagnostic(
        file: path, problem: "it would exceed the file size limit",
        remedy: "raise the limit (ulimit -f); an existing file was left as it was")
    case EROFS:
      Diagnostic(
        file: path, problem: "its file system is read-only", remedy: "write to another folder")
    default:
      Diagnostic(file: path, problem: "cannot be written: \(text(of: code))")
    }
  }

  /// A diagnostic for a path that the system would cut short, or `nil` for a usable one.
  static func unusable(_ path: String) -> Diagnostic? {
    if path.isEmpty { return Diagnostic(problem: "the file name is empty") }
    if path.utf8.contains(0) {
      return Diagnostic(file: path, problem: "the file name holds a zero byte")
    }
    return nil
  }

  /// The folder that holds `path`; `.` for a bare name.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// What the system calls the error.
  private static func text(of code: Int32) -> String {
    guard let message = strerror(code) else { return "error \(code)" }
    return String(cString: message)
  }
}
