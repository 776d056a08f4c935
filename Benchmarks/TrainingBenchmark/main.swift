import ArgumentParser
import CommandSupport
import FloatEngine
import FloatModel
import Foundation
import ModelImport
import Quantizer
import TensorFiles

/// Images per second of forward and backward passes, beside the bare oneDNN convolutions of the
/// same shapes, in turn.
struct TrainingBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "TrainingBenchmark",
    abstract: "Measure forward and backward passes of the training engine on random input.")

  @Argument(help: "A float ONNX model with one input.")
  var model: String

  @Option(help: "Images per step.")
  var batch = 32

  @Option(help: "Images per pass of one thread; may be given several times.")
  var images = [1, 2, 4, 8, 16]

  @Option(help: "Threads.")
  var threads = 2

  @Option(help: "Rounds; in each, everything is measured once, in turn.")
  var rounds = 9

  @Option(help: "text or json.")
  var format = OutputFormat.text

  struct Result: Encodable {
    var images: Int
    var batch: Int
    var threads: Int
    var rounds: Int
    /// All engines' buffers.
    var megabytes: Double
    /// The most the process held while every trainer ran once, before the bound was made ready.
    var peakMegabytes: Double
    var imagesPerSecond: Double
    /// With fake quantization, Adam and the loading of weights: a step of threshold training.
    var stepImagesPerSecond: Double
    /// Of the bare convolutions.
    var boundImagesPerSecond: Double
    /// Median over the rounds of this speed over the bound's in the same round.
    var share: Double
    /// The same of a step of threshold training.
    var stepShare: Double
  }

  func validate() throws {
    guard rounds >= 1 else { throw ValidationError("--rounds \(rounds) is below 1") }
    guard threads >= 1 else { throw ValidationError("--threads \(threads) is below 1") }
    for images in images where images < 1 || batch % (threads * images) != 0 {
      throw ValidationError(
        "--batch \(batch) is no multiple of \(threads) threads × \(images) images")
    }
  }

  func run() throws {
    let graph = try ONNXImporter.load(path: model).simplified().beforeSoftmax()
    let trainers = try images.map {
      try DataParallel(graph: graph, batch: batch, images: $0, threads: threads)
    }
    for trainer in trainers { try trainer.run() }
    let samples = try Self.samples(of: graph, count: batch)
    let probes = try images.map {
      try TrainingProbe(
        graph: graph, samples: samples, options: TrainingOptions(batch: batch, microBatch: $0),
        threads: threads)
    }
    for probe in probes { try probe.step() }
    let peak = try peakMegabytes()
    let bare = try BareLayers(graph: graph, batch: batch)
    try bare.run(threads: threads)
    let clock = ContinuousClock()
    var bounds: [Double] = []
    var speeds = trainers.map { _ in [Double]() }
    var steps = speeds
    for round in 0..<rounds {
      bounds.append(
        Double(batch) / (try clock.measure { try bare.run(threads: threads) } / .seconds(1)))
      // Another order each round: no trainer always follows the same neighbor.
      for number in trainers.indices {
        let position = (number + round) % trainers.count
        let time = try clock.measure { try trainers[position].run() } / .seconds(1)
        speeds[position].append(Double(batch) / time)
        let step = try clock.measure { try probes[position].step() } / .seconds(1)
        steps[position].append(Double(batch) / step)
      }
    }
    for (position, trainer) in trainers.enumerated() {
      let result = Result(
        images: images[position], batch: batch, threads: threads, rounds: rounds,
        megabytes: Double(trainer.byteCount) / 1e6, peakMegabytes: peak,
        imagesPerSecond: speeds[position].median,
        stepImagesPerSecond: steps[position].median,
        boundImagesPerSecond: bounds.median,
        share: zip(speeds[position], bounds).map { $0 / $1 }.median,
        stepShare: zip(steps[position], bounds).map { $0 / $1 }.median)
      switch format {
      case .json: print(try jsonLine(result))
      case .text:
        print(
          "\(result.images) images per pass: \(Int(result.imagesPerSecond)) images/s, a step of "
            + "threshold training \(Int(result.stepImagesPerSecond)); "
            + "\(Int(100 * result.share)) and \(Int(100 * result.stepShare)) % of the bare convolutions' "
            + "\(Int(result.boundImagesPerSecond)), \(Int(result.megabytes)) MB of buffers, "
            + "\(Int(peak)) MB at most")
      }
    }
  }
}

extension TrainingBenchmark {
  /// Random samples of the first input, the same in every run.
  private static func samples(of graph: FloatGraph, count: Int) throws -> SampleSet {
    let shape = graph.inputs.first.map { graph.values[$0].shape } ?? []
    var noise = UInt32(1)
    let values = (0..<count * shape.reduce(1, *)).map { _ -> Float in
      noise = noise &* 1_664_525 &+ 1_013_904_223
      return Float(noise >> 8) / Float(1 << 23) - 1
    }
    let array = NumericArray(name: "x", shape: [count] + shape.dropFirst(), values: values)
    return try SampleSet(arrays: [array], for: graph, limit: count)
  }
}

/// The most memory the process has held, as Linux counts it.
func peakMegabytes() throws -> Double {
  let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
  let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
  return line.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }.first.map {
    $0 * 1024 / 1e6
  } ?? .nan
}

extension [Double] {
  var median: Double { sorted()[count / 2] }
}

extension FloatGraph {
  /// The graph up to its logits, where a distillation loss begins.
  func beforeSoftmax() -> FloatGraph {
    var graph = self
    guard let last = nodes.last, case .softmax = last.operation, outputs == [last.output] else {
      return self
    }
    graph.nodes.removeLast()
    graph.outputs = [last.inputs[0]]
    return graph
  }
}

IdleThreads.limitSpinning()
runCommand(TrainingBenchmark.self)
