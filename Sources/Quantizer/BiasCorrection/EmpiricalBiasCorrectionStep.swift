import Diagnostics
import FloatModel

/// Sets the bias of each layer, in execution order, so that the mean of what it computes before its
/// activation is the float layer's, channel by channel: with the codes that the integer kernels
/// deliver to it, all layers before it corrected already.
///
/// The mean of a layer's sums follows from the mean input that each tap sees, so nothing is run just
/// to measure: all samples go through the float network once and through the integer kernels once,
/// breadth first. What is measured is what is lowered. Runs after calibration and weight thresholds,
/// and again after a change of thresholds or weights.
public struct EmpiricalBiasCorrectionStep: QuantizationStep {
  /// The calibration samples.
  public var samples: SampleSet
  /// See ``QuantizationStep``.
  public let title = "correcting biases"
  /// Bytes of codes that may be held at a time; of more samples than fit only some are used.
  package var greatestByteCount = 1 << 30

  /// Creates the step.
  public init(samples: SampleSet) { self.samples = samples }

  /// Sets the biases of `graph`; layers without one get one.
  ///
  /// - Throws: what ``SampleSet/run(through:options:progress:observe:)`` and lowering throw.
  public func apply(
    to state: inout QuantizationState, progress: (StepProgress) -> Void
  ) throws(Diagnostic) {
    state.graph.separateBiases()
    let fitting = max(1, greatestByteCount / max(1, state.graph.greatestLiveElementCount()))
    let used = samples.subset(fitting)
    if used.count < samples.count {
      state.notes.append(
        "bias correction used \(used.count) of \(samples.count) samples, all that fit in "
          + "\(greatestByteCount >> 20) MiB")
    }
    let layers = state.graph.correctableLayers()
    let means = try used.tapMeans(
      ofLayers: layers, in: state.reference, options: state.options
    ) { progress(StepProgress($0.share / 2)) }
    var run = try BreadthFirstRun(state, samples: used)
    let nodes = state.graph.nodes
    for position in nodes.indices {
      if let floatMeans = means[position]?.means {
        correct(position, of: nodes[position], floatMeans: floatMeans, in: &run)
      }
      try run.advance()
      progress(StepProgress(0.5 + Double(position + 1) / Double(2 * nodes.count)))
    }
    state = run.state
  }

  private func correct(
    _ position: Int, of node: FloatNode, floatMeans: [Double], in run: inout BreadthFirstRun
  ) {
    let graph = run.state.graph
    guard let window = LayerWindow(node, in: graph),
      let wanted = LayerResponse(ofLayerAt: position, in: run.state.reference, to: floatMeans),
      let input = run.lowering.activationParameters[node.inputs[0]],
      let codeMeans = run.tapMeans(of: node.inputs[0], window: window)?.means
    else { return }
    run.state.correctBias(
      ofLayerAt: position, wanted: wanted.sum,
      inputMeans: codeMeans.map { $0 * Double(input.scale) }, input: input)
  }
}
