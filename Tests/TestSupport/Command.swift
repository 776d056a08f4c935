import Foundation

/// A program to run, and what came of it.
public struct Command: Sendable {
  /// How a program ended.
  public struct Outcome: Sendable {
    /// Exit code; negative for a signal.
    public var status: Int32
    /// Everything on standard output.
    public var output: String
    /// Everything on standard error.
    public var errors: String
  }

  private let program: String
  private let arguments: [String]
  private let folder: String?

  /// A program by its path, or by its name where the shell's search path leads to it.
  public init(_ program: String, _ arguments: [String], folder: String? = nil) {
    self.program = program
    self.arguments = arguments
    self.folder = folder
  }

  /// Runs the program to its end, standard input empty.
  ///
  /// - Throws: a program that cannot be started.
  public func run() throws -> Outcome {
    // Files rather than pipes: a program that prints much cannot block on them.
    let scratch = try TemporaryFolder()
    func handle(_ name: String) throws -> FileHandle {
      try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.write([], to: name)))
    }
    func text(_ name: String) -> String {
      String(decoding: scratch.read(name) ?? [], as: UTF8.self)
    }
    let process = Process()
    if program.contains("/") {
      process.executableURL = URL(fileURLWithPath: program)
      process.arguments = arguments
    } else {
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = [program] + arguments
    }
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try handle("output")
    process.standardError = try handle("errors")
    try process.run()
    process.waitUntilExit()
    let isExit = process.terminationReason == .exit
    return Outcome(
      status: isExit ? process.terminationStatus : -process.terminationStatus,
      output: text("output"), errors: text("errors"))
  }
}
