import FloatModel
import FloatReference

extension OperatorCase {
  /// Every operation that lowering knows.
  static let all =
    convolutions + fullyConnected + elementwise + activations + windows + reductions
    + concatenations + movements + resizes

  private static func convolution(
    _ name: String, input: [Int], weights: [Int], stride: (Int, Int) = (1, 1),
    dilation: (Int, Int) = (1, 1), padding: EdgePadding = EdgePadding(), groups: Int = 1,
    clamp: ClampRange = .none, hasBias: Bool = true, ranges: [ClosedRange<Float>] = [-2...2]
  ) -> OperatorCase {
    OperatorCase(name: name, ranges: ranges, greatestMeanError: longAccumulator) { sketch, source in
      var inputs = [
        sketch.input(shape: input), sketch.random("w", weights, in: -1...1, &source),
      ]
      if hasBias { inputs.append(sketch.random("b", [weights[0]], &source)) }
      let operation = FloatConvolution(
        stride: SpatialExtent(height: stride.0, width: stride.1),
        dilation: SpatialExtent(height: dilation.0, width: dilation.1), padding: padding,
        groups: groups, clamp: clamp)
      sketch.output(try sketch.node("y", .convolution(operation), inputs))
    }
  }

  private static let convolutions = [
    convolution("pointwise", input: [1, 5, 4, 16], weights: [12, 1, 1, 16]),
    convolution(
      "convolution of one channel", input: [1, 6, 7, 1], weights: [3, 3, 3, 1], hasBias: false),
    convolution(
      "first layer: stride 2, padding at the far side, relu6, positive input",
      input: [1, 12, 11, 3], weights: [8, 3, 3, 3], stride: (2, 2),
      padding: EdgePadding(bottom: 1, right: 1), clamp: .relu6, ranges: [0.5...4]),
    convolution(
      "stride and dilation that differ by axis, padding that differs by side",
      input: [1, 11, 9, 4], weights: [5, 3, 2, 4], stride: (1, 2), dilation: (2, 3),
      padding: EdgePadding(top: 3, left: 0, bottom: 1, right: 2), ranges: [-1...5]),
    convolution(
      "grouped convolution", input: [1, 6, 5, 9], weights: [6, 3, 3, 3],
      padding: EdgePadding(top: 1, left: 1), groups: 3, clamp: .relu, ranges: [-3...1]),
    convolution(
      "depthwise convolution with padding", input: [1, 7, 6, 8], weights: [8, 3, 3, 1],
      padding: EdgePadding(top: 1, left: 1, bottom: 1, right: 1), groups: 8, ranges: [1...4]),
    convolution(
      "depthwise convolution, depth multiplier 2, stride 2", input: [1, 8, 7, 5],
      weights: [10, 3, 2, 1], stride: (2, 2), padding: EdgePadding(right: 1), groups: 5,
      clamp: .relu6),
    convolution(
      "depthwise convolution, dilated, without bias", input: [1, 9, 8, 6],
      weights: [6, 3, 3, 1], dilation: (2, 2), groups: 6,
      clamp: ClampRange(minimum: -1, maximum: .infinity), hasBias: false),
  ]

  private static func fullyConnected(
    _ name: String, input: [Int], outputs: Int, clamp: ClampRange = .none, hasBias: Bool = true
  ) -> OperatorCase {
    OperatorCase(name: name, ranges: [-1...3], greatestMeanError: longAccumulator) {
      sketch, source in
      let width = input[input.count - 1]
      var inputs = [
        sketch.input(shape: input), sketch.random("w", [outputs, width], in: -1...1, &source),
      ]
      if hasBias { inputs.append(sketch.random("b", [outputs], &source)) }
      sketch.output(try sketch.node("y", .fullyConnected(clamp: clamp), inputs))
    }
  }

  private static let fullyConnected = [
    fullyConnected("fully connected", input: [1, 24], outputs: 10),
    fullyConnected(
      "fully connected without bias, relu", input: [1, 24], outputs: 10, clamp: .relu,
      hasBias: false),
    fullyConnected("fully connected of rank 3", input: [1, 5, 12], outputs: 7),
    fullyConnected(
      "fully connected of rank 4, relu6", input: [1, 3, 2, 12], outputs: 7, clamp: .relu6),
    // The second layer adds up the rounding errors of six inputs.
    OperatorCase(
      name: "weights shared by two layers, with biases of their own", greatestError: 3
    ) { sketch, source in
      let w = sketch.random("w", [6, 6], in: -1...1, &source)
      let first = try sketch.node(
        "first", .fullyConnected(clamp: .relu), sketch.input(shape: [1, 6]), w,
        sketch.random("b1", [6], &source))
      sketch.output(first)
      sketch.output(
        try sketch.node(
          "second", .fullyConnected(clamp: .none), first, w, sketch.random("b2", [6], &source)))
    },
  ]
}
