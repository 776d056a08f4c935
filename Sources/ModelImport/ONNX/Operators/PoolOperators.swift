import Diagnostics
import FloatModel

/// Pools over windows and over whole images.
enum PoolOperators {
  static let maxPool: OperatorImport = { (node, builder) throws(Diagnostic) in
    node.ignore("storage_order")
    let (input, pool, extra) = try window(node, &builder)
    let output = try builder.emit(
      .maxPool(pool.padded(by: extra)), [input.value], for: node)
    return [builder.result(Placed(value: output, layout: input.layout))]
  }

  static let averagePool: OperatorImport = { (node, builder) throws(Diagnostic) in
    var (input, pool, extra) = try window(node, &builder)
    if try node.int("count_include_pad") ?? 0 != 0, !pool.padding.isZero {
      // Our pools never count their own padding, so that zeros to be counted are padded before.
      // What ceil_mode adds never counts.
      let padding = pool.padding
      input.value = try builder.emit(
        .pad(
          before: [0, padding.top, padding.left, 0], after: [0, padding.bottom, padding.right, 0],
          mode: .constant(0)),
        [input.value], for: node, name: "\(node.name)_padded")
      pool.padding = EdgePadding()
    }
    let output = try builder.emit(
      .averagePool(pool.padded(by: extra)), [input.value], for: node)
    return [builder.result(Placed(value: output, layout: input.layout))]
  }

  static let globalAveragePool: OperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try builder.place(0, of: node)
    let rank = input.layout.rank
    guard rank >= 3 else {
      throw Diagnostic(problem: "the input has shape \(builder.shape(of: input))")
    }
    let axes = (2..<rank).map { input.layout.storedAxis($0) }.sorted()
    let output = try builder.emit(
      .mean(axes: axes, keepsDimensions: true), [input.value], for: node)
    return [builder.result(Placed(value: output, layout: input.layout))]
  }

  static let globalMaxPool: OperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try builder.arrangeImage(try builder.place(0, of: node), for: node)
    let image = builder.graph.values[input.value].shape
    let pool = FloatPool(
      window: SpatialExtent(height: image[1], width: image[2]),
      stride: SpatialExtent(height: 1, width: 1), padding: EdgePadding())
    let output = try builder.emit(.maxPool(pool), [input.value], for: node)
    return [builder.result(Placed(value: output, layout: input.layout))]
  }

  /// The image, the pool without the padding that `ceil_mode` adds, and that.
  private static func window(
    _ node: ONNXNode, _ builder: inout GraphBuilder
  ) throws(Diagnostic) -> (input: Placed, pool: FloatPool, extra: EdgePadding) {
    let input = try builder.arrangeImage(try builder.place(0, of: node), for: node)
    let rank = input.layout.rank
    let image = builder.graph.values[input.value].shape
    let attributes = try WindowAttributes(
      node, image: image, spatialRank: rank - 2, kernel: nil)
    guard attributes.dilation == SpatialExtent(height: 1, width: 1) else {
      throw Diagnostic(
        problem: "has dilations \(attributes.dilation.height)×\(attributes.dilation.width); pools "
          + "with gaps are not supported")
    }
    let roundsUp = try node.int("ceil_mode") ?? 0 != 0
    let pool = FloatPool(
      window: attributes.window, stride: attributes.stride, padding: attributes.padding)
    return (input, pool, roundsUp ? attributes.roundingUpPadding(image: image) : EdgePadding())
  }
}

extension FloatPool {
  /// The same pool with more padding.
  fileprivate func padded(by extra: EdgePadding) -> FloatPool {
    var pool = self
    pool.padding.bottom += extra.bottom
    pool.padding.right += extra.right
    return pool
  }
}
