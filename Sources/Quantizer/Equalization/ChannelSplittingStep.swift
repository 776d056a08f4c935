import Diagnostics
import FloatModel

/// Lets channels that do nothing, and cost their time all the same, carry half of a channel that does:
/// both halves see the same, a quarter of a step to either side, so that their sum has codes half a
/// step apart.
///
/// Splitting a channel in two is the idea of Zhao et al. 2019 ("Improving neural network
/// quantization without retraining using outlier channel splitting"), whose networks grow by it; here
/// they do not, since the second half takes the place of a spare channel. With x ± S/4 behind a ReLU,
/// round((x − S/4) / S) + round((x + S/4) / S) = round(2 x / S) inside the codes, and the quarters
/// cancel at both ends of the clamp: an exact zero stays exact. The same holds of weights: w in two
/// halves w/2 ± S/4 has the codes round((w/2 + S/4) / S) + round((w/2 − S/4) / S) = round(w / S), so
/// that splitting costs them nothing; filters that are copied whole gain a bit by w ± S/4. The energy
/// of a split channel's rounding error falls to a quarter.
///
/// Spare are channels that are 0 whatever the input, and channels that no quantized weight reads:
/// pruning by a scale of batch normalization leaves such behind, three of the first eight in
/// MobileNetV1 0.25. Where a layer has fewer of them than others, those are split that matter most:
/// by the noise that rounding leaves in what reads them.
public struct ChannelSplittingStep: QuantizationStep {
  /// The calibration samples.
  public var samples: SampleSet
  /// See ``QuantizationStep``.
  public let title = "splitting channels"

  /// Creates the step.
  public init(samples: SampleSet) { self.samples = samples }

  /// Changes weights and biases of `graph` around layers with spare channels; a model without gets
  /// a note.
  ///
  /// - Throws: what ``SampleSet/run(through:options:progress:observe:)`` throws.
  public func apply(
    to state: inout QuantizationState, progress: (StepProgress) -> Void
  ) throws(Diagnostic) {
    state.graph.separateBiases()
    let (graph, options) = (state.graph, state.options)
    let sites = SplittingSite.all(in: graph, known: state.knownRanges, weights: options.weights)
    var movements: [ValueIndex: ChannelMovement] = [:]
    for site in sites {
      for (value, layer) in [(site.value, site.producer), (site.depthwiseValue, site.depthwise)] {
        movements[value] = ChannelMovement(channels: layer.outputs, clamp: layer.clamp)
      }
    }
    if !sites.isEmpty {
      try samples.run(through: graph, options: options, progress: progress) {
        value, elements in
        movements[value]?.observe(elements)
      }
    }
    var (count, channels) = (0, 0)
    for site in sites {
      guard let before = movements[site.value], let behind = movements[site.depthwiseValue] else {
        continue
      }
      let splitting = ChannelSplitting(
        site: site, before: before, behind: behind, weights: options.weights)
      count += splitting.apply(to: &state.graph)
      channels += site.producer.outputs
    }
    state.reference = state.graph
    guard count > 0 else {
      state.notes.append("no channel in front of a depthwise layer is spare: none is split")
      return
    }
    let layers = sites.count == 1 ? "1 layer" : "\(sites.count) layers"
    state.notes.append("channel splitting: \(count) of \(channels) channels of \(layers) split")
  }
}

/// What splitting must know of an activation whose last axis are channels.
struct ChannelMovement {
  /// The greatest value of all channels.
  private(set) var greatest: Float = 0
  private var moving: [Int]
  private var sums: [Double]
  private var total = 0
  private let clamp: ClampRange

  init(channels: Int, clamp: ClampRange) {
    moving = Array(repeating: 0, count: channels)
    sums = Array(repeating: 0, count: channels)
    self.clamp = clamp
  }

  mutating func observe(_ elements: UnsafeBufferPointer<Float>) {
    let channels = moving.count
    for start in stride(from: 0, to: elements.count, by: channels) {
      for channel in 0..<channels {
        let element = elements[start + channel]
        greatest = max(greatest, element)
        sums[channel] += Double(element)
        if element > clamp.minimum, element < clamp.maximum { moving[channel] += 1 }
      }
    }
    total += elements.count / max(channels, 1)
  }

  /// The share of a channel's elements that lie inside the clamp: the others have exact codes.
  func share(_ channel: Int) -> Double { Double(moving[channel]) / Double(max(total, 1)) }

  /// The mean of a channel's elements.
  func mean(_ channel: Int) -> Double { sums[channel] / Double(max(total, 1)) }

  /// The distance of two codes.
  var step: Double { Double(greatest) / 255 }
}

/// The splitting of channels at one site.
struct ChannelSplitting {
  let site: SplittingSite
  let before: ChannelMovement
  let behind: ChannelMovement
  let weights: WeightGranularity

  /// Splits as many channels as there are spare ones, and returns their number.
  func apply(to graph: inout FloatGraph) -> Int {
    let noise = noise(in: graph)
    let spares = Set(site.spare)
    let loudest = noise.indices.filter { !spares.contains($0) && noise[$0] > 0 }
      .sorted { (-noise[$0], $0) < (-noise[$1], $1) }
    let pairs = Array(zip(loudest, site.spare))
    absorb(pairs.map(\.1), in: &graph)
    for (channel, spare) in pairs {
      site.producer.copyFilter(channel, to: spare, shift: weights, in: &graph)
      site.depthwise.copyFilter(channel, to: spare, shift: weights, in: &graph)
      shiftBiases(channel, spare, in: &graph)
    }
    for mixer in site.mixers { mixer.halveInputs(pairs, shift: weights, in: &graph) }
    return pairs.count
  }

  /// What the rounding of each channel, before and behind the depthwise layer, adds to the mixers'
  /// sums, as energy.
  private func noise(in graph: FloatGraph) -> [Double] {
    let taps = site.depthwise.filterEnergies(in: graph)
    let reads = site.mixers.map { $0.inputEnergies(in: graph) }
    return taps.indices.map { channel in
      let rounding =
        before.step * before.step * before.share(channel) * taps[channel]
        + behind.step * behind.step * behind.share(channel)
      return rounding * reads.reduce(0) { $0 + $1[channel] }
    }
  }

  /// Adds what mixers read of spare channels on average, before it is overwritten, to their biases.
  private func absorb(_ spares: [Int], in graph: inout FloatGraph) {
    var means = Array(repeating: 0.0, count: site.producer.outputs)
    for spare in spares { means[spare] = behind.mean(spare) }
    for mixer in site.mixers {
      mixer.addToBias(mixer.response(toConstant: means, in: graph), in: &graph)
    }
  }

  /// Moves the two halves a quarter of a step to either side, before and behind the depthwise layer,
  /// which takes the first back.
  private func shiftBiases(_ channel: Int, _ spare: Int, in graph: inout FloatGraph) {
    let (first, second) = (before.step / 4, behind.step / 4)
    var shifts = Array(repeating: 0.0, count: site.producer.outputs)
    shifts[channel] = -first
    shifts[spare] = first
    let responses = site.depthwise.response(toConstant: shifts, in: graph)
    site.producer.addToBias(shifts, in: &graph)
    var behindShifts = responses.map { -$0 }
    behindShifts[channel] -= second
    behindShifts[spare] += second
    site.depthwise.addToBias(behindShifts, in: &graph)
  }
}

extension ScalableLayer {
  /// Σ w² of each filter.
  fileprivate func filterEnergies(in graph: FloatGraph) -> [Double] {
    energies(count: outputs, in: graph) { filter, _ in filter }
  }

  /// Σ w² over all weights that read each input channel.
  fileprivate func inputEnergies(in graph: FloatGraph) -> [Double] {
    energies(count: inputs, in: graph) { _, channel in channel }
  }

  private func energies(
    count: Int, in graph: FloatGraph, of place: (_ filter: Int, _ channel: Int) -> Int
  ) -> [Double] {
    var result = Array(repeating: 0.0, count: count)
    let values = graph.values[weights].constant?.values ?? []
    layout.forEachWeight { index, filter, channel in
      result[place(filter, channel)] += Double(values[index]) * Double(values[index])
    }
    return result
  }

  /// Makes filter `target` a copy of `source`, bias and all, both moved by quarters of a step in
  /// opposite directions, which change from weight to weight so that sums hardly move. Weights that
  /// set the step stay.
  fileprivate func copyFilter(
    _ source: Int, to target: Int, shift granularity: WeightGranularity, in graph: inout FloatGraph
  ) {
    let step = Float(weightSteps(granularity, in: graph)[source])
    let size = layout.filterSize
    graph.values[weights].constant?.values.withUnsafeMutableBufferPointer { values in
      for offset in 0..<size {
        let weight = values[source * size + offset]
        let shift = Self.shift(of: weight, step: step, isUp: offset % 2 == 0)
        values[source * size + offset] = weight + shift
        values[target * size + offset] = weight - shift
      }
    }
    guard let bias, let value = graph.values[bias].constant?.values[source] else { return }
    graph.values[bias].constant?.values[target] = value
  }

  /// Lets the two channels of each pair share the weights of the first, a quarter of a step apart to
  /// either side of the half.
  fileprivate func halveInputs(
    _ pairs: [(channel: Int, spare: Int)], shift granularity: WeightGranularity,
    in graph: inout FloatGraph
  ) {
    var partner = Array(repeating: -1, count: inputs)
    for pair in pairs { partner[pair.spare] = pair.channel }
    graph.values[weights].constant?.values.withUnsafeMutableBufferPointer { values in
      layout.forEachWeight { index, _, channel in
        guard partner[channel] >= 0 else { return }
        let source = index - channel + partner[channel]
        values[source] /= 2
        values[index] = values[source]
      }
    }
    let steps = weightSteps(granularity, in: graph)
    graph.values[weights].constant?.values.withUnsafeMutableBufferPointer { values in
      layout.forEachWeight { index, filter, channel in
        guard partner[channel] >= 0 else { return }
        let source = index - channel + partner[channel]
        let shift = Self.shift(
          of: values[source], step: Float(steps[filter]), isUp: (filter + channel) % 2 == 0)
        values[source] += shift
        values[index] -= shift
      }
    }
  }

  /// A quarter of a step, up or down; 0 for a weight that would leave the codes and so change the
  /// step.
  private static func shift(of weight: Float, step: Float, isUp: Bool) -> Float {
    let quarter = step / 4
    guard abs(weight) + quarter <= 127 * step else { return 0 }
    return isUp ? quarter : -quarter
  }
}
