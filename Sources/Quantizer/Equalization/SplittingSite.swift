import FloatModel

extension ScalableLayer {
  /// The output channels that are 0 whatever the input: those whose greatest possible sum,
  /// b + Σ max(w · low, w · high), does not pass 0 before a clamp that begins there.
  ///
  /// - Parameter inputs: what every input of the layer lies in.
  func silentChannels(inputs: ValueRange, in graph: FloatGraph) -> [Int] {
    guard clamp.minimum == 0, inputs.minimum.isFinite, inputs.maximum.isFinite else { return [] }
    // Padding adds zeros.
    let low = min(Double(inputs.minimum), 0)
    let high = max(Double(inputs.maximum), 0)
    var greatest =
      bias.flatMap { graph.values[$0].constant?.values.map(Double.init) }
      ?? Array(repeating: 0, count: outputs)
    let values = graph.values[weights].constant?.values ?? []
    layout.forEachWeight { index, filter, _ in
      let weight = Double(values[index])
      greatest[filter] += max(weight * low, weight * high)
    }
    return greatest.indices.filter { greatest[$0] <= 0 }
  }
}

/// A layer and the depthwise layer that alone reads it, in front of layers that mix channels, where
/// some channels are spare: the quantized network loses nothing without them.
struct SplittingSite {
  /// The layer with spare channels.
  let producer: ScalableLayer
  /// Its output.
  let value: ValueIndex
  /// Reads the channels, one filter each.
  let depthwise: ScalableLayer
  /// Output of the depthwise layer.
  let depthwiseValue: ValueIndex
  /// The layers that add the channels up, all with a bias.
  let mixers: [ScalableLayer]
  /// Channels that are always 0 in front of the depthwise layer, or whose weights in all mixers are
  /// rounded to 0.
  let spare: [Int]

  /// All sites of `graph`, in execution order.
  ///
  /// - Parameters:
  ///   - known: the ranges of inputs of the graph.
  ///   - weights: what has a weight threshold.
  static func all(
    in graph: FloatGraph, known: [ValueIndex: ValueRange], weights: WeightGranularity
  ) -> [SplittingSite] {
    var bounds = known
    for node in graph.nodes where node.layerClamp != .none {
      bounds[node.output] = ValueRange(
        minimum: node.layerClamp.minimum, maximum: node.layerClamp.maximum)
    }
    let chains = ScalingChain.all(in: graph)
    return chains.compactMap { chain in
      guard let depthwise = chain.consumers.first, chain.consumers.count == 1,
        chain.producer.clamp.minimum == 0,
        depthwise.layout.isDepthwise, depthwise.outputs == depthwise.inputs,
        let next = chains.first(where: { $0.producer.position == depthwise.position }),
        // The mean of a spare channel goes to the mixers' biases.
        next.carriesShifts, next.consumers.allSatisfy({ $0.mixesAllChannels && $0.bias != nil }),
        chain.producer.bias != nil, depthwise.bias != nil
      else { return nil }
      let input = bounds[graph.nodes[chain.producer.position].inputs[0]]
      let silent = Set(
        input.map { chain.producer.silentChannels(inputs: $0, in: graph) } ?? [])
      let behind = ValueRange(
        minimum: depthwise.clamp.minimum, maximum: depthwise.clamp.maximum)
      let unread = next.consumers.map {
        $0.unreadChannels(inputs: behind, weights: weights, in: graph)
      }
      let spare = (0..<depthwise.outputs).filter { channel in
        silent.contains(channel) || unread.allSatisfy { $0.contains(channel) }
      }
      guard !spare.isEmpty else { return nil }
      return SplittingSite(
        producer: chain.producer, value: chain.value, depthwise: depthwise,
        depthwiseValue: next.value, mixers: next.consumers, spare: spare)
    }
  }
}

extension ScalableLayer {
  /// Whether each filter reads every input channel.
  fileprivate var mixesAllChannels: Bool { layout.filterSize == layout.taps * layout.channels }

  /// The input channels all of whose weights have code 0, thresholds at the greatest magnitudes, but
  /// for filters that are silent whatever they read.
  fileprivate func unreadChannels(
    inputs range: ValueRange, weights granularity: WeightGranularity, in graph: FloatGraph
  ) -> Set<Int> {
    let steps = weightSteps(granularity, in: graph)
    let silent = Set(silentChannels(inputs: range, in: graph))
    var isUnread = Array(repeating: true, count: inputs)
    let values = graph.values[weights].constant?.values ?? []
    layout.forEachWeight { index, filter, channel in
      if Double(abs(values[index])) >= steps[filter] / 2, !silent.contains(filter) {
        isUnread[channel] = false
      }
    }
    return Set(isUnread.indices.filter { isUnread[$0] })
  }

  /// The step of each filter's weights, thresholds at the greatest magnitudes (paper eq. 2).
  func weightSteps(_ granularity: WeightGranularity, in graph: FloatGraph) -> [Double] {
    let thresholds = filterMaxima(in: graph)
    switch granularity {
    case .perChannel: return thresholds.map { $0 / 127 }
    case .perTensor: return thresholds.map { _ in (thresholds.max() ?? 0) / 127 }
    }
  }
}
