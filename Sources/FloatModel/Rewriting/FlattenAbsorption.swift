import Diagnostics

/// Flattening in another order than the image lies in, before a fully connected layer, becomes a
/// plain reshape and permuted weights: a network trained on `[N, C, H, W]` flattens channels first,
/// its image now lies as `[N, H, W, C]`.
package struct FlattenAbsorption: RewritingPass {
  package static let name = "flatten absorption"

  package init() {}

  package func apply(to graph: inout FloatGraph) throws(Diagnostic) -> Bool {
    var editor = GraphEditor(graph)
    for position in editor.positions {
      guard let layer = editor[position], case .fullyConnected = layer.operation,
        let weights = editor.constant(layer.inputs[1]),
        let (reshapePosition, reshape) = editor.soleProducer(of: layer.inputs[0]),
        case .reshape(let flat) = reshape.operation,
        let (_, transpose) = editor.producer(of: reshape.inputs[0]),
        case .transpose(let permutation) = transpose.operation
      else { continue }
      let source = transpose.inputs[0]
      // Leading axes stay as they are; the others become the last one, whole.
      let kept = flat.count - 1
      let ordered = editor.shape(reshape.inputs[0])
      guard kept < ordered.count, Array(permutation[..<kept]) == Array(0..<kept),
        Array(ordered[..<kept]) == Array(flat[..<kept])
      else { continue }

      // Axis 0 of the weights is the outputs; the rest is permuted back to the order of `source`.
      let unfolded = FloatTensor(
        shape: [weights.shape[0]] + ordered[kept...], values: weights.values)
      var back = [0] + Array(repeating: 0, count: ordered.count - kept)
      for axis in kept..<ordered.count { back[permutation[axis] - kept + 1] = axis - kept + 1 }
      let permuted = FloatTensor(
        shape: weights.shape, values: unfolded.transposed(by: back).values)

      var plain = reshape
      plain.inputs = [source]
      editor.replace(reshapePosition, with: plain)
      var absorbing = layer
      absorbing.inputs[1] = editor.replaceConstant(layer.inputs[1], with: permuted)
      editor.replace(position, with: absorbing)
    }
    graph = editor.finished()
    return editor.isChanged
  }
}
