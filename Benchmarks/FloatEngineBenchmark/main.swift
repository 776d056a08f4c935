import ArgumentParser
import CommandSupport
import FloatEngine
import FloatModel
import ModelImport

/// Images per second of the float engine on a model, for several batch sizes.
struct FloatEngineBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "FloatEngineBenchmark",
    abstract: "Measure the forward pass of the float engine on random input.")

  @Argument(help: "A float ONNX model.")
  var model: String

  @Option(help: "Images per run; may be given several times.")
  var batch: [Int] = [1, 8, 32]

  @Option(help: "Threads.")
  var threads = 2

  @Option(help: "Seconds to measure each batch size.")
  var seconds = 3.0

  @Option(help: "text or json.")
  var format = OutputFormat.text

  struct Result: Encodable {
    var batch: Int
    var threads: Int
    var runs: Int
    /// Milliseconds to make the engine: compile kernels, reorder weights, plan memory.
    var preparationMilliseconds: Double
    var arenaMegabytes: Double
    var bestImagesPerSecond: Double
    var medianImagesPerSecond: Double
  }

  func run() throws {
    let graph = try ONNXImporter.load(path: model).simplified()
    for batch in batch {
      let result = try measure(graph, batch: batch)
      switch format {
      case .json: print(try jsonLine(result))
      case .text:
        print(
          "batch \(batch), \(threads) threads: \(Int(result.medianImagesPerSecond)) images/s "
            + "(best \(Int(result.bestImagesPerSecond)), \(result.runs) runs), prepared in "
            + "\(Int(result.preparationMilliseconds)) ms, arena "
            + "\(Int(result.arenaMegabytes)) MB")
      }
    }
  }

  private func measure(_ graph: FloatGraph, batch: Int) throws -> Result {
    let clock = ContinuousClock()
    let start = clock.now
    let engine = try FloatEngine(graph: graph, batch: batch, threads: threads)
    let preparation = clock.now - start
    let inputs = graph.inputs.map { index in
      let count = batch * graph.values[index].shape.reduce(1, *)
      return (0..<count).map { _ in Float.random(in: -1...1) }
    }
    try engine.run(inputs: inputs)
    var times: [Double] = []
    let deadline = clock.now + .seconds(seconds)
    repeat {
      times.append(try clock.measure { try engine.run(inputs: inputs) } / .seconds(1))
    } while clock.now < deadline
    times.sort()
    return Result(
      batch: batch, threads: threads, runs: times.count,
      preparationMilliseconds: preparation / .milliseconds(1),
      arenaMegabytes: Double(engine.arenaByteCount) / 1e6,
      bestImagesPerSecond: Double(batch) / times[0],
      medianImagesPerSecond: Double(batch) / times[times.count / 2])
  }
}

IdleThreads.limitSpinning()
runCommand(FloatEngineBenchmark.self)
