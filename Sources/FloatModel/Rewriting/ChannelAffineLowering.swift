import Diagnostics

/// Gives functions per channel that nothing could fold a form that quantizes well.
///
/// - A batch normalization of an image becomes a depthwise 1×1 convolution: one operator with a
///   weight scale per channel, where a multiplication and an addition would round twice and share
///   one scale among all channels.
/// - So do an addition and a multiplication with constants in a row, such as the normalization of
///   input pixels.
/// - A batch normalization of anything but `[N, H, W, C]` becomes a multiplication and an addition.
package struct ChannelAffineLowering: RewritingPass {
  package static let name = "channel affine lowering"

  package init() {}

  package func apply(to graph: inout FloatGraph) throws(Diagnostic) -> Bool {
    var editor = GraphEditor(graph)
    for position in editor.positions {
      guard let node = editor[position] else { continue }
      if case .batchNormalization(let epsilon) = node.operation {
        guard
          let affine = try ChannelAffine(batchNormalization: node, epsilon: epsilon, in: editor)
        else { continue }
        lower(affine, of: node.inputs[0], at: position, in: &editor)
      } else {
        lowerPair(endingAt: position, in: &editor)
      }
    }
    graph = editor.finished()
    return editor.isChanged
  }

  private func lower(
    _ affine: ChannelAffine, of source: ValueIndex, at position: Int, in editor: inout GraphEditor
  ) {
    guard var node = editor[position] else { return }
    let shape = editor.shape(source)
    if shape.count == 4 {
      replace(position, byDepthwise: affine, of: source, clamp: .none, in: &editor)
      return
    }
    let scale = FloatTensor(shape: [affine.scale.count], values: affine.scale.map { Float($0) })
    let shift = FloatTensor(shape: [affine.shift.count], values: affine.shift.map { Float($0) })
    let product = editor.addValue(shape: shape, name: "\(node.name)_product")
    editor.insert(
      FloatNode(
        name: "\(node.name)_scale", operation: .multiply(clamp: .none),
        inputs: [source, editor.addConstant(scale, name: "\(node.name)_scale")], output: product),
      before: position)
    node.operation = .add(clamp: .none)
    node.inputs = [product, editor.addConstant(shift, name: "\(node.name)_shift")]
    editor.replace(position, with: node)
  }

  /// add(multiply(x, c), d) and its like.
  private func lowerPair(endingAt position: Int, in editor: inout GraphEditor) {
    guard let node = editor[position],
      let (second, between, clamp) = ChannelAffine.arithmetic(node, in: editor),
      let (earlier, inner) = editor.soleProducer(of: between),
      let (first, source, innerClamp) = ChannelAffine.arithmetic(inner, in: editor),
      innerClamp == .none,
      editor.shape(source).count == 4
    else { return }
    editor.remove(earlier)
    replace(
      position, byDepthwise: first.followed(by: second), of: source, clamp: clamp, in: &editor)
  }

  private func replace(
    _ position: Int, byDepthwise affine: ChannelAffine, of source: ValueIndex, clamp: ClampRange,
    in editor: inout GraphEditor
  ) {
    guard var node = editor[position] else { return }
    let channels = affine.scale.count
    let weights = FloatTensor(
      shape: [channels, 1, 1, 1], values: affine.scale.map { Float($0) })
    let bias = FloatTensor(shape: [channels], values: affine.shift.map { Float($0) })
    node.operation = .convolution(
      FloatConvolution(
        stride: SpatialExtent(height: 1, width: 1), padding: EdgePadding(), groups: channels,
        clamp: clamp))
    node.inputs = [
      source, editor.addConstant(weights, name: "\(node.name)_weights"),
      editor.addConstant(bias, name: "\(node.name)_bias"),
    ]
    editor.replace(position, with: node)
  }
}
