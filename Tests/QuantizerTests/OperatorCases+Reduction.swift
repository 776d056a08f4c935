import FloatModel
import FloatReference

extension OperatorCase {
  /// One operation of one image.
  static func image(
    _ name: String, _ operation: FloatOperation, shape: [Int] = [1, 7, 6, 5],
    range: ClosedRange<Float> = -2...3, greatestError: Int = 1, greatestMeanError: Double = 0.35
  ) -> OperatorCase {
    OperatorCase(
      name: name, ranges: [range], greatestError: greatestError,
      greatestMeanError: greatestMeanError
    ) { sketch, _ in
      sketch.output(try sketch.node("y", operation, sketch.input(shape: shape)))
    }
  }

  private static func pool(
    _ window: (Int, Int), stride: (Int, Int), padding: EdgePadding = EdgePadding()
  ) -> FloatPool {
    FloatPool(
      window: SpatialExtent(height: window.0, width: window.1),
      stride: SpatialExtent(height: stride.0, width: stride.1), padding: padding)
  }

  /// Pools.
  static let windows = [
    image("max pool", .maxPool(pool((2, 2), stride: (2, 2))), greatestError: 0),
    image(
      "max pool with padding of negative values",
      .maxPool(
        pool((3, 2), stride: (2, 1), padding: EdgePadding(top: 2, left: 1, bottom: 1))),
      range: -5 ... -1, greatestError: 0),
    image("average pool", .averagePool(pool((3, 2), stride: (1, 2)))),
    image(
      "average pool with padding of positive values",
      .averagePool(
        pool((3, 3), stride: (2, 2), padding: EdgePadding(top: 1, left: 2, bottom: 2, right: 1))),
      range: 1...5),
    OperatorCase(name: "pools of a value with fixed codes") { sketch, _ in
      let s = try sketch.node(
        "s", .activation(.sigmoid), sketch.input(shape: [1, 6, 6, 3]))
      let greatest = try sketch.node("max", .maxPool(pool((2, 2), stride: (1, 1))), s)
      sketch.output(greatest)
      sketch.output(try sketch.node("mean", .averagePool(pool((2, 2), stride: (2, 2))), s))
      sketch.output(
        try sketch.node("both", .averagePool(pool((2, 2), stride: (1, 1))), greatest))
    },
  ]

  /// Means and softmax.
  static let reductions =
    [
      ([1, 2], true), ([1, 2], false), ([3], true), ([3], false), ([1], false), ([2, 3], true),
      ([1, 2, 3], false),
    ].map { axes, keeps in
      image(
        "mean over \(axes)\(keeps ? " with its axes kept" : "")",
        .mean(axes: axes, keepsDimensions: keeps), range: -1...5)
    } + [
      image("softmax of a row", .softmax(axis: 1), shape: [1, 10], range: -6...3),
      image("softmax over channels", .softmax(axis: 3), range: -8...8),
      image("softmax over rows", .softmax(axis: 1), range: -5...2),
      image("softmax over columns", .softmax(axis: 2), range: -5...2),
      image("softmax of a narrow range", .softmax(axis: 1), shape: [1, 4], range: -0.01...0.01),
      image("softmax of a huge range", .softmax(axis: 1), shape: [1, 4], range: -9000...9000),
      OperatorCase(name: "softmax of fixed codes") { sketch, _ in
        let t = try sketch.node("t", .activation(.tanh), sketch.input(shape: [1, 6]))
        sketch.output(try sketch.node("y", .softmax(axis: 1), t))
      },
    ]
}
