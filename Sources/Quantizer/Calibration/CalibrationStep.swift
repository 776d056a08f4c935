import Diagnostics
import FloatEngine
import FloatModel

/// Runs the float graph over the samples and sets every activation's range from the statistics of
/// the chosen calibrator.
public struct CalibrationStep: QuantizationStep {
  /// The calibration samples.
  public var samples: SampleSet
  /// See ``QuantizationStep``.
  public let title = "calibrating"

  /// Creates the step.
  public init(samples: SampleSet) { self.samples = samples }

  /// Sets `observed` and `ranges` of every activation.
  ///
  /// - Throws: no samples; an image that cannot be read; a pad with an infinite value; an activation
  ///   that becomes NaN or infinite, with the node that computes it.
  public func apply(
    to state: inout QuantizationState, progress: (StepProgress) -> Void
  ) throws(Diagnostic) {
    guard samples.count > 0 else {
      throw Diagnostic(
        place: "calibration", problem: "there are no samples",
        remedy: "give at least one image, better a hundred")
    }
    let options = state.options
    let graph = state.graph
    try requireFinitePads(graph)
    var calibrators: [ValueIndex: any Calibrator] = [:]
    var engine: FloatEngine?
    var engineBatch = 0
    var start = 0
    while start < samples.count {
      let batch = min(options.batch, samples.count - start)
      let inputs = try samples.inputs(start..<start + batch)
      if batch != engineBatch {
        engine = try FloatEngine(
          graph: graph, batch: batch, keeping: [], threads: options.threads)
        engineBatch = batch
      }
      var broken: ValueIndex?
      try engine?.run(inputs: inputs) { value, elements in
        let perSample = elements.count / batch
        var calibrator = calibrators[value] ?? options.makeCalibrator()
        for sample in 0..<batch {
          let part = UnsafeBufferPointer(
            rebasing: elements[sample * perSample..<(sample + 1) * perSample])
          guard isFinite(part) else {
            broken = broken ?? value
            return
          }
          calibrator.observe(part)
        }
        calibrators[value] = calibrator
      }
      if let broken {
        throw Diagnostic(
          place: "tensor '\(graph.values[broken].name)'",
          problem: "holds NaN or infinity for calibration samples \(start)…\(start + batch - 1)",
          remedy: "check --mean and --std and the model's weights")
      }
      start += batch
      progress(StepProgress(Double(start) / Double(samples.count)))
    }
    state.observed = calibrators.mapValues { $0.range() }
    state.ranges = state.observed.merging(state.knownRanges) { $1 }
  }

  /// Simplification hands −∞ to the max pool behind it, where there is one.
  private func requireFinitePads(_ graph: FloatGraph) throws(Diagnostic) {
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
