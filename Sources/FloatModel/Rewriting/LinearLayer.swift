/// A convolution or fully connected layer with constant weights and bias: what functions per output
/// channel fold into. Axis 0 of its weights is the output channels.
struct LinearLayer {
  /// Position in the editor.
  let position: Int
  /// The node as it stands.
  let node: FloatNode
  /// Clamp of the output.
  let clamp: ClampRange
  private let weights: FloatTensor
  private let bias: FloatTensor?

  /// The layer that makes `value` for a single reader, if one does.
  init?(making value: ValueIndex, in editor: GraphEditor) {
    guard let (position, node) = editor.soleProducer(of: value) else { return nil }
    switch node.operation {
    case .convolution(let convolution): clamp = convolution.clamp
    case .fullyConnected(let range): clamp = range
    default: return nil
    }
    guard let weights = editor.constant(node.inputs[1]) else { return nil }
    if node.inputs.count == 3 {
      guard let constant = editor.constant(node.inputs[2]) else { return nil }
      bias = constant
    } else {
      bias = nil
    }
    self.position = position
    self.node = node
    self.weights = weights
  }

  /// Number of output channels.
  var channels: Int { weights.shape[0] }

  /// Puts in the layer's place one that also applies `affine` and `clamp` and writes `output`:
  /// each filter scaled, each bias scaled and shifted.
  func absorb(
    _ affine: ChannelAffine, clamp: ClampRange, output: ValueIndex, in editor: inout GraphEditor
  ) {
    let filterSize = weights.count / channels
    var scaled = weights
    for index in scaled.values.indices {
      scaled.values[index] = Float(Double(weights.values[index]) * affine.scale[index / filterSize])
    }
    let shifted = FloatTensor(
      shape: [channels],
      values: (0..<channels).map { channel in
        Float(
          Double(bias?.values[channel] ?? 0) * affine.scale[channel] + affine.shift[channel])
      })
    var folded = node.clamped(to: clamp)
    folded.inputs[1] = editor.replaceConstant(node.inputs[1], with: scaled)
    if node.inputs.count == 3 {
      folded.inputs[2] = editor.replaceConstant(node.inputs[2], with: shifted)
    } else {
      folded.inputs.append(editor.addConstant(shifted, name: "\(node.name)_bias"))
    }
    folded.output = output
    editor.replace(position, with: folded)
  }
}

extension FloatNode {
  /// The clamp of the output, where the operator has one.
  var clamp: ClampRange? {
    switch operation {
    case .convolution(let convolution): convolution.clamp
    case .fullyConnected(let clamp), .add(let clamp), .subtract(let clamp), .multiply(let clamp):
      clamp
    default: nil
    }
  }

  /// The same node with another clamp; unchanged where the operator has none.
  func clamped(to clamp: ClampRange) -> FloatNode {
    var node = self
    switch operation {
    case .convolution(var convolution):
      convolution.clamp = clamp
      node.operation = .convolution(convolution)
    case .fullyConnected: node.operation = .fullyConnected(clamp: clamp)
    case .add: node.operation = .add(clamp: clamp)
    case .subtract: node.operation = .subtract(clamp: clamp)
    case .multiply: node.operation = .multiply(clamp: clamp)
    default: break
    }
    return node
  }
}
