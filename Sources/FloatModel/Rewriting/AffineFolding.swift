import Diagnostics

/// Folds what follows a convolution or fully connected layer and acts on each channel alone into
/// the layer's weights and bias: addition, subtraction and multiplication with constants, and the
/// hard sigmoid, clip(α · x + β, 0, 1).
///
/// A layer that already clamps takes only an increasing function common to all channels, which
/// moves its limits.
package struct AffineFolding: RewritingPass {
  package static let name = "affine folding"

  package init() {}

  package func apply(to graph: inout FloatGraph) throws(Diagnostic) -> Bool {
    var editor = GraphEditor(graph)
    for position in editor.positions {
      guard let node = editor[position],
        let (affine, operand, clamp) = affineFunction(of: node, in: editor),
        let layer = LinearLayer(making: operand, in: editor),
        let moved = affine.applied(to: layer.clamp)
      else { continue }
      editor.remove(position)
      layer.absorb(affine, clamp: moved.followed(by: clamp), output: node.output, in: &editor)
    }
    graph = editor.finished()
    return editor.isChanged
  }

  private func affineFunction(
    of node: FloatNode, in editor: GraphEditor
  ) -> (affine: ChannelAffine, operand: ValueIndex, clamp: ClampRange)? {
    guard case .activation(.hardSigmoid(let alpha, let beta)) = node.operation else {
      return ChannelAffine.arithmetic(node, in: editor)
    }
    let channels = editor.shape(node.output).last ?? 1
    guard channels <= ChannelAffine.greatestChannelCount else { return nil }
    let affine = ChannelAffine(scale: Double(alpha), shift: Double(beta), channels: channels)
    return (affine, node.inputs[0], ClampRange(minimum: 0, maximum: 1))
  }
}
