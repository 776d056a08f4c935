import Diagnostics
import FloatModel
import Foundation

/// Cross-layer equalization with high-bias absorption (Nagel et al., "Data-Free Quantization Through
/// Weight Equalization and Bias Correction", ICCV 2019, sections 4.1 and 4.2).
///
/// Between each layer and the layers that read its output, every channel is scaled so that its
/// weights have the same range on both sides: factor `√(r2 / r1)` for filters of range r1 whose
/// output meets weights of range r2. Chains share layers, so this is repeated until nothing moves.
/// A finite clamp limits the factors as in depthwise rescaling.
///
/// The function of the network stays the same for all inputs that stay within the ranges of the
/// samples.
public struct CrossLayerEqualizationStep: QuantizationStep {
  /// The calibration samples.
  public var samples: SampleSet
  /// See ``QuantizationStep``.
  public let title = "equalizing layers"

  /// A sweep in which no factor moves by more than this share is the last.
  private static let tolerance = 1e-3
  /// Bounds the time where long chains keep factors moving.
  private static let greatestSweepCount = 100
  /// Factors stay within this and its inverse: channels whose weights are next to zero on one side
  /// do not matter.
  private static let greatestFactor = 1e4

  /// Creates the step.
  public init(samples: SampleSet) { self.samples = samples }

  /// Scales weights and biases of `graph` and absorbs high biases; a model without chains of layers
  /// gets a note.
  ///
  /// - Throws: what ``SampleSet/run(through:options:progress:observe:)`` throws.
  public func apply(
    to state: inout QuantizationState, progress: (StepProgress) -> Void
  ) throws(Diagnostic) {
    state.graph.addMissingBiases()
    let chains = ScalingChain.all(in: state.graph)
    guard !chains.isEmpty else {
      state.notes.append("no layer is followed by layers alone: nothing to equalize")
      return
    }
    let extremes = try ChannelExtremes.observed(
      of: Set(chains.map(\.value)), in: state.graph, samples: samples, options: state.options,
      progress: progress)
    let links = chains.compactMap { chain in
      extremes[chain.value].map { Link(chain: chain, extremes: $0) }
    }
    let factors = Self.equalizingFactors(of: links, in: state.graph)
    for (link, factors) in zip(links, factors) {
      link.chain.scale(by: factors, in: &state.graph)
    }
    for (link, factors) in zip(links, factors) {
      link.absorbHighBias(scaledBy: factors, in: &state.graph)
    }
    state.reference = state.graph
    let channels = links.reduce(0) { $0 + $1.chain.producer.outputs }
    let locked = links.reduce(0) { $0 + $1.lockedCount }
    state.notes.append(
      "cross-layer equalization: \(locked) of \(channels) channels of "
        + "\(links.count) chain\(links.count == 1 ? "" : "s") locked")
  }

  /// For each link the factors of its channels, once they have settled.
  private static func equalizingFactors(of links: [Link], in graph: FloatGraph) -> [[Double]] {
    var factors = links.map { [Double](repeating: 1, count: $0.chain.producer.outputs) }
    /// The link that scales the filters of a layer, and those that scale its inputs.
    var ownLink: [Int: Int] = [:]
    var inputLink: [Int: Int] = [:]
    for (index, link) in links.enumerated() {
      ownLink[link.chain.producer.position] = index
      for consumer in link.chain.consumers { inputLink[consumer.position] = index }
    }
    for _ in 0..<greatestSweepCount {
      var greatestChange = 0.0
      for (index, link) in links.enumerated() {
        let producer = link.chain.producer
        let inputFactors = inputLink[producer.position].map { factors[$0].map { 1 / $0 } }
        let first = producer.filterMaxima(inputsBy: inputFactors, in: graph)
        var second = [Double](repeating: 0, count: producer.outputs)
        for consumer in link.chain.consumers {
          let maxima = consumer.inputMaxima(
            outputsBy: ownLink[consumer.position].map { factors[$0] }, in: graph)
          second = zip(second, maxima).map { max($0, $1) }
        }
        for channel in first.indices where first[channel] > 0 && second[channel] > 0 {
          // The ranges without this link's own factor.
          let wanted = (second[channel] / first[channel]).squareRoot()
          let bounded = min(max(wanted, 1 / greatestFactor), greatestFactor)
          let limited = link.limits.limited(bounded, channel: channel)
          greatestChange = max(greatestChange, abs(log(limited / factors[index][channel])))
          factors[index][channel] = limited
        }
      }
      if greatestChange < tolerance { break }
    }
    return factors
  }
}

/// A chain with what the samples showed of its channels.
private struct Link {
  let chain: ScalingChain
  let extremes: ChannelExtremes
  let limits: ScalingLimits

  init(chain: ScalingChain, extremes: ChannelExtremes) {
    self.chain = chain
    self.extremes = extremes
    limits = ScalingLimits(clamp: chain.producer.clamp, extremes: extremes)
  }

  var lockedCount: Int { limits.greatestFactors.count { $0 == nil } }

  /// Moves what a channel never falls below from its bias into the biases of its readers: ReLU
  /// does not see the difference, and the output needs a smaller range. Nagel et al. estimate that
  /// level from batch normalization; here it is the least output over the samples.
  func absorbHighBias(scaledBy factors: [Double], in graph: inout FloatGraph) {
    guard chain.carriesShifts, chain.producer.clamp.minimum == 0 else { return }
    let excess = factors.indices.map { channel in
      limits.isLocked(channel) ? 0 : max(0, Double(extremes.minima[channel])) * factors[channel]
    }
    guard excess.contains(where: { $0 > 0 }) else { return }
    chain.producer.addToBias(excess.map { -$0 }, in: &graph)
    for consumer in chain.consumers {
      consumer.addToBias(consumer.response(toConstant: excess, in: graph), in: &graph)
    }
  }
}
