import FloatModel

/// How the weights of a convolution, `[O, KH, KW, C / groups]`, or of a fully connected layer,
/// `[O, I]`, belong to filters, taps and input channels.
struct WeightLayout: Sendable {
  /// Number of filters O, one per output channel.
  let filters: Int
  /// Number of taps KH · KW; 1 for a fully connected layer.
  let taps: Int
  /// Number of input channels.
  let channels: Int
  /// Whether every input channel is a group of its own, as lowering sees it.
  let isDepthwise: Bool
  /// Filters that read the same input channels.
  let filtersPerGroup: Int
  private let channelsPerGroup: Int

  /// The layout of the weights of `node`; `nil` for nodes without weights.
  init?(_ node: FloatNode, in graph: FloatGraph) {
    guard let weights = node.weights else { return nil }
    var groups = 1
    if case .convolution(let convolution) = node.operation { groups = convolution.groups }
    let shape = graph.values[weights].shape
    filters = shape[0]
    channelsPerGroup = shape[shape.count - 1]
    taps = shape.dropFirst().dropLast().reduce(1, *)
    channels = channelsPerGroup * groups
    filtersPerGroup = filters / groups
    isDepthwise = groups > 1 && channelsPerGroup == 1
  }

  /// Number of weights.
  var count: Int { filters * taps * channelsPerGroup }

  /// Number of weights of one filter.
  var filterSize: Int { taps * channelsPerGroup }

  /// The input channels of a filter.
  func inputChannels(of filter: Int) -> Range<Int> {
    let first = filter / filtersPerGroup * channelsPerGroup
    return first..<first + channelsPerGroup
  }

  /// Visits every weight in storage order with its filter and its input channel.
  @inline(__always)
  func forEachWeight(_ body: (_ index: Int, _ filter: Int, _ channel: Int) -> Void) {
    var index = 0
    for filter in 0..<filters {
      let inputs = inputChannels(of: filter)
      for _ in 0..<taps {
        for channel in inputs {
          body(index, filter, channel)
          index += 1
        }
      }
    }
  }

  /// For each weight, in storage order, the input `inputs[tap · channels + channel]` that it is
  /// multiplied with.
  func perWeight(_ inputs: [Double]) -> [Float] {
    (0..<filters).flatMap { filter in
      let range = inputChannels(of: filter)
      return (0..<taps).flatMap { tap in range.map { Float(inputs[tap * channels + $0]) } }
    }
  }

  /// For each filter, Σ of its weights times `inputs[tap · channels + channel]`.
  func response(of weights: [Float], to inputs: [Double]) -> [Double] {
    (0..<filters).map { filter in
      let range = inputChannels(of: filter)
      var sum = 0.0
      var index = filter * filterSize
      for tap in 0..<taps {
        for channel in range {
          sum += Double(weights[index]) * inputs[tap * channels + channel]
          index += 1
        }
      }
      return sum
    }
  }
}

extension FloatNode {
  /// The activation fused into a convolution or fully connected layer; none for other nodes.
  var layerClamp: ClampRange {
    switch operation {
    case .convolution(let convolution): convolution.clamp
    case .fullyConnected(let clamp): clamp
    default: .none
    }
  }
}
