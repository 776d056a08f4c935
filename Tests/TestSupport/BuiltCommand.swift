import Foundation

/// One of the package's commands as it was built beside the running tests, run as a user would.
public struct BuiltCommand: Sendable {
  /// How a run ended.
  public struct Outcome: Sendable {
    /// Exit code; negative for a signal.
    public var status: Int32
    /// Everything on standard output.
    public var output: String
    /// Everything on standard error.
    public var errors: String
  }

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
  public func run(_ arguments: [String], folder: String? = nil) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    let scratch = try TemporaryFolder()
    let output = try handle(scratch.write([], to: "output"))
    let errors = try handle(scratch.write([], to: "errors"))
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let status =
      process.terminationReason == .exit
      ? process.terminationStatus : -process.terminationStatus
    func text(_ name: String) -> String {
      String(decoding: scratch.read(name) ?? [], as: UTF8.self)
    }
    return Outcome(status: status, output: text("output"), errors: text("errors"))
  }

  /// Files rather than pipes: a command that prints much cannot block on them.
  private func handle(_ path: String) throws -> FileHandle {
    try FileHandle(forWritingTo: URL(fileURLWithPath: path))
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
