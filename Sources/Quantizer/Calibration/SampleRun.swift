import Diagnostics
import FloatEngine
import FloatModel

extension SampleSet {
  /// Runs `graph` over all samples, `options.batch` at a time. `observe` is told, sample after
  /// sample, each graph input and each node's output, `[…shape]`; the elements are valid during the
  /// call only.
  ///
  /// - Throws: no samples; an image that cannot be read; a pad with an infinite value; an activation
  ///   that becomes NaN or infinite, by its name.
  func run(
    through graph: FloatGraph, options: QuantizationOptions, progress: (StepProgress) -> Void,
    observe: @escaping (ValueIndex, UnsafeBufferPointer<Float>) -> Void
  ) throws(Diagnostic) {
    guard count > 0 else { throw Self.noSamples }
    try Self.requireFinitePads(graph)
    var engine: FloatEngine?
    var start = 0
    while start < count {
      let batch = min(options.batch, count - start)
      let inputs = try inputs(start..<start + batch)
      if batch != engine?.batch {
        engine = try FloatEngine(graph: graph, batch: batch, keeping: [], threads: options.threads)
      }
      var broken: ValueIndex?
      try engine?.run(inputs: inputs) { value, elements in
        let perSample = elements.count / batch
        for sample in 0..<batch {
          let part = UnsafeBufferPointer(
            rebasing: elements[sample * perSample..<(sample + 1) * perSample])
          guard isFinite(part) else {
            broken = broken ?? value
            return
          }
          observe(value, part)
        }
      }
      if let broken {
        throw Diagnostic(
          place: "tensor '\(graph.values[broken].name)'",
          problem: "holds NaN or infinity for calibration samples \(start)…\(start + batch - 1)",
          remedy: "check --mean and --std and the model's weights")
      }
      start += batch
      progress(StepProgress(Double(start) / Double(count)))
    }
  }

  /// What is wrong with none.
  static let noSamples = Diagnostic(
    place: "calibration", problem: "there are no samples",
    remedy: "give at least one image, better a hundred")

  /// Simplification hands −∞ to the max pool behind it, where there is one.
  private static func requireFinitePads(_ graph: FloatGraph) throws(Diagnostic) {
    for node in graph.nodes {
      guard case .pad(_, _, .constant(let value)) = node.operation, !value.isFinite else {
        continue
      }
      throw Diagnostic(
        place: "node '\(node.name)'",
        problem: "it pads with \(value), which no integer code can stand for",
        remedy: "let a max pool pad by itself, or pad with the least value that its input takes")
    }
  }
}

/// Whether every element is finite: a sum of differences x − x is 0 for finite values and NaN
/// otherwise, which, unlike a test of each, the compiler can vectorize.
func isFinite(_ values: UnsafeBufferPointer<Float>) -> Bool {
  var sums = SIMD8<Float>(repeating: 0)
  var index = 0
  while index + 8 <= values.count {
    let lanes = UnsafeRawPointer(values.baseAddress.unsafelyUnwrapped + index)
      .loadUnaligned(as: SIMD8<Float>.self)
    sums += lanes - lanes
    index += 8
  }
  var sum = sums.sum()
  while index < values.count {
    sum += values[index] - values[index]
    index += 1
  }
  return sum == 0
}
