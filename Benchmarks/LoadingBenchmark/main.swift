import ArgumentParser
import CommandSupport
import FBQFormat
import IntegerRuntime

/// How long it takes from the path of a model to an interpreter that is ready to run.
struct LoadingBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "LoadingBenchmark",
    abstract: "Measure opening, verifying and planning a quantized model.",
    discussion: "The file stays in the system's cache, as on the second start of a program.")

  @Argument(help: "A quantized model (.fbq).")
  var model: String

  @Option(help: "How often to load it.")
  var count = 30

  func validate() throws {
    guard count >= 1 else { throw ValidationError("--count must be at least 1") }
  }

  struct Result: Encodable {
    var count: Int
    var minimumMilliseconds: Double
    var medianMilliseconds: Double
    var maximumMilliseconds: Double
  }

  func run() throws {
    let clock = ContinuousClock()
    var times: [Double] = []
    for _ in 0..<count {
      let start = clock.now
      let graph = try FBQFile.readValidated(path: model)
      let interpreter = try Interpreter(graph, options: RunOptions())
      let elapsed = clock.now - start
      withExtendedLifetime(interpreter) {}
      times.append(elapsed / .milliseconds(1))
    }
    times.sort()
    print(
      try jsonLine(
        Result(
          count: count, minimumMilliseconds: times[0],
          medianMilliseconds: times[times.count / 2],
          maximumMilliseconds: times[times.count - 1])))
  }
}

runCommand(LoadingBenchmark.self)
