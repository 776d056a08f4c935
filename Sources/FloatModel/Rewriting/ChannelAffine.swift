import Diagnostics

/// scale · x + shift with one pair of numbers per index of the last axis, in double precision so
/// that folding rounds once.
struct ChannelAffine {
  var scale: [Double]
  var shift: [Double]

  /// Most channels of a value that a function is made for. Layers have far fewer; a damaged shape may
  /// have so many that a number for each would not fit memory.
  static let greatestChannelCount = 1 << 20

  /// What a batch normalization computes: γ · (x − μ) / √(σ² + ε) + β, or `nil` where its
  /// parameters are no constants.
  ///
  /// - Throws: a diagnostic where σ² + ε is not positive.
  init?(
    batchNormalization node: FloatNode, epsilon: Float, in editor: GraphEditor
  ) throws(Diagnostic) {
    guard let gamma = editor.constant(node.inputs[1]), let beta = editor.constant(node.inputs[2]),
      let mean = editor.constant(node.inputs[3]), let variance = editor.constant(node.inputs[4])
    else { return nil }
    scale = []
    shift = []
    for channel in gamma.values.indices {
      let spread = Double(variance.values[channel]) + Double(epsilon)
      guard spread > 0 else {
        throw Diagnostic(
          place: node.place,
          problem: "variance \(variance.values[channel]) + epsilon \(epsilon) at channel "
            + "\(channel) is not positive")
      }
      let factor = Double(gamma.values[channel]) / spread.squareRoot()
      scale.append(factor)
      shift.append(Double(beta.values[channel]) - Double(mean.values[channel]) * factor)
    }
  }

  /// What an addition, subtraction or multiplication with a constant computes, where the constant
  /// varies along the last axis at most and does not widen the other operand.
  ///
  /// - Returns: nil where that is not so; otherwise with the value that the function applies to.
  static func arithmetic(
    _ node: FloatNode, in editor: GraphEditor
  ) -> (affine: ChannelAffine, operand: ValueIndex, clamp: ClampRange)? {
    let clamp: ClampRange
    switch node.operation {
    case .add(let range), .subtract(let range), .multiply(let range): clamp = range
    default: return nil
    }
    for (operand, other) in [(0, 1), (1, 0)] {
      guard let constant = editor.constant(node.inputs[other]),
        editor.constant(node.inputs[operand]) == nil,
        editor.shape(node.inputs[operand]) == editor.shape(node.output),
        let channels = editor.shape(node.output).last, channels <= greatestChannelCount,
        let numbers = constant.valuesPerChannel(channels)
      else { continue }
      let affine: ChannelAffine
      switch node.operation {
      case .multiply:
        affine = ChannelAffine(scale: numbers, shift: numbers.map { _ in 0 })
      case .subtract where operand == 0:
        affine = ChannelAffine(scale: numbers.map { _ in 1 }, shift: numbers.map { -$0 })
      case .subtract:
        affine = ChannelAffine(scale: numbers.map { _ in -1 }, shift: numbers)
      default:
        affine = ChannelAffine(scale: numbers.map { _ in 1 }, shift: numbers)
      }
      return (affine, node.inputs[operand], clamp)
    }
    return nil
  }

  /// The same function of every channel.
  init(scale: Double, shift: Double, channels: Int) {
    self.scale = Array(repeating: scale, count: channels)
    self.shift = Array(repeating: shift, count: channels)
  }

  init(scale: [Double], shift: [Double]) {
    self.scale = scale
    self.shift = shift
  }

  /// First this function, then `next`.
  func followed(by next: ChannelAffine) -> ChannelAffine {
    ChannelAffine(
      scale: zip(scale, next.scale).map { $0 * $1 },
      shift: shift.indices.map { shift[$0] * next.scale[$0] + next.shift[$0] })
  }

  /// `range` as it is after this function; `nil` unless the function is the same increasing one for
  /// all channels, or `range` clamps nothing.
  func applied(to range: ClampRange) -> ClampRange? {
    if range == .none { return range }
    guard let factor = scale.first, let offset = shift.first, factor > 0,
      scale.allSatisfy({ $0 == factor }), shift.allSatisfy({ $0 == offset })
    else { return nil }
    return ClampRange(
      minimum: Float(Double(range.minimum) * factor + offset),
      maximum: Float(Double(range.maximum) * factor + offset))
  }
}

extension FloatTensor {
  /// One number for each of `channels` indices of the last axis, where this tensor holds one for
  /// all or one for each, and does not vary along another axis.
  fileprivate func valuesPerChannel(_ channels: Int) -> [Double]? {
    if count == 1 { return Array(repeating: Double(values[0]), count: channels) }
    guard shape.last == channels, count == channels else { return nil }
    return values.map { Double($0) }
  }
}

extension ClampRange {
  /// First this clamp, then `next`: min(max(·)) of both limits.
  func followed(by next: ClampRange) -> ClampRange {
    ClampRange(
      minimum: min(max(minimum, next.minimum), next.maximum),
      maximum: min(max(maximum, next.minimum), next.maximum))
  }
}
