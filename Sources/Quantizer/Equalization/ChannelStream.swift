import FloatModel

/// Values whose channels must be scaled together: outputs of layers, the sums that element-wise
/// additions make of them, what pools and paddings let through. A residual connection ties all
/// blocks of one resolution into one stream.
///
/// What channel c is multiplied by in every layer that writes into the stream can be taken back in
/// every layer that reads from it.
struct ChannelStream {
  /// The layers that write into the stream.
  let producers: [ScalableLayer]
  /// All values of the stream, `[…, C]`, in order of execution.
  let values: [ValueIndex]
  /// The layers that read from it.
  let consumers: [ScalableLayer]
  /// The least magnitude at which an activation on the way cuts off, as 6 of ReLU6; `nil` without.
  let limit: Float?

  /// Number of channels.
  var channels: Int { producers[0].outputs }

  /// Multiplies the channels by `factors` where they enter and divides them where they leave.
  func scale(by factors: [Double], in graph: inout FloatGraph) {
    for producer in producers { producer.scaleOutputs(by: factors, in: &graph) }
    for consumer in consumers { consumer.scaleInputs(byInverseOf: factors, in: &graph) }
  }

  /// All streams of `graph` that nothing else sees, in execution order of their first layers.
  static func all(in graph: FloatGraph) -> [ChannelStream] {
    let readers = ReaderTable(graph)
    var parents = Array(graph.values.indices)
    func root(_ value: ValueIndex) -> ValueIndex {
      var value = value
      while parents[value] != value { value = parents[value] }
      return value
    }
    for node in graph.nodes {
      for input in node.linkedInputs(in: graph) {
        let (first, second) = (root(input), root(node.output))
        parents[max(first, second)] = min(first, second)
      }
    }
    var drafts: [ValueIndex: Draft] = [:]
    for value in graph.values.indices where graph.isSeen(value, readers) {
      drafts[root(value), default: Draft()].isClosed = false
    }
    for (position, node) in graph.nodes.enumerated() {
      let layer = ScalableLayer(position, in: graph, readers: readers)
      let links = Set(node.linkedInputs(in: graph))
      for (place, input) in node.inputs.enumerated()
      where graph.values[input].constant == nil && !links.contains(input) {
        if let layer, place == 0, layer.inputs == graph.values[input].shape.last {
          drafts[root(input), default: Draft()].consumers.append(layer)
        } else {
          drafts[root(input), default: Draft()].isClosed = false
        }
      }
      var draft = drafts[root(node.output)] ?? Draft()
      draft.values.append(node.output)
      draft.clamps.append(node.channelClamp)
      if let layer {
        draft.producers.append(layer)
      } else if links.isEmpty {
        draft.isClosed = false
      }
      drafts[root(node.output)] = draft
    }
    return drafts.values.compactMap(\.stream).sorted {
      $0.producers[0].position < $1.producers[0].position
    }
  }

  /// A stream while its members are collected.
  private struct Draft {
    var producers: [ScalableLayer] = []
    var values: [ValueIndex] = []
    var consumers: [ScalableLayer] = []
    var clamps: [ClampRange] = []
    var isClosed = true

    /// The stream, unless something else sees it.
    var stream: ChannelStream? {
      guard isClosed, !producers.isEmpty, !consumers.isEmpty,
        clamps.allSatisfy({ $0.minimum <= 0 && $0.maximum >= 0 })
      else { return nil }
      let limits = clamps.flatMap { [-$0.minimum, $0.maximum] }.filter { $0 > 0 && $0.isFinite }
      return ChannelStream(
        producers: producers, values: values, consumers: consumers, limit: limits.min())
    }
  }
}

extension FloatGraph {
  /// Whether the caller gives or takes `value`.
  fileprivate func isSeen(_ value: ValueIndex, _ readers: ReaderTable) -> Bool {
    inputs.contains(value) || readers.isGraphOutput(value)
  }
}

extension FloatNode {
  /// The inputs that are multiplied by the same factors as the output, channel by channel.
  fileprivate func linkedInputs(in graph: FloatGraph) -> [ValueIndex] {
    switch operation {
    case .add, .subtract:
      let isPlain = inputs.allSatisfy {
        graph.values[$0].constant == nil && graph.values[$0].shape == graph.values[output].shape
      }
      return isPlain ? inputs : []
    default:
      return passesChannels(in: graph) ? [inputs[0]] : []
    }
  }

  /// The activation fused into a node whose channels can be scaled.
  fileprivate var channelClamp: ClampRange {
    switch operation {
    case .add(let clamp), .subtract(let clamp): clamp
    default: layerClamp
    }
  }
}
