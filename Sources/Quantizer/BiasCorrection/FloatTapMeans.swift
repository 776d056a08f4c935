import Diagnostics
import FloatModel

extension SampleSet {
  /// What the taps of some layers, given by their positions in `graph`, see on average when the
  /// float engine runs the samples.
  func tapMeans(
    ofLayers positions: [Int], in graph: FloatGraph, options: QuantizationOptions,
    progress: (StepProgress) -> Void
  ) throws(Diagnostic) -> [Int: TapMeans] {
    var result: [Int: TapMeans] = [:]
    var layersReading: [ValueIndex: [Int]] = [:]
    for position in positions {
      guard let window = LayerWindow(graph.nodes[position], in: graph) else { continue }
      result[position] = TapMeans(window)
      layersReading[graph.nodes[position].inputs[0], default: []].append(position)
    }
    try run(through: graph, options: options, progress: progress) { value, elements in
      for position in layersReading[value] ?? [] { result[position]?.add(elements) }
    }
    return result
  }
}
