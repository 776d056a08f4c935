import Foundation
import Testing

/// The Python interpreter with NumPy that serves as an oracle, named by the environment variable
/// `FBQ_PYTHON`.
public enum Python {
  /// The interpreter, or `nil` where none is named.
  public static let interpreter: String? = ProcessInfo.processInfo.environment["FBQ_PYTHON"]

  /// Whether tests that ask the oracle can run.
  public static var isAvailable: Bool { interpreter != nil }

  /// What to say where they cannot.
  public static let missing: Comment = "set FBQ_PYTHON to a Python interpreter with NumPy"

  /// Runs `script` with `arguments` in `sys.argv[1:]`. Returns what it printed; throws where it
  /// fails.
  @discardableResult
  public static func run(_ script: String, _ arguments: [String] = []) throws -> String {
    let outcome = try Command(interpreter ?? "python3", ["-c", script] + arguments).run()
    guard outcome.status == 0 else { throw Failure(message: outcome.errors) }
    return outcome.output
  }

  /// What a failing script printed.
  public struct Failure: Error, CustomStringConvertible {
    /// The text on standard error.
    public let message: String
    /// The same text.
    public var description: String { message }
  }
}
