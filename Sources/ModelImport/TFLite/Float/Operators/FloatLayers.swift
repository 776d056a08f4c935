import Diagnostics
import FloatModel
import TFLiteFormat

/// Convolutions and fully connected layers with constant weights: float ones, or codes with scales
/// behind DEQUANTIZE or in place ("hybrid"), which count as the real numbers they stand for.
enum FloatLayers {
  static let convolution: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    guard case .convolution(let window, let dilation, let activation) = node.options else {
      throw node.wrongOptions
    }
    let input = try builder.value(0, of: node)
    let weights = try node.floats(1, "filter")
    try checkRanks(input: builder.shape(of: input), weights: weights)
    let channels = builder.shape(of: input)[3]
    guard channels % weights.shape[3] == 0 else {
      throw Diagnostic(
        problem: "the filter \(weights.shape) takes \(weights.shape[3]) channels, which do not "
          + "divide the \(channels) of the input")
    }
    let groups = channels / weights.shape[3]
    return [
      try emit(
        input, weights, window, dilation: dilation, groups: groups, activation, node, &builder)
    ]
  }

  static let depthwiseConvolution: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    guard
      case .depthwiseConvolution(let window, let dilation, _, let activation) = node.options
    else { throw node.wrongOptions }
    let input = try builder.value(0, of: node)
    let weights = try node.floats(1, "filter")
    try checkRanks(input: builder.shape(of: input), weights: weights)
    guard weights.shape[0] == 1 else {
      throw Diagnostic(problem: "the filter has shape \(weights.shape), not [1, KH, KW, O]")
    }
    // Output channels of one input channel lie together, as those of one group do.
    return [
      try emit(
        input, weights.transposed(by: [3, 1, 2, 0]), window, dilation: dilation,
        groups: builder.shape(of: input)[3], activation, node, &builder)
    ]
  }

  private static func checkRanks(input: [Int], weights: FloatTensor) throws(Diagnostic) {
    guard input.count == 4, weights.shape.count == 4 else {
      throw Diagnostic(
        problem: "convolves \(input) with a filter \(weights.shape); both must have 4 axes")
    }
  }

  private static func emit(
    _ input: ValueIndex, _ weights: FloatTensor, _ window: TFLiteWindow, dilation: TFLitePair,
    groups: Int, _ activation: TFLiteActivation, _ node: FloatOperator,
    _ builder: inout FloatGraphBuilder
  ) throws(Diagnostic) -> FloatTensorContent {
    let (stride, dilation) = (SpatialExtent(window.stride), SpatialExtent(dilation))
    let extent = SpatialExtent(height: weights.shape[1], width: weights.shape[2])
    let convolution = FloatConvolution(
      stride: stride, dilation: dilation,
      padding: try window.padding(
        image: builder.shape(of: input), filter: extent, dilation: dilation),
      groups: groups, clamp: activation.clamp)
    var inputs = [
      input, try builder.constant(weights, named: try node.input(1).name),
    ]
    if let bias = node.optionalInput(2) {
      inputs.append(try builder.constant(try node.floats(2, "bias"), named: bias.name))
    }
    return builder.content(try builder.emit(.convolution(convolution), inputs, for: node))
  }

  static let fullyConnected: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    guard
      case .fullyConnected(let activation, let keepsDimensions, let hasDefaultWeights) =
        node.options
    else { throw node.wrongOptions }
    guard hasDefaultWeights else {
      throw Diagnostic(
        problem: "has weights in the shuffled 4x16 format, which is not supported",
        remedy: "convert the model with weights in the default format")
    }
    var input = try builder.value(0, of: node)
    let weights = try node.floats(1, "weights")
    guard weights.shape.count == 2 else {
      throw Diagnostic(problem: "the weights have shape \(weights.shape), not [O, I]")
    }
    let shape = builder.shape(of: input)
    let width = weights.shape[1]
    if !keepsDimensions, shape.count != 2 || shape[1] != width {
      let count = shape.reduce(1, *)
      guard count % width == 0 else {
        throw Diagnostic(
          problem: "the weights \(weights.shape) take \(width) elements, which do not divide the "
            + "input \(shape)")
      }
      input = try builder.emit(
        .reshape([count / width, width]), [input], for: node, suffix: "_flattened")
    }
    var inputs = [
      input, try builder.constant(weights, named: try node.input(1).name),
    ]
    if let bias = node.optionalInput(2) {
      inputs.append(try builder.constant(try node.floats(2, "bias"), named: bias.name))
    }
    let output = try builder.emit(
      .fullyConnected(clamp: activation.clamp), inputs, for: node)
    return [builder.content(output)]
  }
}

extension TFLiteWindow {
  /// Zeros around an image `[N, H, W, C]` under a filter.
  ///
  /// - Throws: a stride or dilation below 1.
  func padding(
    image: [Int], filter: SpatialExtent, dilation: SpatialExtent
  ) throws(Diagnostic) -> EdgePadding {
    let limit = ShapeLimits.greatestParameter
    for (name, extent) in [
      ("stride", SpatialExtent(stride)), ("dilation", dilation), ("filter", filter),
    ] {
      guard (1...limit).contains(extent.height), (1...limit).contains(extent.width) else {
        throw Diagnostic(
          problem: "\(name) \(extent.height)×\(extent.width) is outside 1…\(limit)")
      }
    }
    guard padding == .same else { return EdgePadding() }
    return .same(image: image, window: filter, stride: SpatialExtent(stride), dilation: dilation)
  }
}
