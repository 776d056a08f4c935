import FloatModel

/// A layer and the layers that read its output, with nothing between them but operators that treat
/// every channel alike: what one channel is multiplied by in the first can be taken back in the
/// others.
struct ScalingChain {
  /// The layer whose output channels are scaled.
  let producer: ScalableLayer
  /// Its output, `[…, C]`.
  let value: ValueIndex
  /// All layers that read the channels; they are scaled inversely.
  let consumers: [ScalableLayer]
  /// Whether a constant added to a channel reaches every tap of every consumer: no zeros are padded
  /// on the way.
  let carriesShifts: Bool

  /// The chain that begins with `producer`; `nil` where something else sees the channels: an
  /// element-wise operator, a concatenation, an activation that is not fused, the graph's caller.
  init?(_ producer: ScalableLayer, in graph: FloatGraph, readers: ReaderTable) {
    var consumers: [ScalableLayer] = []
    var carriesShifts = true
    let value = graph.nodes[producer.position].output
    var pending = [value]
    while let current = pending.popLast() {
      guard !readers.isGraphOutput(current) else { return nil }
      for position in readers.positions(of: current) {
        let node = graph.nodes[position]
        if node.passesChannels(in: graph) {
          if case .pad = node.operation { carriesShifts = false }
          pending.append(node.output)
          continue
        }
        guard node.inputs[0] == current,
          let layer = ScalableLayer(position, in: graph, readers: readers),
          layer.inputs == producer.outputs
        else { return nil }
        if case .convolution(let convolution) = node.operation, !convolution.padding.isZero {
          carriesShifts = false
        }
        consumers.append(layer)
      }
    }
    guard !consumers.isEmpty else { return nil }
    self.producer = producer
    self.value = value
    self.consumers = consumers
    self.carriesShifts = carriesShifts
  }

  /// Multiplies the channels by `factors` in the producer and divides them in the consumers.
  func scale(by factors: [Double], in graph: inout FloatGraph) {
    producer.scaleOutputs(by: factors, in: &graph)
    for consumer in consumers { consumer.scaleInputs(byInverseOf: factors, in: &graph) }
  }

  /// All chains of a graph, in execution order of their first layers.
  static func all(in graph: FloatGraph) -> [ScalingChain] {
    let readers = ReaderTable(graph)
    return graph.nodes.indices.compactMap { position in
      ScalableLayer(position, in: graph, readers: readers)
        .flatMap { ScalingChain($0, in: graph, readers: readers) }
    }
  }
}

extension FloatNode {
  /// Whether scaling channel c of the input by a positive factor scales channel c of the output by
  /// the same and changes nothing else; channels are the last axis.
  func passesChannels(in graph: FloatGraph) -> Bool {
    let shape = graph.values[inputs[0]].shape
    switch operation {
    case .identity, .maxPool, .averagePool: return true
    case .mean(let axes, _): return !axes.contains(shape.count - 1)
    case .reshape: return graph.values[output].shape.last == shape.last
    case .pad(let before, let after, .constant(0)): return before.last == 0 && after.last == 0
    default: return false
    }
  }
}
