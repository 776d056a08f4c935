import Diagnostics

/// Folds a batch normalization into the convolution or fully connected layer before it, where
/// nothing else reads that layer: W_fold = γ · W / √(σ² + ε), b_fold = β − γ · μ / √(σ² + ε)
/// (FAT paper, eq. 10 and 11; a bias b adds γ · b / √(σ² + ε)).
package struct BatchNormalizationFolding: RewritingPass {
  package static let name = "batch normalization folding"

  package init() {}

  package func apply(to graph: inout FloatGraph) throws(Diagnostic) -> Bool {
    var editor = GraphEditor(graph)
    for position in editor.positions {
      guard let node = editor[position],
        case .batchNormalization(let epsilon) = node.operation,
        let layer = LinearLayer(making: node.inputs[0], in: editor), layer.clamp == .none,
        let affine = try ChannelAffine(batchNormalization: node, epsilon: epsilon, in: editor)
      else { continue }
      editor.remove(position)
      layer.absorb(affine, clamp: .none, output: node.output, in: &editor)
    }
    graph = editor.finished()
    return editor.isChanged
  }
}
