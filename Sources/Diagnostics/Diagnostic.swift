/// What went wrong, where, and how to mend it: the one error type of the project.
///
/// Every module throws it (`throws(Diagnostic)`), only the commands print it, and its text is part
/// of the tested interface. It is a value of strings alone, so that the integer modules can throw it
/// under Embedded Swift.
public struct Diagnostic: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file concerned, as the user named it; `nil` until a caller that knows it adds it.
  public var file: String?
  /// The place inside the file: a node, a tensor, a byte offset, an option. May be empty.
  public var place: String
  /// What is wrong, in one clause, with the offending value and the limit.
  public var problem: String
  /// What the user can do about it. May be empty where the problem says it.
  public var remedy: String

  /// Creates a diagnostic; the strings are sentence fragments without a final period.
  public init(
    file: String? = nil, place: String = "", problem: String, remedy: String = ""
  ) {
    self.file = file
    self.place = place
    self.problem = problem
    self.remedy = remedy
  }

  /// The same diagnostic, saying which file it is about unless it already does.
  public func inFile(_ path: String) -> Diagnostic {
    var copy = self
    if copy.file == nil { copy.file = path }
    return copy
  }

  /// One line, `file: place: problem; remedy`, with control characters made visible so that a
  /// hostile name inside a file cannot break the line or drive the terminal.
  public var description: String {
    var text = ""
    if let file, !file.isEmpty { text += file + ": " }
    if !place.isEmpty { text += place + ": " }
    text += problem
    if !remedy.isEmpty { text += "; " + remedy }
    return Diagnostic.printable(text)
  }

  /// `text` with each control character replaced by `?`.
  public static func printable(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      let isControl = scalar.value < 0x20 || (scalar.value >= 0x7f && scalar.value < 0xa0)
      result.unicodeScalars.append(isControl ? "?" : scalar)
    }
    return result
  }
}
