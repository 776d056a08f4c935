import Diagnostics
import FloatModel
import Foundation

/// Brings the channels of a tensor closer to its range, so that each has more codes: what writes a
/// channel is scaled up, what reads it takes that back.
///
/// With one weight threshold per filter this costs the layers that write nothing, nor depthwise
/// layers that read: whole filters are scaled, and their thresholds follow. Layers that mix channels
/// come to read with finer weights here and coarser ones there. In linear bottlenecks and behind
/// ReLU, whose channels differ most, activations gain more than that costs; where ReLU6 bounds the
/// channels they do not, and such tensors are left alone.
///
/// A channel goes half of the way, on a logarithmic scale, from its expected reach to the range of
/// its tensor. Going the whole way lost 1 dB on one half of the images with MobileNetV2, many of
/// whose channels answer to few images, and gained MobileNetV1 nothing. See ``ChannelReach``.
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
    let streams = ChannelStream.all(in: graph).filter { stream in
      stream.limit == nil || stream.consumers.allSatisfy(\.layout.isDepthwise)
    }
    guard !streams.isEmpty else {
      state.notes.append("no tensor's channels can be scaled without harm: none is equalized")
      return
    }
    let values = Set(streams.flatMap(\.values))
    var reaches: [ValueIndex: ChannelReach] = [:]
    try samples.run(through: graph, options: state.options, progress: progress) { value, elements in
      let shape = graph.values[value].shape
      guard values.contains(value), let channels = shape.last else { return }
      reaches[value, default: ChannelReach(channels: channels)]
        .observe(elements, sampleSize: shape.reduce(1, *))
    }
    var scaled = 0
    for stream in streams {
      let reaches = stream.values.compactMap { reaches[$0]?.expected }
      let factors = Self.factors(reaches: reaches, limit: stream.limit.map(Double.init))
      stream.scale(by: factors, in: &state.graph)
      scaled += factors.count { $0 > 1 }
    }
    state.reference = state.graph
    let channels = streams.reduce(0) { $0 + $1.channels }
    let tensors = streams.count == 1 ? "1 tensor" : "\(streams.count) tensors"
    state.notes.append(
      "channel-range equalization: \(scaled) of \(channels) channels of \(tensors) scaled")
  }

  /// The factor of each channel, at least 1: the square root of what would take it to the limit of
  /// the clamp or, without one, to the reach of the channel that reaches furthest. Channels that
  /// are 0 on all samples keep 1.
  ///
  /// - Parameters:
  ///   - reaches: the expected reach of each channel, for each tensor of a stream.
  ///   - limit: where a clamp cuts off.
  static func factors(reaches: [[Double]], limit: Double?) -> [Double] {
    guard let channels = reaches.first?.indices else { return [] }
    if let limit {
      return channels.map { channel in
        let reach = reaches.reduce(0) { max($0, $1[channel]) }
        return reach > 0 ? max(1, limit / reach).squareRoot() : 1
      }
    }
    // Each tensor has a range of its own: a channel's share of it counts, on average.
    let shares = channels.map { channel in
      reaches.reduce(0.0) { sum, reach in
        let greatest = reach.max() ?? 0
        return greatest > 0 ? sum + pow(reach[channel] / greatest, 2) : sum
      }.squareRoot()
    }
    let greatest = shares.max() ?? 0
    return shares.map { $0 > 0 ? (greatest / $0).squareRoot() : 1 }
  }
}
