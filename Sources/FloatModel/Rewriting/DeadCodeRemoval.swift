import Diagnostics

/// Drops nodes whose output nobody reads, then values that no node, input or output names.
package struct DeadCodeRemoval: RewritingPass {
  package static let name = "dead code removal"

  package init() {}

  package func apply(to graph: inout FloatGraph) throws(Diagnostic) -> Bool {
    var isNeeded = Array(repeating: false, count: graph.values.count)
    for output in graph.outputs { isNeeded[output] = true }
    var kept: [FloatNode] = []
    for node in graph.nodes.reversed() where isNeeded[node.output] {
      for input in node.inputs { isNeeded[input] = true }
      kept.append(node)
    }
    for input in graph.inputs { isNeeded[input] = true }
    guard kept.count < graph.nodes.count || isNeeded.contains(false) else { return false }

    var places = Array(repeating: 0, count: graph.values.count)
    var values: [FloatValue] = []
    for index in graph.values.indices where isNeeded[index] {
      places[index] = values.count
      values.append(graph.values[index])
    }
    graph.values = values
    graph.nodes = kept.reversed().map { node in
      FloatNode(
        name: node.name, operation: node.operation, inputs: node.inputs.map { places[$0] },
        output: places[node.output])
    }
    graph.inputs = graph.inputs.map { places[$0] }
    graph.outputs = graph.outputs.map { places[$0] }
    return true
  }
}
