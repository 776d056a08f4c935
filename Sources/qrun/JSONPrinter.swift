import CommandSupport
import InferenceSession
import IntegerModel
import IntegerRuntime

/// Results for scripts: one JSON object per line.
struct JSONPrinter: ResultPrinter {
  private let context: RunContext

  init(_ context: RunContext) { self.context = context }

  func begin() {}

  func result(of input: String, _ interpreter: Interpreter, microseconds: Double) throws {
    let isProbability = context.classOutput.map { context.graph.tensors[$0].holdsProbabilities }
    let classes = context.topClasses(interpreter).map { score in
      Class(
        index: score.index, label: score.label, code: score.code,
        probability: isProbability == true ? score.real : nil,
        value: isProbability == true ? nil : score.real)
    }
    let outputs = context.outputs(interpreter).map { output in
      let tensor = output.tensor
      return Output(
        name: tensor.name, elementType: tensor.elementType.name, shape: tensor.shape,
        minimum: output.range.lowerBound, maximum: output.range.upperBound, code: output.onlyCode,
        probability: tensor.holdsProbabilities ? output.onlyReal : nil,
        value: tensor.holdsProbabilities ? nil : output.onlyReal)
    }
    print(
      try jsonLine(
        Result(
          input: input, microseconds: microseconds, arithmetic: context.arithmetic.name,
          kernels: context.kernels.rawValue, top: classes, outputs: outputs)))
  }

  func layers(_ times: LayerTimes, peak: Peak?) throws {
    let layers = context.graph.operations.enumerated().map { index, operation in
      let macs = context.graph.macs(of: index)
      let time = times.mean(of: index)
      return Layer(
        index: index, name: operation.name, kind: operation.kind.name, microseconds: time,
        macs: macs, shareOfPeak: peak.map { $0.share(macs: macs, microseconds: time) })
    }
    print(
      try jsonLine(
        Layers(
          runs: times.runCount, kernels: context.kernels.rawValue, threads: context.threads,
          peakGigaMACsPerSecond: peak?.gigaMACsPerSecond, layers: layers)))
  }

  func benchmark(of input: String, _ latency: LatencyStatistics, warmUpCount: Int) throws {
    print(
      try jsonLine(
        Benchmark(
          input: input, runs: latency.count, warmUpRuns: warmUpCount,
          arithmetic: context.arithmetic.name,
          kernels: context.kernels.rawValue, threads: context.threads,
          microseconds: Benchmark.Microseconds(
            minimum: latency.minimum, median: latency.median, mean: latency.mean,
            percentile90: latency.percentile(0.9), percentile99: latency.percentile(0.99),
            maximum: latency.maximum))))
  }

  func equal(to golden: String, elementCount: Int, inputCount: Int) throws {
    print(try jsonLine(Equal(golden: golden, equalElements: elementCount, inputs: inputCount)))
  }

  private struct Class: Encodable {
    var index: Int
    var label: String?
    var code: Int
    var probability: Double?
    var value: Double?
  }

  private struct Output: Encodable {
    var name: String
    var elementType: String
    var shape: [Int]
    var minimum: Int
    var maximum: Int
    /// Of an output of one element.
    var code: Int?
    var probability: Double?
    var value: Double?
  }

  private struct Result: Encodable {
    var input: String
    var microseconds: Double
    var arithmetic: String
    var kernels: String
    var top: [Class]
    var outputs: [Output]
  }

  private struct Layer: Encodable {
    var index: Int
    var name: String
    var kind: String
    var microseconds: Double
    var macs: Int
    /// 0…1; left out for kernels without dot products of bytes.
    var shareOfPeak: Double?
  }

  private struct Layers: Encodable {
    var runs: Int
    var kernels: String
    var threads: Int
    var peakGigaMACsPerSecond: Double?
    var layers: [Layer]
  }

  private struct Benchmark: Encodable {
    struct Microseconds: Encodable {
      var minimum: Double
      var median: Double
      var mean: Double
      var percentile90: Double
      var percentile99: Double
      var maximum: Double
    }

    var input: String
    var runs: Int
    var warmUpRuns: Int
    var arithmetic: String
    var kernels: String
    var threads: Int
    var microseconds: Microseconds
  }

  private struct Equal: Encodable {
    var golden: String
    var equalElements: Int
    var inputs: Int
  }
}
