import Diagnostics

/// Computes nodes whose inputs are all constants.
///
/// The work and memory this may take is bounded: what exceeds the bounds stays in the graph.
package struct ConstantFolding: RewritingPass {
  package static let name = "constant folding"

  /// Most elements of all constants together, 1 GiB of them.
  static let greatestConstantCount = 1 << 28

  package init() {}

  package func apply(to graph: inout FloatGraph) throws(Diagnostic) -> Bool {
    var budget = Self.greatestConstantCount
    for value in graph.values { budget -= value.constant?.count ?? 0 }
    var editor = GraphEditor(graph)
    for position in editor.positions {
      guard let node = editor[position], !editor.isGraphOutput(node.output) else { continue }
      let constants = node.inputs.compactMap { editor.constant($0) }
      let shape = editor.shape(node.output)
      guard constants.count == node.inputs.count, let count = ShapeLimits.elementCount(shape),
        count <= budget,
        let result = node.operation.evaluated(constants, outputShape: shape)
      else { continue }
      budget -= count
      editor.remove(position)
      editor.setConstant(node.output, result)
    }
    graph = editor.finished()
    return editor.isChanged
  }
}
