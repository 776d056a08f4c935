import FloatModel
import FloatReference

extension OperatorCase {
  /// An operation of two operands, either of which may be a constant.
  private static func binary(
    _ name: String, _ operation: FloatOperation, _ left: [Int], _ right: [Int],
    constant: Int? = nil, ranges: [ClosedRange<Float>] = [-2...2, -0.5...3]
  ) -> OperatorCase {
    OperatorCase(
      name: name, ranges: ranges,
      // The positive side of a PReLU is a code times a factor.
      greatestMeanError: operation == .prelu ? 0.35 : longAccumulator
    ) { sketch, source in
      let operands = [left, right].enumerated().map { position, shape in
        position == constant
          ? sketch.random("k", shape, in: -1...3, &source)
          : sketch.input("x\(position)", shape: shape)
      }
      sketch.output(try sketch.node("y", operation, operands))
    }
  }

  /// Operations on pairs of elements.
  static let elementwise =
    [
      ("add", FloatOperation.add(clamp: .none)), ("subtract", .subtract(clamp: .none)),
      ("multiply", .multiply(clamp: .none)),
    ].flatMap { name, operation in
      [
        binary("\(name) of equal shapes", operation, [1, 4, 5, 3], [1, 4, 5, 3]),
        binary(
          "\(name) of very different ranges", operation, [1, 4, 5, 3], [1, 4, 5, 3],
          ranges: [-0.05...0.05, -1...30]),
        binary("\(name) of an image and channels", operation, [1, 4, 5, 6], [1, 1, 1, 6]),
        binary("\(name) of channels and an image", operation, [1, 1, 1, 6], [1, 4, 5, 6]),
        binary("\(name) of an image and rows", operation, [1, 4, 5, 6], [1, 4, 1, 1]),
        binary("\(name) of a column and a row", operation, [1, 5, 1, 3], [1, 1, 4, 1]),
        binary("\(name) with constant channels", operation, [1, 4, 5, 6], [6], constant: 1),
        binary("\(name) from constant channels", operation, [1, 1, 6], [1, 4, 5, 6], constant: 0),
        binary("\(name) with a scalar", operation, [1, 4, 5, 6], [], constant: 1),
        binary("\(name) from a scalar", operation, [], [1, 4, 5, 6], constant: 0),
      ]
    } + [
      binary("add with relu", .add(clamp: .relu), [1, 4, 5, 3], [1, 4, 5, 3]),
      binary(
        "subtract with a clamp off zero", .subtract(clamp: ClampRange(minimum: -1, maximum: 0.5)),
        [1, 4, 5, 3], [1, 4, 5, 3]),
      binary("multiply with relu6", .multiply(clamp: .relu6), [1, 4, 5, 3], [1, 1, 1, 3]),
      binary("prelu with constant slopes", .prelu, [1, 4, 5, 6], [6], constant: 1),
      binary("prelu with one slope", .prelu, [1, 4, 5, 6], [1], constant: 1),
      binary("prelu with computed slopes", .prelu, [1, 4, 5, 6], [1, 1, 1, 6]),
      OperatorCase(name: "a value added to itself") { sketch, _ in
        let x = sketch.input(shape: [1, 4, 3, 2])
        sketch.output(try sketch.node("y", .add(clamp: .none), x, x))
      },
      OperatorCase(name: "a value multiplied by itself", ranges: [-1...3]) { sketch, _ in
        let x = sketch.input(shape: [1, 4, 3, 2])
        sketch.output(try sketch.node("y", .multiply(clamp: .none), x, x))
      },
      OperatorCase(name: "a constant with two partners", ranges: [-1...1, -20...4]) {
        sketch, source in
        let k = sketch.random("k", [3], &source)
        let x = sketch.input("x", shape: [1, 4, 3])
        let z = sketch.input("z", shape: [1, 4, 3])
        sketch.output(try sketch.node("first", .add(clamp: .none), x, k))
        sketch.output(try sketch.node("second", .subtract(clamp: .none), k, z))
      },
      // Each of the five operators rounds, and the gate multiplies their errors by up to 4.
      OperatorCase(
        name: "squeeze and excite", ranges: [-1...4], leastSignalToNoise: 30, greatestError: 3
      ) { sketch, source in
        let x = sketch.input(shape: [1, 4, 5, 8])
        let mean = try sketch.node("mean", .mean(axes: [1, 2], keepsDimensions: true), x)
        let one = try sketch.convolution("reduce", mean, outputs: 3, clamp: .relu, &source)
        let two = try sketch.convolution("expand", one, outputs: 8, &source)
        let gate = try sketch.node("gate", .activation(.sigmoid), two)
        sketch.output(try sketch.node("y", .multiply(clamp: .none), gate, x))
      },
    ]

  /// Functions of one code, at points where no output lies between two codes. Where TFLite Micro
  /// computes the function in fixed point, its table may miss the nearest code by one.
  static let activations: [OperatorCase] = [
    ("relu", FloatActivation.clip(.relu), 0), ("relu6", .clip(.relu6), 0),
    ("clip off zero", .clip(ClampRange(minimum: 0.7, maximum: 3)), 0),
    ("clip below zero", .clip(ClampRange(minimum: -3, maximum: -0.7)), 0),
    ("hard sigmoid", .hardSigmoid(alpha: 0.2, beta: 0.5), 0),
    ("leaky relu", .leakyRelu(alpha: 0.1), 1), ("steep leaky relu", .leakyRelu(alpha: 1.37), 1),
    ("sigmoid", .sigmoid, 1), ("tanh", .tanh, 1), ("hard swish", .hardSwish, 1),
  ].map { name, activation, greatestError in
    OperatorCase(name: name, ranges: [-4...7], greatestError: greatestError) { sketch, _ in
      let x = sketch.input(shape: [1, 6, 5, 4])
      sketch.output(try sketch.node("y", .activation(activation), x))
    }
  }
}
