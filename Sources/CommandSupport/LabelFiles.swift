import Diagnostics
import FileAccess

/// Files that name classes, and files that assign images to classes.
public enum LabelFiles {
  /// Class names by index, one per line. A leading WordNet identifier ("n01440764 tench") is
  /// dropped; blank lines at the end are ignored.
  ///
  /// - Throws: a file that cannot be read, is not UTF-8 or names no class; a blank line in between.
  public static func names(path: String) throws(Diagnostic) -> [String] {
    var lines = try self.lines(of: path)
    while lines.last?.isEmpty == true { lines.removeLast() }
    guard !lines.isEmpty else {
      throw Diagnostic(
        file: path, problem: "holds no class names", remedy: "write one class name per line")
    }
    for (index, line) in lines.enumerated() where line.isEmpty {
      throw Diagnostic(
        file: path, place: "line \(index + 1)", problem: "is blank",
        remedy: "write one class name per line")
    }
    return lines.map(withoutIdentifier)
  }

  /// The class of each image, from lines `file class`; the class is the last word. Blank lines and
  /// lines that begin with `#` are skipped.
  ///
  /// - Throws: a file that cannot be read; a line without a class or with one outside
  ///   `0..<classCount`; a file name that is assigned twice to different classes.
  public static func classes(
    path: String, classCount: Int
  ) throws(Diagnostic) -> [String: Int] {
    var result: [String: Int] = [:]
    for (index, line) in try lines(of: path).enumerated()
    where !line.isEmpty && !line.hasPrefix("#") {
      let place = "line \(index + 1)"
      let words = line.split(whereSeparator: \.isWhitespace)
      guard words.count >= 2, let last = words.last, let label = Int(last) else {
        throw Diagnostic(
          file: path, place: place, problem: "does not end in a class number",
          remedy: "write lines like 'cat.jpg 281'")
      }
      guard label >= 0, label < classCount else {
        throw Diagnostic(
          file: path, place: place, problem: "class \(label) is outside 0…\(classCount - 1)",
          remedy: "count classes from 0 in the order of the model's outputs")
      }
      let name = trimmed(line[..<last.startIndex])
      if let previous = result[name], previous != label {
        throw Diagnostic(
          file: path, place: place, problem: "'\(name)' already has class \(previous)",
          remedy: "assign each file once")
      }
      result[name] = label
    }
    guard !result.isEmpty else {
      throw Diagnostic(
        file: path, problem: "assigns no image to a class",
        remedy: "write lines like 'cat.jpg 281'")
    }
    return result
  }

  private static func lines(of path: String) throws(Diagnostic) -> [String] {
    let file = try MappedFile(path: path)
    guard let text = file.withUnsafeBytes({ String(validating: $0, as: UTF8.self) }) else {
      throw Diagnostic(
        file: path, problem: "is not UTF-8 text", remedy: "save it as UTF-8")
    }
    // Windows editors begin UTF-8 files with a byte order mark.
    let content = text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...]
    // "\r\n" is one character, hence not a split at "\n".
    return content.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .map(trimmed)
  }

  /// `text` without space at either end.
  private static func trimmed(_ text: Substring) -> String {
    let start = text.drop(while: \.isWhitespace)
    let end = start.lastIndex { !$0.isWhitespace }
    return end.map { String(start[...$0]) } ?? ""
  }

  private static func withoutIdentifier(_ line: String) -> String {
    guard let space = line.firstIndex(of: " ") else { return line }
    let word = line[..<space]
    let isIdentifier =
      word.count == 9 && word.first == "n" && word.dropFirst().allSatisfy(\.isNumber)
    return isIdentifier ? String(line[line.index(after: space)...]) : line
  }
}
