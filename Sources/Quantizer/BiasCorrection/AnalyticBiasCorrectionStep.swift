import Diagnostics
import FloatModel

/// Takes from each bias the mean error that rounding the layer's weights causes: E[ε] · E[x] with
/// ε = Ŵ − W (Nagel et al. 2019, section 4.3).
///
/// They derive E[x] from batch normalization without data; here it is the float network's mean input
/// over the samples, tap by tap, so that padding counts. Runs after calibration and weight
/// thresholds, and again after a change of the weights.
public struct AnalyticBiasCorrectionStep: QuantizationStep {
  /// The calibration samples.
  public var samples: SampleSet
  /// See ``QuantizationStep``.
  public let title = "correcting biases"

  /// Creates the step.
  public init(samples: SampleSet) { self.samples = samples }

  /// Sets the biases of `graph`; layers without one get one.
  ///
  /// - Throws: what ``SampleSet/run(through:options:progress:observe:)`` throws.
  public func apply(
    to state: inout QuantizationState, progress: (StepProgress) -> Void
  ) throws(Diagnostic) {
    state.graph.separateBiases()
    let layers = state.graph.correctableLayers()
    let means = try samples.tapMeans(
      ofLayers: layers, in: state.reference, options: state.options, progress: progress)
    let parameters = Lowering(state).activationParameters
    for layer in layers {
      guard let inputMeans = means[layer]?.means,
        let wanted = LayerResponse(ofLayerAt: layer, in: state.reference, to: inputMeans),
        let input = parameters[state.graph.nodes[layer].inputs[0]]
      else { continue }
      state.correctBias(
        ofLayerAt: layer, wanted: wanted.sum, inputMeans: inputMeans, input: input)
    }
  }
}
