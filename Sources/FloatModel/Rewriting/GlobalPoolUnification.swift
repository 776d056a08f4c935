import Diagnostics

/// Turns an average pool whose one window covers the whole image into the mean over H and W, so
/// that every global average has the same form. The mean has a scale of its own when quantized,
/// which suits the narrower range of averages.
package struct GlobalPoolUnification: RewritingPass {
  package static let name = "global pool unification"

  package init() {}

  package func apply(to graph: inout FloatGraph) throws(Diagnostic) -> Bool {
    var editor = GraphEditor(graph)
    for position in editor.positions {
      guard let node = editor[position], case .averagePool(let pool) = node.operation else {
        continue
      }
      let input = editor.shape(node.inputs[0])
      let output = editor.shape(node.output)
      guard output[1] == 1, output[2] == 1,
        pool.window.height - pool.padding.top >= input[1],
        pool.window.width - pool.padding.left >= input[2]
      else { continue }
      var mean = node
      mean.operation = .mean(axes: [1, 2], keepsDimensions: true)
      editor.replace(position, with: mean)
    }
    graph = editor.finished()
    return editor.isChanged
  }
}
