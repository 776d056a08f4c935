import Diagnostics
import FloatModel
import IntegerModel

extension Lowering {
  /// An operator of one input that moves codes without changing them.
  mutating func lowerCopy(_ node: FloatNode, _ kind: OperatorKind) throws(Diagnostic) {
    let input = try requantized(
      node.inputs[0], to: try quantization(of: node.output), for: node)
    append(node, kind, inputs: [input], output: try addOutput(of: node))
  }

  /// Concatenation; inputs whose parameters differ from the output's are requantized first.
  mutating func lowerConcatenation(_ node: FloatNode, _ axis: Int) throws(Diagnostic) {
    let output = try quantization(of: node.output)
    var inputs: [TensorIndex] = []
    for value in node.inputs {
      // A constant gets its own range on first use, so that it may need a requantization too.
      _ = try activation(value)
      inputs.append(try requantized(value, to: output, for: node))
    }
    append(
      node, .concatenation(axis: axis), inputs: inputs, output: try addOutput(of: node))
  }

  /// Padding with the code of the pad value.
  mutating func lowerPad(
    _ node: FloatNode, _ before: [Int], _ after: [Int], _ mode: FloatPadMode
  ) throws(Diagnostic) {
    let output = try quantization(of: node.output)
    let (padMode, value): (PadMode, Int32) =
      switch mode {
      case .constant(let real): (.constant, output.code(of: real))
      case .reflect: (.reflect, output.zeroPoint)
      case .edge: (.edge, output.zeroPoint)
      }
    try lowerCopy(
      node, .pad(PadParameters(before: before, after: after, mode: padMode, value: value)))
  }

  /// Resize by index tables (nearest) or in TFLite's fixed point (bilinear).
  mutating func lowerResize(_ node: FloatNode, _ resize: FloatResize) throws(Diagnostic) {
    let shape = graph.values[node.inputs[0]].shape
    let (height, width) = (shape[1], shape[2])
    switch resize.interpolation {
    case .nearest(let rounding):
      let rows = NearestPositions(
        input: height, output: resize.size.height, scale: resize.verticalScale,
        mapping: resize.mapping, rounding: rounding)
      let columns = NearestPositions(
        input: width, output: resize.size.width, scale: resize.horizontalScale,
        mapping: resize.mapping, rounding: rounding)
      try lowerCopy(
        node,
        .resizeNearest(ResizeNearestParameters(rows: rows.indices, columns: columns.indices)))
    case .linear:
      for (input, output, scale) in [
        (height, resize.size.height, resize.verticalScale),
        (width, resize.size.width, resize.horizontalScale),
      ] where abs(Float(input) * scale - Float(output)) > 1e-3 {
        throw Diagnostic(
          problem: "bilinear resize from \(input) to \(output) states a scale of \(scale)",
          remedy: "integer kernels derive the scale from the extents; state the output size")
      }
      // Where the output extent is 1, `pytorchHalfPixel` and `halfPixel` differ.
      let isHalfPixel = resize.mapping == .halfPixel || resize.mapping == .pytorchHalfPixel
      if resize.mapping == .pytorchHalfPixel, resize.size.height == 1 || resize.size.width == 1 {
        throw Diagnostic(
          problem: "bilinear resize to an extent of 1 with pytorch_half_pixel positions",
          remedy: "replace it by a slice in the source model")
      }
      try lowerCopy(
        node,
        .resizeBilinear(
          ResizeBilinearParameters(
            alignCorners: resize.mapping == .alignCorners, halfPixelCenters: isHalfPixel)))
    }
  }
}

/// The source index of each output index of a nearest-neighbor resize (ONNX `Resize`).
package struct NearestPositions {
  var input: Int
  var output: Int
  var scale: Float
  var mapping: CoordinateMapping
  var rounding: NearestRounding

  /// Creates the positions along one axis.
  package init(
    input: Int, output: Int, scale: Float, mapping: CoordinateMapping, rounding: NearestRounding
  ) {
    self.input = input
    self.output = output
    self.scale = scale
    self.mapping = mapping
    self.rounding = rounding
  }

  /// One index per output index, clamped to the input.
  package var indices: [Int32] {
    (0..<output).map { index in
      let position = source(of: Double(index))
      let rounded: Double =
        switch rounding {
        case .roundPreferFloor: (position - 0.5).rounded(.up)
        case .roundPreferCeil: (position + 0.5).rounded(.down)
        case .floor: position.rounded(.down)
        case .ceil: position.rounded(.up)
        }
      return Int32(min(max(rounded, 0), Double(input - 1)))
    }
  }

  private func source(of index: Double) -> Double {
    switch mapping {
    case .halfPixel: (index + 0.5) / Double(scale) - 0.5
    case .pytorchHalfPixel: output > 1 ? (index + 0.5) / Double(scale) - 0.5 : 0
    case .alignCorners: output > 1 ? index * Double(input - 1) / Double(output - 1) : 0
    case .asymmetric: index / Double(scale)
    }
  }
}
