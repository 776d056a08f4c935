import Diagnostics
import FloatModel
import Foundation

/// Lets each channel that depthwise layers read fill the codes of its tensor, as if every channel had
/// an activation threshold of its own: the layer before is scaled up, the depthwise layer takes it
/// back.
///
/// With one weight threshold per filter this costs no resolution of weights: in both layers it scales
/// whole filters, and their thresholds follow. The rounding error of a channel falls by its factor.
/// Layers that mix channels would pay for it, so that chains with any other reader are left alone.
///
/// Channels that reach a finite clamp stay. The others keep room for what the samples do not show:
/// see ``ChannelReach``.
public struct ChannelRangeEqualizationStep: QuantizationStep {
  /// The calibration samples.
  public var samples: SampleSet
  /// See ``QuantizationStep``.
  public let title = "equalizing channels"

  /// Creates the step.
  public init(samples: SampleSet) { self.samples = samples }

  /// Scales weights and biases of `graph`; a model without such channels gets a note.
  ///
  /// - Throws: what ``SampleSet/run(through:options:progress:observe:)`` throws.
  public func apply(
    to state: inout QuantizationState, progress: (StepProgress) -> Void
  ) throws(Diagnostic) {
    let graph = state.graph
    let chains = ScalingChain.all(in: graph).filter { chain in
      chain.consumers.allSatisfy(\.layout.isDepthwise)
    }
    guard !chains.isEmpty else {
      state.notes.append("no layer is followed by depthwise layers alone: no channels to equalize")
      return
    }
    let values = Set(chains.map(\.value))
    var reaches: [ValueIndex: ChannelReach] = [:]
    try samples.run(through: graph, options: state.options, progress: progress) { value, elements in
      let shape = graph.values[value].shape
      guard values.contains(value), let channels = shape.last else { return }
      reaches[value, default: ChannelReach(channels: channels)]
        .observe(elements, sampleSize: shape.reduce(1, *))
    }
    var scaled = 0
    for chain in chains {
      guard let reach = reaches[chain.value] else { continue }
      let factors = Self.factors(reach: reach.expected, clamp: chain.producer.clamp)
      chain.scale(by: factors, in: &state.graph)
      scaled += factors.count { $0 > 1 }
    }
    state.reference = state.graph
    let channels = chains.reduce(0) { $0 + $1.producer.outputs }
    let layers = chains.count == 1 ? "1 layer" : "\(chains.count) layers"
    state.notes.append(
      "channel-range equalization: \(scaled) of \(channels) channels of \(layers) scaled")
  }

  /// The factor of each channel, at least 1, that takes its reach to the nearest finite limit of the
  /// clamp, or where there is none to the greatest reach of all channels. Silent channels keep 1.
  static func factors(reach: [Double], clamp: ClampRange) -> [Double] {
    // A limit of 0 holds whatever the factor.
    let limits = [Double(clamp.maximum), -Double(clamp.minimum)].filter { $0 > 0 && $0.isFinite }
    let target = limits.min() ?? reach.max() ?? 0
    return reach.map { $0 > 0 ? max(1, target / $0) : 1 }
  }
}

/// How far each channel, the last axis, of an activation is to be expected to go from zero.
struct ChannelReach {
  /// How much of a channel's unevenness over the samples is added as room, as an exponent. The
  /// fourth root kept what the samples' maxima alone gained on MobileNetV1 0.25, while on
  /// MobileNetV2, many of whose channels answer to few images, those lost 2 dB.
  private static let caution = 0.25

  private var maxima: [Float]
  private var sums: [Double]
  private var samples = 0

  init(channels: Int) {
    maxima = Array(repeating: 0, count: channels)
    sums = Array(repeating: 0, count: channels)
  }

  /// Takes in samples of `sampleSize` elements each, one after the other.
  mutating func observe(_ elements: UnsafeBufferPointer<Float>, sampleSize: Int) {
    let channels = maxima.count
    var greatest = maxima
    for start in stride(from: 0, to: elements.count, by: sampleSize) {
      for channel in 0..<channels { greatest[channel] = 0 }
      greatest.withUnsafeMutableBufferPointer { greatest in
        for position in stride(from: start, to: start + sampleSize, by: channels) {
          for channel in 0..<channels {
            greatest[channel] = max(greatest[channel], abs(elements[position + channel]))
          }
        }
      }
      for channel in 0..<channels {
        maxima[channel] = max(maxima[channel], greatest[channel])
        sums[channel] += Double(greatest[channel])
      }
      samples += 1
    }
  }

  /// The greatest magnitude of each channel, times the fourth root of its ratio to the mean over the
  /// samples of their greatest: a channel that answers loudly to few of them may answer louder to the
  /// next.
  var expected: [Double] {
    zip(maxima, sums).map { maximum, sum in
      guard sum > 0 else { return 0 }
      return Double(maximum) * pow(Double(maximum) * Double(samples) / sum, Self.caution)
    }
  }
}
