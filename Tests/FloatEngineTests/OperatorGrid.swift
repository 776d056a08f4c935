import FloatModel

extension OperatorCase {
  /// Every operation, with the shapes at which its kernel changes course.
  static let all: [OperatorCase] =
    convolutions + matrices + activations + broadcasts + windows + reductions + movements + resizes

  private static func image(
    _ name: String, _ operation: FloatOperation, _ shape: [Int] = [1, 7, 6, 5]
  ) -> OperatorCase {
    OperatorCase(name: name, operation: operation, shapes: [shape])
  }

  private static func convolution(
    _ name: String, input: [Int], weights: [Int], stride: Int = 1, dilation: Int = 1,
    padding: EdgePadding = EdgePadding(), groups: Int = 1, clamp: ClampRange = .none,
    hasBias: Bool = true
  ) -> OperatorCase {
    OperatorCase(
      name: name,
      operation: .convolution(
        FloatConvolution(
          stride: SpatialExtent(height: stride, width: stride),
          dilation: SpatialExtent(height: dilation, width: dilation), padding: padding,
          groups: groups, clamp: clamp)),
      shapes: [input, weights] + (hasBias ? [[weights[0]]] : []), constants: [1, 2])
  }

  private static let convolutions = [
    convolution("pointwise", input: [1, 5, 5, 16], weights: [32, 1, 1, 16]),
    convolution(
      "first layer, stride 2, padding at the far side", input: [1, 12, 12, 3],
      weights: [16, 3, 3, 3], stride: 2, padding: EdgePadding(bottom: 1, right: 1),
      clamp: .relu6),
    convolution(
      "depthwise 3×3", input: [1, 9, 8, 32], weights: [32, 3, 3, 1],
      padding: EdgePadding(top: 1, left: 1, bottom: 1, right: 1), groups: 32, clamp: .relu6),
    convolution(
      "depthwise stride 2 with odd width pads on the right", input: [1, 8, 7, 24],
      weights: [24, 3, 3, 1], stride: 2, padding: EdgePadding(bottom: 1, right: 1), groups: 24),
    convolution(
      "depthwise with a multiplier of 2", input: [1, 6, 6, 8], weights: [16, 3, 3, 1],
      groups: 8),
    convolution(
      "grouped, odd group width", input: [1, 6, 5, 9], weights: [6, 3, 3, 3], groups: 3,
      clamp: .relu),
    convolution(
      "dilated, padded on one side only", input: [1, 9, 9, 4], weights: [5, 3, 3, 4],
      dilation: 2, padding: EdgePadding(top: 3, left: 0, bottom: 0, right: 2)),
    convolution(
      "padding wider than the kernel", input: [1, 4, 4, 3], weights: [4, 2, 2, 3],
      padding: EdgePadding(top: 3, left: 4, bottom: 5, right: 3), hasBias: false),
    convolution(
      "stride beyond the kernel skips pixels", input: [1, 9, 9, 4], weights: [4, 1, 1, 4],
      stride: 3, hasBias: false),
    convolution(
      "clamped at one infinite limit", input: [1, 5, 5, 4], weights: [4, 3, 3, 4],
      clamp: ClampRange(minimum: -.infinity, maximum: 0.25)),
    convolution(
      "clamped from a negative limit up", input: [1, 5, 5, 4], weights: [4, 3, 3, 4],
      clamp: ClampRange(minimum: -0.5, maximum: .infinity)),
    convolution(
      "two images in the graph's own shape", input: [2, 5, 5, 4], weights: [4, 3, 3, 4]),
  ]

  private static let matrices = [
    OperatorCase(
      name: "fully connected", operation: .fullyConnected(clamp: .none),
      shapes: [[1, 37], [19, 37], [19]], constants: [1, 2]),
    OperatorCase(
      name: "fully connected without bias, over the last axis of an image",
      operation: .fullyConnected(clamp: .relu6), shapes: [[1, 3, 4, 8], [5, 8]],
      constants: [1]),
    OperatorCase(
      name: "fully connected over a vector", operation: .fullyConnected(clamp: .relu),
      shapes: [[8], [5, 8], [5]], constants: [1, 2]),
    OperatorCase(
      name: "batch normalization", operation: .batchNormalization(epsilon: 1e-3),
      shapes: [[1, 4, 5, 6], [6], [6], [6], [6]], constants: [1, 2, 3, 4], positive: [4]),
    OperatorCase(
      name: "batch normalization of a wide row", operation: .batchNormalization(epsilon: 1e-3),
      shapes: [[1, 20_000], [20_000], [20_000], [20_000], [20_000]], constants: [1, 2, 3, 4],
      positive: [4]),
  ]

  private static let activations =
    [
      FloatActivation.clip(.relu6), .clip(.none), .clip(ClampRange(minimum: -1, maximum: 0.5)),
      .leakyRelu(alpha: 0.1), .leakyRelu(alpha: 1.5), .sigmoid, .tanh, .hardSwish,
      .hardSigmoid(alpha: 0.3, beta: 0.4),
    ].map { image("\($0)", .activation($0)) }
    + [image("clip of more than one chunk", .activation(.clip(.relu6)), [1, 40, 40, 31])]

  private static func broadcast(
    _ name: String, _ operation: FloatOperation, _ left: [Int], _ right: [Int],
    constants: Set<Int> = []
  ) -> OperatorCase {
    OperatorCase(
      name: name, operation: operation, shapes: [left, right], constants: constants)
  }

  private static let broadcasts = [
    broadcast("residual sum", .add(clamp: .relu6), [1, 5, 4, 3], [1, 5, 4, 3]),
    broadcast("sum of more than one chunk", .add(clamp: .none), [1, 64, 64, 9], [1, 64, 64, 9]),
    broadcast("bias added", .add(clamp: .none), [1, 5, 4, 3], [3], constants: [1]),
    broadcast("constant minus image", .subtract(clamp: .none), [], [1, 5, 4, 3], constants: [0]),
    broadcast("difference", .subtract(clamp: .relu), [1, 5, 4, 3], [1, 5, 4, 3]),
    broadcast("squeeze and excite", .multiply(clamp: .none), [1, 5, 4, 6], [1, 1, 1, 6]),
    broadcast("spatial mask", .multiply(clamp: .none), [1, 5, 4, 6], [1, 5, 4, 1]),
    broadcast("both operands stretch", .add(clamp: .none), [1, 5, 1, 6], [1, 1, 4, 1]),
    broadcast("row of other rank", .multiply(clamp: .none), [1, 5, 4, 6], [4, 6]),
    broadcast("two constants", .add(clamp: .none), [1, 4], [1, 4], constants: [0, 1]),
    broadcast("prelu per channel", .prelu, [1, 5, 4, 6], [6], constants: [1]),
    broadcast("prelu with one slope", .prelu, [1, 5, 4, 6], [1], constants: [1]),
    broadcast("prelu with a computed slope", .prelu, [1, 5, 4, 6], [1, 1, 1, 6]),
  ]

  private static func pool(
    _ window: (Int, Int), stride: (Int, Int), padding: EdgePadding = EdgePadding()
  ) -> FloatPool {
    FloatPool(
      window: SpatialExtent(height: window.0, width: window.1),
      stride: SpatialExtent(height: stride.0, width: stride.1), padding: padding)
  }

  private static let windows = [
    image("max pool 2×2", .maxPool(pool((2, 2), stride: (2, 2)))),
    image(
      "max pool with padding on two sides of an all negative border",
      .maxPool(pool((3, 2), stride: (2, 1), padding: EdgePadding(top: 2, right: 1)))),
    image("average pool 3×3", .averagePool(pool((3, 3), stride: (1, 1)))),
    image(
      "average pool counts only taps inside",
      .averagePool(
        pool((3, 3), stride: (2, 2), padding: EdgePadding(top: 1, left: 2, bottom: 2, right: 1)))),
    image("average pool of the whole image", .averagePool(pool((7, 6), stride: (1, 1)))),
  ]

  private static let reductions = [
    image("global mean", .mean(axes: [1, 2], keepsDimensions: false)),
    image(
      "global mean of many channels", .mean(axes: [1, 2], keepsDimensions: true), [1, 3, 3, 1100]),
    image("mean over the last axis", .mean(axes: [3], keepsDimensions: false)),
    image("mean over axes apart", .mean(axes: [1, 3], keepsDimensions: false)),
    image("mean over everything", .mean(axes: [0, 1, 2, 3], keepsDimensions: false)),
    image("mean over an axis 0 of 2", .mean(axes: [0], keepsDimensions: false), [2, 3, 4]),
    image("softmax over the last axis", .softmax(axis: 1), [1, 1000]),
    image("softmax over channels of an image", .softmax(axis: 3)),
    image("softmax over a middle axis", .softmax(axis: 1)),
    image("softmax over an axis 0 of 3", .softmax(axis: 0), [3, 4]),
  ]

  private static let movements =
    [
      OperatorCase(
        name: "concatenation of channels", operation: .concatenation(axis: 3),
        shapes: [[1, 4, 5, 2], [1, 4, 5, 7], [1, 4, 5, 1]]),
      OperatorCase(
        name: "concatenation of rows with a constant", operation: .concatenation(axis: 1),
        shapes: [[1, 1, 5], [1, 3, 5]], constants: [0]),
      OperatorCase(
        name: "concatenation along axis 0 stays inside the image",
        operation: .concatenation(axis: 0), shapes: [[1, 5], [2, 5]]),
      image(
        "pad rows and columns",
        .pad(
          before: [0, 1, 2, 0], after: [0, 3, 0, 0], mode: .constant(0))),
      image(
        "pad channels",
        .pad(
          before: [0, 0, 0, 0], after: [0, 0, 0, 3], mode: .constant(-1.5))),
      image(
        "pad all axes",
        .pad(
          before: [1, 1, 0, 2], after: [0, 1, 1, 1], mode: .constant(2))),
      image("pad by reflection", .pad(before: [0, 6, 1, 4], after: [0, 2, 5, 0], mode: .reflect)),
      image("pad by the edge", .pad(before: [0, 9, 1, 0], after: [0, 2, 8, 3], mode: .edge)),
      image(
        "pad nothing",
        .pad(
          before: [0, 0, 0, 0], after: [0, 0, 0, 0], mode: .constant(0))),
      image("reshape to a matrix", .reshape([1, 210])),
      image("reshape that mixes axis 0", .reshape([7, 30])),
      image("identity", .identity),
      image(
        "slice forward and backward",
        .slice(
          begin: [0, 6, 1, 0], extent: [1, 4, 2, 5], strides: [1, -2, 3, 1])),
      image(
        "slice of channels",
        .slice(
          begin: [0, 0, 0, 4], extent: [1, 7, 6, 3], strides: [1, 1, 1, -2])),
      image(
        "slice of one element",
        .slice(
          begin: [0, 3, 2, 1], extent: [1, 1, 1, 1], strides: [1, 1, 1, 1])),
    ]
    + [[0, 3, 1, 2], [0, 2, 3, 1], [3, 2, 1, 0], [0, 1, 2, 3], [0, 2, 1, 3], [1, 0, 2, 3]].map {
      image("transpose \($0)", .transpose($0))
    }

  private static let resizes: [OperatorCase] = {
    let interpolations: [ResizeInterpolation] = [
      .linear, .nearest(.roundPreferFloor), .nearest(.roundPreferCeil), .nearest(.floor),
      .nearest(.ceil),
    ]
    let mappings: [CoordinateMapping] = [
      .halfPixel, .pytorchHalfPixel, .alignCorners, .asymmetric,
    ]
    // Scales that float32 holds exactly, so that rounding to the nearest does not depend on the precision.
    let sizes: [(Int, Int, Float, Float)] = [
      (14, 12, 2, 2), (4, 3, 0.5, 0.5), (1, 1, 0.125, 0.25), (28, 6, 4, 1), (9, 7, 1.25, 1.25),
    ]
    return interpolations.flatMap { interpolation in
      mappings.flatMap { mapping in
        sizes.map { height, width, vertical, horizontal in
          image(
            "resize \(interpolation) \(mapping) to \(height)×\(width)",
            .resize(
              FloatResize(
                size: SpatialExtent(height: height, width: width), verticalScale: vertical,
                horizontalScale: horizontal, mapping: mapping, interpolation: interpolation)))
        }
      }
    }
  }()
}
