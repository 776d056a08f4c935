import Diagnostics
import FloatModel

/// Makes the filters of each depthwise convolution alike in magnitude by scaling them, and takes the
/// scale back in the layers that read their output (paper 3.3, the six steps of 3.3.1), so that one
/// threshold fits all filters of the layer.
///
/// The function of the network stays the same for all inputs that stay within the ranges of the
/// samples.
public struct DepthwiseRescalingStep: QuantizationStep {
  /// The calibration samples.
  public var samples: SampleSet
  /// See ``QuantizationStep``.
  public let title = "rescaling depthwise filters"

  /// Creates the step.
  public init(samples: SampleSet) { self.samples = samples }

  /// Scales weights and biases of `graph`; a model without depthwise layers that can be rescaled
  /// gets a note.
  ///
  /// - Throws: what ``SampleSet/run(through:options:progress:observe:)`` throws.
  public func apply(
    to state: inout QuantizationState, progress: (StepProgress) -> Void
  ) throws(Diagnostic) {
    let chains = ScalingChain.all(in: state.graph).filter(\.producer.layout.isDepthwise)
    guard !chains.isEmpty else {
      state.notes.append(
        "no depthwise convolution is followed by convolutions alone: nothing to rescale")
      return
    }
    let extremes = try ChannelExtremes.observed(
      of: Set(chains.map(\.value)), in: state.graph, samples: samples, options: state.options,
      progress: progress)
    var locked = 0
    var channels = 0
    for chain in chains {
      guard let observed = extremes[chain.value] else { continue }
      let limits = ScalingLimits(clamp: chain.producer.clamp, extremes: observed)
      let factors = Self.factors(
        filterMaxima: chain.producer.filterMaxima(in: state.graph), limits: limits,
        greatestOutputs: observed.maxima.map(Double.init), clamp: chain.producer.clamp)
      chain.scale(by: factors, in: &state.graph)
      locked += factors.indices.count { limits.isLocked($0) }
      channels += factors.count
    }
    state.reference = state.graph
    let layers = chains.count == 1 ? "1 depthwise layer" : "\(chains.count) depthwise layers"
    state.notes.append(
      "depthwise rescaling: \(locked) of \(channels) channels of \(layers) locked")
  }

  /// The factor of each filter that brings its greatest weight to the control value T0, or as close
  /// as the limits allow.
  ///
  /// T0 is the mean over the locked filters, which cannot be moved: the others come to them. Where
  /// none is locked, all filters could meet anywhere; T0 is then the mean over all of them, which
  /// keeps the factors near 1. Without an upper clamp no factor may lift a channel above the
  /// greatest output of all, so that what the weights gain is not lost on the threshold of the
  /// output.
  static func factors(
    filterMaxima: [Double], limits: ScalingLimits, greatestOutputs: [Double], clamp: ClampRange
  ) -> [Double] {
    let locked = filterMaxima.indices.filter { limits.isLocked($0) }
    let control = (locked.isEmpty ? Array(filterMaxima.indices) : locked).map { filterMaxima[$0] }
    let mean = control.reduce(0, +) / Double(control.count)
    let greatestOutput = greatestOutputs.max() ?? 0
    return filterMaxima.indices.map { filter in
      guard filterMaxima[filter] > 0, mean > 0 else { return 1 }
      var factor = limits.limited(mean / filterMaxima[filter], channel: filter)
      if !clamp.maximum.isFinite, greatestOutputs[filter] > 0 {
        factor = min(factor, greatestOutput / greatestOutputs[filter])
      }
      return factor
    }
  }
}
