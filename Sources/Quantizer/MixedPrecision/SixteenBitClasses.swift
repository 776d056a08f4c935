import Diagnostics
import FloatModel

/// Which values can have 16-bit codes while all others keep 8: mixed precision with TFLite's 16x8.
///
/// The node that computes such a value and those that read it compute in 16x8, int16 activations by
/// int8 weights. Other inputs of theirs are copied exactly, other outputs rounded to 8 bits behind
/// them. Values whose kernels copy codes (``ScaleUnification``) get them together, as a class.
package struct SixteenBitClasses {
  private let graph: FloatGraph
  private var classOfValue: [Int] = []
  private var members: [[ValueIndex]] = []
  /// Positions of the nodes that compute or read each value.
  private var neighbors: [ValueIndex: [Int]] = [:]

  /// - Parameter graph: simplified.
  package init(_ graph: FloatGraph) {
    self.graph = graph
    var unification = ScaleUnification(graph: graph)
    var places: [ValueIndex: Int] = [:]
    for value in graph.values.indices {
      let representative = unification.representative(of: value)
      let place = places[representative] ?? members.count
      if place == members.count {
        places[representative] = place
        members.append([])
      }
      classOfValue.append(place)
      members[place].append(value)
    }
    for (position, node) in graph.nodes.enumerated() {
      for value in node.inputs + [node.output] { neighbors[value, default: []].append(position) }
    }
  }

  /// The classes of all values that nodes compute.
  package var computed: [[ValueIndex]] {
    Set(graph.nodes.map { classOfValue[$0.output] }).sorted().map { members[$0] }
  }

  /// Positions of the nodes that compute in 16x8 where `values` have 16-bit codes.
  func nodes(around values: some Collection<ValueIndex>) -> Set<Int> {
    Set(values.flatMap { neighbors[$0] ?? [] })
  }

  /// The values of the layers called `names`, and what shares codes with them.
  ///
  /// - Parameter wide: values that have 16-bit codes already.
  /// - Throws: a name that no layer has; what stands against 16-bit codes of a layer.
  package func values(
    ofLayers names: [String], wide: Set<ValueIndex>
  ) throws(Diagnostic) -> Set<ValueIndex> {
    var result: Set<ValueIndex> = []
    for name in names {
      let nodes = graph.nodes.filter { $0.name == name || graph.values[$0.output].name == name }
      guard !nodes.isEmpty else {
        throw Diagnostic(
          place: "--int16", problem: "the model has no layer '\(name)'",
          remedy: "'qconvert sensitivity' lists the layers")
      }
      for node in nodes where !wide.contains(node.output) {
        let values = members[classOfValue[node.output]]
        if var obstacle = obstacle(to: values) {
          if obstacle.remedy.isEmpty { obstacle.remedy = "leave '\(name)' out of --int16" }
          throw obstacle
        }
        result.formUnion(values)
      }
    }
    return result
  }

  /// Why the values of a class cannot have 16-bit codes; `nil` if they can.
  func obstacle(to values: [ValueIndex]) -> Diagnostic? {
    for value in values {
      let name = graph.values[value].name
      if graph.inputs.contains(value) {
        return Diagnostic(
          place: "input '\(name)'", problem: "has 8-bit codes, and so has what only moves them")
      }
      if graph.outputs.contains(value) {
        return Diagnostic(
          place: "output '\(name)'",
          problem: "has 8-bit codes, and so has what they are moved from",
          remedy: "give outputs 16 bits by --output-type int16")
      }
      for position in neighbors[value] ?? [] where !graph.nodes[position].hasSixteenBitForm {
        let node = graph.nodes[position]
        return Diagnostic(
          place: "node '\(node.name)'",
          problem: "its \(node.operation.name) has no 16-bit form here, and it "
            + (node.output == value ? "computes '\(name)'" : "reads '\(name)'"))
      }
    }
    return nil
  }
}

extension FloatGraph {
  /// The values that `options` give 16-bit codes by name: outputs and what leads to them, and layers.
  ///
  /// - Throws: what ``outputTail()`` and ``SixteenBitClasses/values(ofLayers:wide:)`` throw.
  package func wideValues(_ options: QuantizationOptions) throws(Diagnostic) -> Set<ValueIndex> {
    let tail = options.outputType == .int16 ? try outputTail() : []
    guard !options.sixteenBitLayers.isEmpty else { return tail }
    return tail.union(
      try SixteenBitClasses(self).values(ofLayers: options.sixteenBitLayers, wide: tail))
  }
}

extension FloatNode {
  /// Whether the node can read and write 16-bit codes beside 8-bit ones.
  fileprivate var hasSixteenBitForm: Bool {
    switch operation {
    case .convolution, .fullyConnected, .mean, .add, .subtract, .multiply: true
    case .maxPool, .averagePool, .reshape, .identity, .transpose, .slice, .pad, .concatenation: true
    default: false
    }
  }
}
