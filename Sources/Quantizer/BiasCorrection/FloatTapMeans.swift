import Diagnostics
import FloatModel

/// A value of a float graph and the windows over it whose mean is wanted.
struct WindowedValue {
  /// An activation.
  var value: ValueIndex
  /// Windows over it.
  var window: LayerWindow

  /// What the layer at `position` reads.
  init?(inputOfLayerAt position: Int, in graph: FloatGraph) {
    let node = graph.nodes[position]
    guard let window = LayerWindow(node, in: graph) else { return nil }
    value = node.inputs[0]
    self.window = window
  }

  /// Each channel of what the node at `position` writes.
  init(outputOfNodeAt position: Int, in graph: FloatGraph) {
    value = graph.nodes[position].output
    window = LayerWindow(pointwiseOver: graph.values[value].shape)
  }
}

extension SampleSet {
  /// What the taps of each of `wanted` see on average when the float engine runs `graph` on the
  /// samples, in the order of `wanted`.
  func tapMeans(
    of wanted: [WindowedValue], in graph: FloatGraph, options: QuantizationOptions,
    progress: (StepProgress) -> Void
  ) throws(Diagnostic) -> [TapMeans] {
    var result = wanted.map { TapMeans($0.window) }
    var places: [ValueIndex: [Int]] = [:]
    for (place, windowed) in wanted.enumerated() {
      places[windowed.value, default: []].append(place)
    }
    try run(through: graph, options: options, progress: progress) { value, elements in
      for place in places[value] ?? [] { result[place].add(elements) }
    }
    return result
  }
}
