import Diagnostics
import FloatModel
import TFLiteFormat

/// TRANSPOSE_CONV as what it is made of: zeros between the pixels, then a convolution with the
/// filter turned by 180°.
enum FloatTransposedConvolution {
  static let transposedConvolution: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    guard case .transposeConvolution(let window, let activation) = node.options else {
      throw node.wrongOptions
    }
    let output = try node.indices(0, "output shape")
    let weights = try node.floats(1, "filter")
    let input = try builder.value(2, of: node)
    let image = builder.shape(of: input)
    guard image.count == 4, weights.shape.count == 4, output.count == 4 else {
      throw Diagnostic(
        problem: "spreads \(image) over \(output) with a filter \(weights.shape); all must have 4 "
          + "axes")
    }
    try ShapeLimits.check(output, of: "the output")
    let axes = try (0..<2).map { (axis) throws(Diagnostic) in
      try SpreadAxis(
        input: image[axis + 1], output: output[axis + 1], filter: weights.shape[axis + 1],
        stride: axis == 0 ? window.stride.height : window.stride.width,
        padding: window.padding)
    }
    let spread = try spread(input, axes, node, &builder)
    let convolution = FloatConvolution(
      stride: SpatialExtent(height: 1, width: 1),
      padding: EdgePadding(
        top: axes[0].before, left: axes[1].before, bottom: max(axes[0].after, 0),
        right: max(axes[1].after, 0)),
      clamp: activation.clamp)
    var inputs = [
      spread, try builder.constant(turned(weights), named: try node.input(1).name),
    ]
    if let bias = node.optionalInput(3) {
      inputs.append(try builder.constant(try node.floats(3, "bias"), named: bias.name))
    }
    return [builder.content(try builder.emit(.convolution(convolution), inputs, for: node))]
  }

  /// How one spatial axis spreads, after TFLite's `ComputePaddingHeightWidth`: input position i
  /// adds to the outputs from `i · stride − padding` on.
  private struct SpreadAxis {
    let extent: Int
    let stride: Int
    /// Zeros before and after the spread image; a negative count crops.
    let before: Int
    let after: Int

    init(
      input: Int, output: Int, filter: Int, stride: Int, padding: TFLitePadding
    ) throws(Diagnostic) {
      guard (1...ShapeLimits.greatestParameter).contains(stride),
        input <= ShapeLimits.greatestParameter / stride
      else {
        throw Diagnostic(problem: "stride \(stride) is out of range for an extent of \(input)")
      }
      let windows =
        padding == .same ? (output + stride - 1) / stride : (output + stride - filter) / stride
      let start = max((windows - 1) * stride + filter - output, 0) / 2
      extent = input
      self.stride = stride
      before = filter - 1 - start
      after = output + start - input * stride
      guard before >= 0, input * stride + after >= 1 else {
        throw Diagnostic(
          problem: "cannot spread \(input) elements over \(output) in steps of \(stride) with a "
            + "filter of \(filter)")
      }
    }
  }

  private static func spread(
    _ input: ValueIndex, _ axes: [SpreadAxis], _ node: FloatOperator,
    _ builder: inout FloatGraphBuilder
  ) throws(Diagnostic) -> ValueIndex {
    let image = builder.shape(of: input)
    var value = input
    var extents = axes.map(\.extent)
    if axes.contains(where: { $0.stride > 1 }) {
      value = try builder.emit(
        .reshape([image[0], extents[0], 1, extents[1], 1, image[3]]), [value], for: node,
        suffix: "_apart")
      value = try builder.emit(
        .pad(
          before: [0, 0, 0, 0, 0, 0],
          after: [0, 0, axes[0].stride - 1, 0, axes[1].stride - 1, 0], mode: .constant(0)),
        [value], for: node, suffix: "_padded")
      extents = axes.map { $0.extent * $0.stride }
      value = try builder.emit(
        .reshape([image[0], extents[0], extents[1], image[3]]), [value], for: node,
        suffix: "_spread")
    }
    guard axes.contains(where: { $0.after < 0 }) else { return value }
    return try builder.emit(
      .slice(
        begin: [0, 0, 0, 0],
        extent: [
          image[0], extents[0] + min(axes[0].after, 0), extents[1] + min(axes[1].after, 0),
          image[3],
        ], strides: [1, 1, 1, 1]),
      [value], for: node, suffix: "_cropped")
  }

  /// `[O, KH, KW, I]` with both spatial axes reversed.
  private static func turned(_ weights: FloatTensor) -> FloatTensor {
    let (taps, width) = (weights.shape[1] * weights.shape[2], weights.shape[3])
    var values: [Float] = []
    values.reserveCapacity(weights.count)
    for filter in 0..<weights.shape[0] {
      for tap in (0..<taps).reversed() {
        let start = (filter * taps + tap) * width
        values += weights.values[start..<start + width]
      }
    }
    return FloatTensor(shape: weights.shape, values: values)
  }
}
