import InferenceSession
import IntegerModel
import IntegerRuntime

/// What all results of a run have in common.
struct RunContext {
  /// Path of the model.
  var model: String
  var graph: IntegerGraph
  var arithmetic: ArithmeticProfile
  /// The kernels in use, never `auto`.
  var kernels: KernelChoice
  var threads: Int
  /// How many classes to show.
  var top: Int

  /// The outputs that hold one score per class, of which the first is the classification.
  var classOutput: TensorIndex? {
    graph.outputs.first.flatMap { graph.tensors[$0].isScoreVector ? $0 : nil }
  }

  /// The greatest scores after a run; empty where the model is no classifier.
  func topClasses(_ interpreter: Interpreter) -> [ClassScore] {
    guard let output = classOutput else { return [] }
    return graph.tensors[output].topClasses(
      in: interpreter.bytes(of: output), labels: graph.labels, count: top)
  }

  /// Each output after a run.
  func outputs(_ interpreter: Interpreter) -> [OutputCodes] {
    graph.outputs.map { index in
      let tensor = graph.tensors[index]
      let bytes = interpreter.bytes(of: index)
      var (least, greatest) = (Int.max, Int.min)
      for element in 0..<tensor.elementCount {
        let code = tensor.elementType.code(at: element, in: bytes)
        least = min(least, code)
        greatest = max(greatest, code)
      }
      return OutputCodes(tensor: tensor, range: least...max(least, greatest))
    }
  }
}

/// What can be said of an output in a line.
struct OutputCodes {
  var tensor: TensorDescription
  /// The least and the greatest code.
  var range: ClosedRange<Int>

  /// The code of an output of one element: a score, a regression, the index of a class.
  var onlyCode: Int? { tensor.elementCount == 1 ? range.lowerBound : nil }
  /// The real number that the only code stands for; `nil` where the output has no scale.
  var onlyReal: Double? { onlyCode.flatMap { tensor.real($0) } }
}

/// Prints the results of a run to standard output.
protocol ResultPrinter {
  /// Before the first result.
  func begin() throws
  /// After the run of one input, whose results `interpreter` holds.
  func result(of input: String, _ interpreter: Interpreter, microseconds: Double) throws
  /// The times of the operations; `peak` is `nil` for kernels without dot products of bytes.
  func layers(_ times: LayerTimes, peak: Peak?) throws
  /// The statistics of many runs.
  func benchmark(of input: String, _ latency: LatencyStatistics, warmUpCount: Int) throws
  /// That a comparison found no difference.
  func equal(to golden: String, elementCount: Int, inputCount: Int) throws
}
