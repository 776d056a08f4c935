import Foundation

/// One of the package's commands as it was built beside the running tests, run as a user would.
public struct BuiltCommand: Sendable {
  /// Absolute path of the executable.
  public let path: String

  /// The command called `name`. Test targets that use it depend on its executable target.
  public init(_ name: String) {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    path = URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent(name).path
  }

  /// Runs the command to its end, standard input empty.
  ///
  /// - Throws: an executable that is missing.
  public func run(_ arguments: [String], folder: String? = nil) throws -> Command.Outcome {
    try Command(path, arguments, folder: folder).run()
  }
}

/// Where real models and images lie: `FBQ_TEST_DATA`, or `../shared/data` beside the repository.
public enum TestData {
  /// The folder, whether it exists or not.
  public static let folder: String =
    ProcessInfo.processInfo.environment["FBQ_TEST_DATA"]
    ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("shared/data").path

  /// Whether the folder is there; tests that need it are skipped otherwise.
  public static let isPresent = FileManager.default.fileExists(atPath: folder)

  /// What a skipped test says.
  public static let skipMessage: String =
    "no test data at \(folder); set FBQ_TEST_DATA to run this test"

  /// The path of a file in the folder.
  public static func file(_ path: String) -> String { folder + "/" + path }

  /// The root of this repository.
  public static let repository: String =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
}
