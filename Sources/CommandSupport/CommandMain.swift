import ArgumentParser
import Diagnostics
import Foundation

/// The exit codes that scripts and CI can rely on.
public enum ExitStatus {
  /// Everything went well.
  public static let success: Int32 = 0
  /// The input was bad, a comparison failed, or the disk was full.
  public static let failure: Int32 = 1
  /// The command line was wrong.
  public static let usage: Int32 = 2
}

/// A wrong command line that the parser itself cannot see: exit code 2 instead of 1.
public struct UsageError: Error, Sendable, CustomStringConvertible {
  /// What is wrong, one line.
  public var description: String

  /// Creates an error.
  public init(_ description: String) { self.description = description }
}

/// Parses the command line, runs the command and ends the process: errors become one line on
/// standard error and an exit code of ``ExitStatus``.
public func runCommand(_ root: (some ParsableCommand).Type) -> Never {
  // A reader that goes away (`qrun … | head`) ends the process quietly.
  signal(SIGPIPE, SIG_DFL)
  // Beyond a file size limit, writing is to fail and be reported, not to end the process.
  signal(SIGXFSZ, SIG_IGN)
  do {
    var command = try root.parseAsRoot()
    try command.run()
    guard fflush(nil) == 0 else {
      throw Diagnostic(
        place: "standard output", problem: String(cString: strerror(errno)),
        remedy: "free some space or choose another destination")
    }
    exit(ExitStatus.success)
  } catch {
    finish(after: error, of: root)
  }
}

private func finish(after error: any Error, of root: (some ParsableCommand).Type) -> Never {
  let name = root._commandName
  func fail(_ message: String, _ status: Int32) -> Never {
    Progress.clearLine()
    fflush(nil)
    writeToStandardError("\(name): error: \(Diagnostic.printable(message))\n")
    exit(status)
  }
  switch error {
  case let diagnostic as Diagnostic: fail(diagnostic.description, ExitStatus.failure)
  case let usage as UsageError:
    fail("\(usage.description); see '\(name) --help'", ExitStatus.usage)
  case let code as ExitCode:
    fflush(nil)
    exit(code.rawValue)
  default:
    guard root.exitCode(for: error) == .success else {
      fail("\(firstSentence(root.message(for: error))); see '\(name) --help'", ExitStatus.usage)
    }
    // Requests for help or the version end in "errors" whose exit code is 0.
    print(root.fullMessage(for: error))
    fflush(nil)
    exit(ExitStatus.success)
  }
}

/// The first line of the parser's message, with the values that it lists in lines of their own where there
/// are many, without its final period.
private func firstSentence(_ message: String) -> String {
  let lines = message.split(separator: "\n")
  guard let first = lines.first else { return message }
  let bullet = "  - "
  let values = lines.dropFirst().prefix { $0.hasPrefix(bullet) }.map { $0.dropFirst(bullet.count) }
  let line = values.isEmpty ? String(first) : "\(first) \(values.joined(separator: ", "))"
  return line.hasSuffix(".") ? String(line.dropLast()) : line
}

/// Writes text to standard error, unbuffered.
public func writeToStandardError(_ text: String) {
  FileHandle.standardError.write(Data(text.utf8))
}

/// Prints a warning: something the user should know that does not stop the command.
public func warn(_ message: String, command: String) {
  Progress.clearLine()
  writeToStandardError("\(command): warning: \(Diagnostic.printable(message))\n")
}
