import Diagnostics

/// Lets a reshape of a reshape read the original, and a mean drop its axes itself where a reshape
/// does it for it.
package struct ReshapeMerging: RewritingPass {
  package static let name = "reshape merging"

  package init() {}

  package func apply(to graph: inout FloatGraph) throws(Diagnostic) -> Bool {
    var editor = GraphEditor(graph)
    for position in editor.positions {
      guard let node = editor[position], case .reshape(let target) = node.operation,
        let inner = editor.producer(of: node.inputs[0])
      else { continue }
      if case .reshape = inner.node.operation {
        var merged = node
        merged.inputs = inner.node.inputs
        editor.replace(position, with: merged)
      } else if case .mean(let axes, true) = inner.node.operation,
        editor.hasSoleUse(node.inputs[0])
      {
        guard let dropped = droppedAxes(editor.shape(inner.node.inputs[0]), axes, target) else {
          continue
        }
        var mean = inner.node
        mean.operation = .mean(axes: dropped, keepsDimensions: false)
        mean.output = node.output
        editor.remove(position)
        editor.replace(inner.position, with: mean)
      }
    }
    graph = editor.finished()
    return editor.isChanged
  }

  /// The axes to average over and drop so that `target` remains of `shape`: `axes`, or these and
  /// all others of extent 1 but the batch, over which the mean is the element itself.
  private func droppedAxes(_ shape: [Int], _ axes: [Int], _ target: [Int]) -> [Int]? {
    let withUnits = shape.indices.filter { axes.contains($0) || ($0 > 0 && shape[$0] == 1) }
    return [axes, withUnits].first { dropped in
      target == shape.indices.filter { !dropped.contains($0) }.map { shape[$0] }
    }
  }
}
