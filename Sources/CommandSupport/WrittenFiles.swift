import ArgumentParser
import FileAccess
import FoundationEssentials

/// Checks that writing `written` destroys nothing that the same command line names: neither one of
/// the files it reads nor another of its results. To be called while the command line is validated.
///
/// Throws a `ValidationError` that names the path.
public func checkWritten(_ written: [String], whileReading read: [String]) throws {
  for (index, path) in written.enumerated() {
    guard !written[..<index].contains(where: { isSamePlace($0, path) }) else {
      throw ValidationError("'\(path)' would be written twice")
    }
    guard !read.contains(where: { isSamePlace($0, path) }) else {
      throw ValidationError("'\(path)' is an input and would be overwritten")
    }
  }
}

/// Whether two paths mean the same file, whether or not it exists.
private func isSamePlace(_ first: String, _ second: String) -> Bool {
  URL(fileURLWithPath: first).standardizedFileURL
    == URL(fileURLWithPath: second).standardizedFileURL
    || PathCheck.isSameFile(first, second)
}
