import Foundation

/// A program to run, and what came of it.
public struct Command {
  /// How a program ended.
  public struct Result: Equatable, Sendable {
    /// The exit status, or 128 plus the number of the signal that ended it, as shells say it.
    public var exitCode: Int32
    /// What it printed.
    public var standardOutput: String
    /// What it complained about.
    public var standardError: String
  }

  private let program: String
  private let arguments: [String]
  private let environment: [String: String]
  private let folder: String?

  /// A program by its path, or by its name where the shell's search path leads to it. `environment`
  /// adds to that of the tests.
  public init(
    _ program: String, _ arguments: [String], environment: [String: String] = [:],
    folder: String? = nil
  ) {
    self.program = program
    self.arguments = arguments
    self.environment = environment
    self.folder = folder
  }

  /// Runs the program to its end, without any input.
  public func run() throws -> Result {
    // Files and not pipes: a pipe that nobody drains stops the program.
    let captured = try TemporaryFolder()
    let output = try captured.write([], to: "out")
    let errors = try captured.write([], to: "err")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
    try process.run()
    process.waitUntilExit()
    let code = process.terminationStatus
    return Result(
      exitCode: process.terminationReason == .uncaughtSignal ? 128 + code : code,
      standardOutput: String(decoding: captured.read("out") ?? [], as: UTF8.self),
      standardError: String(decoding: captured.read("err") ?? [], as: UTF8.self))
  }
}
