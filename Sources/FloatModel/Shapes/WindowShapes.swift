import Diagnostics

/// Output shapes of operators that slide a window over an image.
enum WindowShapes {
  /// `[N, OH, OW, O]` of a convolution of `inputs[0]`, `[N, H, W, C]`, with weights
  /// `[O, KH, KW, C / groups]` and an optional bias `[O]`.
  static func convolution(
    _ convolution: FloatConvolution, inputs: [[Int]]
  ) throws(Diagnostic) -> [Int] {
    let image = inputs[0]
    let weights = inputs[1]
    try checkImage(image)
    guard weights.count == 4 else {
      throw Diagnostic(problem: "the weights have shape \(weights), not [O, KH, KW, C / groups]")
    }
    let groups = convolution.groups
    guard groups >= 1, image[3] % groups == 0, weights[0] % groups == 0 else {
      throw Diagnostic(
        problem: "\(groups) groups do not divide \(image[3]) input and \(weights[0]) output "
          + "channels")
    }
    guard weights[3] == image[3] / groups else {
      throw Diagnostic(
        problem: "the weights \(weights) take \(weights[3]) channels per group, but the input "
          + "\(image) has \(image[3]) in \(groups) groups")
    }
    if inputs.count == 3, inputs[2] != [weights[0]] {
      throw Diagnostic(problem: "the bias has shape \(inputs[2]), not [\(weights[0])]")
    }
    try checkParameters(
      stride: convolution.stride, dilation: convolution.dilation, padding: convolution.padding)
    // The weights' extents are below 2^31 each, as is the dilation: no product overflows.
    let rows = try count(
      extent: image[1], before: convolution.padding.top, after: convolution.padding.bottom,
      window: (weights[1] - 1) * convolution.dilation.height + 1,
      stride: convolution.stride.height, unit: "rows")
    let columns = try count(
      extent: image[2], before: convolution.padding.left, after: convolution.padding.right,
      window: (weights[2] - 1) * convolution.dilation.width + 1,
      stride: convolution.stride.width, unit: "columns")
    return [image[0], rows, columns, weights[0]]
  }

  /// `[N, OH, OW, C]` of a pool of `image`, `[N, H, W, C]`. Padding is smaller than the window, so
  /// that every window holds a tap inside the image.
  static func pool(_ pool: FloatPool, image: [Int]) throws(Diagnostic) -> [Int] {
    try checkImage(image)
    try checkParameters(
      stride: pool.stride, dilation: SpatialExtent(height: 1, width: 1), padding: pool.padding)
    let window = pool.window
    guard window.height >= 1, window.width >= 1, window.height <= ShapeLimits.greatestParameter,
      window.width <= ShapeLimits.greatestParameter
    else {
      throw Diagnostic(problem: "the window \(window.height)×\(window.width) is out of range")
    }
    let padding = pool.padding
    guard max(padding.top, padding.bottom) < window.height,
      max(padding.left, padding.right) < window.width
    else {
      throw Diagnostic(
        problem: "padding [\(padding.top), \(padding.left), \(padding.bottom), \(padding.right)] "
          + "must be smaller than the window \(window.height)×\(window.width)")
    }
    let rows = try count(
      extent: image[1], before: padding.top, after: padding.bottom, window: window.height,
      stride: pool.stride.height, unit: "rows")
    let columns = try count(
      extent: image[2], before: padding.left, after: padding.right, window: window.width,
      stride: pool.stride.width, unit: "columns")
    return [image[0], rows, columns, image[3]]
  }

  static func checkImage(_ shape: [Int]) throws(Diagnostic) {
    guard shape.count == 4 else {
      throw Diagnostic(problem: "the input has shape \(shape), but an image is [N, H, W, C]")
    }
  }

  private static func checkParameters(
    stride: SpatialExtent, dilation: SpatialExtent, padding: EdgePadding
  ) throws(Diagnostic) {
    let limit = ShapeLimits.greatestParameter
    for (name, extent) in [("stride", stride), ("dilation", dilation)] {
      guard (1...limit).contains(extent.height), (1...limit).contains(extent.width) else {
        throw Diagnostic(
          problem: "\(name) \(extent.height)×\(extent.width) is outside 1…\(limit)")
      }
    }
    for amount in [padding.top, padding.left, padding.bottom, padding.right] {
      guard (0...limit).contains(amount) else {
        throw Diagnostic(problem: "padding \(amount) is outside 0…\(limit)")
      }
    }
  }

  /// How many windows fit.
  private static func count(
    extent: Int, before: Int, after: Int, window: Int, stride: Int, unit: String
  ) throws(Diagnostic) -> Int {
    let padded = extent + before + after
    guard padded >= window else {
      throw Diagnostic(
        problem: "a window of \(window) \(unit) does not fit the \(padded) \(unit) of the padded "
          + "image")
    }
    return (padded - window) / stride + 1
  }
}
