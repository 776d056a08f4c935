import Diagnostics
import Foundation
import InferenceSession
import IntegerModel
import IntegerRuntime

/// Results for people.
struct TextPrinter: ResultPrinter {
  private let context: RunContext

  init(_ context: RunContext) { self.context = context }

  func begin() {
    let threads = context.threads == 1 ? "1 thread" : "\(context.threads) threads"
    line(
      "\(context.model): arithmetic \(context.arithmetic.name), kernels "
        + "\(context.kernels.rawValue), \(threads)")
  }

  func result(of input: String, _ interpreter: Interpreter, microseconds: Double) {
    line("\(input): \(whole(microseconds)) µs")
    guard let output = context.classOutput else {
      for output in context.outputs(interpreter) { line("  output " + text(of: output)) }
      return
    }
    let isProbability = context.graph.tensors[output].holdsProbabilities
    for score in context.topClasses(interpreter) {
      var text = right("\(score.index)", 7)
      if let real = score.real {
        text +=
          isProbability
          ? right(String(format: "%.1f %%", real * 100), 9)
          : right(String(format: "%.4g", real), 11)
      }
      text += "  code " + right("\(score.code)", 4)
      if let label = score.label { text += "  " + label }
      line(text)
    }
  }

  func layers(_ times: LayerTimes, peak: Peak?) {
    let graph = context.graph
    let operations = graph.operations
    let total = max(times.sums.reduce(0, +), .leastNormalMagnitude)
    let names = operations.map { Diagnostic.printable($0.name) }
    let nameWidth = min(max(names.map(\.count).max() ?? 0, 9), 48)
    line(
      "  " + left("operation", nameWidth) + "  " + left("kind", 21)
        + "        µs   share    MMAC  of peak  output")
    for (index, operation) in operations.enumerated() {
      let shape = operation.outputs.first.map { "\(graph.tensors[$0].shape)" } ?? ""
      line(
        "  " + left(names[index], nameWidth) + "  " + left(operation.kind.name, 21)
          + right(String(format: "%.1f", times.mean(of: index)), 10)
          + right(String(format: "%.1f %%", times.sums[index] / total * 100), 8)
          + products(graph.macs(of: index), microseconds: times.mean(of: index), peak)
          + "  " + shape)
    }
    let sum = operations.indices.reduce(0) { $0 + times.mean(of: $1) }
    line(
      "  " + left("total", nameWidth) + "  " + left("mean of \(times.runCount) runs", 21)
        + right(String(format: "%.1f", sum), 10) + right("", 8)
        + products(
          operations.indices.reduce(0) { $0 + graph.macs(of: $1) }, microseconds: sum, peak))
    if let peak {
      let threads = context.threads == 1 ? "1 thread" : "\(context.threads) threads"
      line(
        "  peak: \(whole(peak.gigaMACsPerSecond)) GMAC/s with kernels \(context.kernels.rawValue) on "
          + "\(threads), products of bytes in registers measured just now")
    }
  }

  /// Millions of multiply-accumulates, and which share of the peak they are.
  private func products(_ macs: Int, microseconds: Double, _ peak: Peak?) -> String {
    guard macs > 0 else { return right("–", 8) + right("–", 9) }
    let share = peak.map {
      String(format: "%.0f %%", $0.share(macs: macs, microseconds: microseconds) * 100)
    }
    return right(String(format: "%.2f", Double(macs) / 1e6), 8) + right(share ?? "–", 9)
  }

  func benchmark(of input: String, _ latency: LatencyStatistics, warmUpCount: Int) {
    line(
      "\(input): \(latency.count) runs after \(warmUpCount) to warm up: median "
        + "\(whole(latency.median)) µs, mean \(whole(latency.mean)), least "
        + "\(whole(latency.minimum)), 90 % \(whole(latency.percentile(0.9))), 99 % "
        + "\(whole(latency.percentile(0.99))), greatest \(whole(latency.maximum)); "
        + String(format: "%.1f", 1e6 / latency.mean) + " per second")
  }

  func equal(to golden: String, elementCount: Int, inputCount: Int) {
    let inputs = inputCount == 1 ? "1 input" : "\(inputCount) inputs"
    line("\(golden): all \(elementCount) elements of \(inputs) are equal")
  }

  /// `'y' int8 [1, 8]: codes -3 to 120`, or of one element `'y' int8 [1, 1]: code 12, value 0.5`
  private func text(of output: OutputCodes) -> String {
    let tensor = output.tensor
    let start = "'\(tensor.name)' \(tensor.elementType.name) \(tensor.shape): "
    guard let code = output.onlyCode else {
      return start + "codes \(output.range.lowerBound) to \(output.range.upperBound)"
    }
    guard let real = output.onlyReal else { return start + "code \(code)" }
    return start + "code \(code), "
      + (tensor.holdsProbabilities
        ? String(format: "probability %.1f %%", real * 100) : String(format: "value %.4g", real))
  }

  /// Prints one line; names from files cannot drive the terminal.
  private func line(_ text: String) { print(Diagnostic.printable(text)) }

  private func whole(_ microseconds: Double) -> String { String(format: "%.0f", microseconds) }

  private func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 0)) + text
  }

  private func left(_ text: String, _ width: Int) -> String {
    let cut = text.count > width ? String(text.prefix(width - 1)) + "…" : text
    return cut + String(repeating: " ", count: max(width - cut.count, 0))
  }
}
