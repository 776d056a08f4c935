import Diagnostics

/// Merges a clip (ReLU, ReLU6, Clip) into what it follows, where nothing else reads that: into the
/// clamp of a convolution, fully connected layer, addition, subtraction or multiplication, or into
/// another clip. A clip moves up past operators that only pick or order elements, to reach such a
/// place.
package struct ClipFusion: RewritingPass {
  package static let name = "clip fusion"

  package init() {}

  package func apply(to graph: inout FloatGraph) throws(Diagnostic) -> Bool {
    var editor = GraphEditor(graph)
    for position in editor.positions {
      fuseClip(at: position, in: &editor)
    }
    graph = editor.finished()
    return editor.isChanged
  }

  private func fuseClip(at start: Int, in editor: inout GraphEditor) {
    var position = start
    while let clip = editor[position], case .activation(.clip(let range)) = clip.operation,
      let (earlier, node) = editor.soleProducer(of: clip.inputs[0])
    {
      if let clamp = node.clamp {
        var fused = node.clamped(to: clamp.followed(by: range))
        fused.output = clip.output
        editor.remove(position)
        editor.replace(earlier, with: fused)
        return
      }
      switch node.operation {
      case .activation(.clip(let first)):
        var merged = clip
        merged.operation = .activation(.clip(first.followed(by: range)))
        merged.inputs = node.inputs
        editor.remove(earlier)
        editor.replace(position, with: merged)
      case .maxPool, .reshape, .transpose, .slice:
        let between = clip.inputs[0]
        editor.setShape(between, editor.shape(node.inputs[0]))
        editor.remove(position)
        editor.replace(
          earlier,
          with: FloatNode(
            name: clip.name, operation: clip.operation, inputs: node.inputs, output: between))
        editor.replace(
          position,
          with: FloatNode(
            name: node.name, operation: node.operation, inputs: [between], output: clip.output))
        position = earlier
      default: return
      }
    }
  }
}
