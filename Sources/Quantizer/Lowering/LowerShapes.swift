import Diagnostics
import FloatEngine
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
      let axes = resize.axes(height: height, width: width)
      try lowerCopy(
        node,
        .resizeNearest(
          ResizeNearestParameters(
            rows: axes.vertical.nearestSources(rounding).map(Int32.init),
            columns: axes.horizontal.nearestSources(rounding).map(Int32.init))))
    case .linear:
      // Aligned corners depend on the extents alone.
      for (input, output, scale) in [
        (height, resize.size.height, resize.verticalScale),
        (width, resize.size.width, resize.horizontalScale),
      ]
      where resize.mapping != .alignCorners
        && abs(Float(input) * scale - Float(output)) > 1e-3
      {
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
