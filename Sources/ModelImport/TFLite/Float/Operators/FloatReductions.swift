import Diagnostics
import FloatModel
import TFLiteFormat

/// Means, sums and greatest elements over axes.
enum FloatReductions {
  static let mean: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    let (input, axes, keepsDimensions) = try operands(node, &builder)
    guard !axes.isEmpty else { return [try node.input(0).content] }
    let output = try builder.emit(
      .mean(axes: axes, keepsDimensions: keepsDimensions), [input], for: node)
    return [builder.content(output)]
  }

  static let sum: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    let (input, axes, keepsDimensions) = try operands(node, &builder)
    guard !axes.isEmpty else { return [try node.input(0).content] }
    let shape = builder.shape(of: input)
    let count = axes.map { shape[$0] }.reduce(1, *)
    let mean = try builder.emit(
      .mean(axes: axes, keepsDimensions: keepsDimensions), [input], for: node, suffix: "_mean")
    let factor = try builder.constant(
      FloatTensor(shape: [], values: [Float(count)]), named: "\(node.outputName)_count")
    return [
      builder.content(try builder.emit(.multiply(clamp: .none), [mean, factor], for: node))
    ]
  }

  /// The greatest element of whole images, as a pool over them.
  static let maximum: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    let (input, axes, keepsDimensions) = try operands(node, &builder)
    let shape = builder.shape(of: input)
    guard shape.count == 4, axes == [1, 2] else {
      throw Diagnostic(
        problem: "takes the maximum over axes \(axes) of \(shape); only the height and width of "
          + "images are supported")
    }
    let pool = FloatPool(
      window: SpatialExtent(height: shape[1], width: shape[2]),
      stride: SpatialExtent(height: 1, width: 1), padding: EdgePadding())
    guard !keepsDimensions else {
      return [builder.content(try builder.emit(.maxPool(pool), [input], for: node))]
    }
    let pooled = try builder.emit(.maxPool(pool), [input], for: node, suffix: "_pooled")
    return [
      builder.content(
        try builder.emit(.reshape([shape[0], shape[3]]), [pooled], for: node))
    ]
  }

  private static func operands(
    _ node: FloatOperator, _ builder: inout FloatGraphBuilder
  ) throws(Diagnostic) -> (input: ValueIndex, axes: [Int], keepsDimensions: Bool) {
    guard case .reduction(let keepsDimensions) = node.options else { throw node.wrongOptions }
    let input = try builder.value(0, of: node)
    let axes = try Axis.resolved(
      try node.indices(1, "axes"), rank: builder.shape(of: input).count)
    return (input, axes, keepsDimensions)
  }
}
