import FloatModel

extension FloatGraph {
  /// The graph cut into consecutive parts that hand a single value to the next, each with at least
  /// `leastLayers` convolutions or fully connected layers where the graph allows it. Parts keep the
  /// indices of all values. A graph with several inputs or outputs is one part.
  ///
  /// Residual connections keep a part together: inside it two values are alive.
  ///
  /// - Parameter kept: values that are handed on inside a part alone.
  package func blocks(leastLayers: Int, keeping kept: Set<ValueIndex> = []) -> [FloatGraph] {
    guard inputs.count == 1, outputs.count == 1, let last = nodes.indices.last else {
      return [self]
    }
    var lastUse: [ValueIndex: Int] = [:]
    for (position, node) in nodes.enumerated() {
      for input in node.inputs { lastUse[input] = position }
    }
    lastUse[outputs[0]] = nodes.count
    var alive = Set(inputs)
    var result: [FloatGraph] = []
    var start = 0
    var entry = inputs[0]
    var layers = 0
    for (position, node) in nodes.enumerated() {
      alive.insert(node.output)
      if node.weights != nil { layers += 1 }
      alive = alive.filter { (lastUse[$0] ?? -1) > position }
      // What only reinterprets or moves codes belongs to what computed them.
      let next = position < last ? nodes[position + 1] : nil
      guard alive == [node.output], layers >= leastLayers, next?.roundsItsOutput ?? true,
        !kept.contains(node.output)
      else { continue }
      result.append(part(start...position, from: entry, to: node.output))
      (start, entry, layers) = (position + 1, node.output, 0)
    }
    guard start <= last else { return result }
    // What is left has too few layers for a part of its own.
    if let previous = result.popLast(), let input = previous.inputs.first {
      result.append(part(start - previous.nodes.count...last, from: input, to: outputs[0]))
    } else {
      result.append(self)
    }
    return result
  }

  private func part(
    _ range: ClosedRange<Int>, from input: ValueIndex, to output: ValueIndex
  ) -> FloatGraph {
    var part = self
    part.nodes = Array(nodes[range])
    part.inputs = [input]
    part.outputs = [output]
    return part
  }
}
