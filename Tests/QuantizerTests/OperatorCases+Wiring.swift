import FloatModel
import FloatReference

extension OperatorCase {
  /// Networks whose values are connected in unusual ways.
  static let wirings = [
    OperatorCase(name: "an output that is an input", greatestError: 0) { sketch, _ in
      let x = sketch.input(shape: [1, 4, 3])
      sketch.output(x)
      sketch.output(try sketch.node("y", .activation(.clip(.relu)), x))
    },
    OperatorCase(name: "an output that is a constant", greatestError: 0) { sketch, source in
      let x = sketch.input(shape: [1, 4, 3])
      sketch.output(sketch.random("k", [1, 4, 3], &source))
      sketch.output(try sketch.node("y", .activation(.clip(.relu)), x))
    },
    OperatorCase(name: "a constant that is added and returned") { sketch, source in
      let k = sketch.random("k", [4, 3], &source)
      sketch.output(
        try sketch.node("y", .add(clamp: .none), k, sketch.input(shape: [1, 4, 3])))
      sketch.output(k)
    },
    // The second layer rounds the first one's codes again.
    OperatorCase(name: "an output that others read", greatestError: 2) { sketch, source in
      let x = sketch.input(shape: [1, 6, 5, 3])
      let first = try sketch.convolution("first", x, outputs: 4, &source)
      sketch.output(first)
      sketch.output(try sketch.node("relu", .activation(.clip(.relu)), first))
      sketch.output(try sketch.node("copy", .reshape([1, 30, 4]), first))
    },
    OperatorCase(name: "an output listed twice") { sketch, _ in
      let y = try sketch.node("y", .activation(.hardSwish), sketch.input(shape: [1, 6]))
      sketch.output(y)
      sketch.output(y)
    },
    OperatorCase(name: "a sum of two branches that share their codes", greatestError: 2) {
      sketch, _ in
      let x = sketch.input(shape: [1, 6, 5, 3])
      let pool = FloatPool(
        window: SpatialExtent(height: 3, width: 3), stride: SpatialExtent(height: 1, width: 1),
        padding: EdgePadding(top: 1, left: 1, bottom: 1, right: 1))
      let greatest = try sketch.node("greatest", .maxPool(pool), x)
      let mean = try sketch.node("mean", .averagePool(pool), x)
      sketch.output(try sketch.node("y", .add(clamp: .none), greatest, x))
      sketch.output(try sketch.node("z", .subtract(clamp: .none), mean, greatest))
    },
    OperatorCase(name: "four inputs and three outputs", ranges: [-1...1, 2...3, -9...0, 0...50]) {
      sketch, _ in
      let x = (0..<4).map { sketch.input("x\($0)", shape: [1, 3, 4, 2]) }
      sketch.output(try sketch.node("sum", .add(clamp: .none), x[3], x[1]))
      sketch.output(try sketch.node("product", .multiply(clamp: .none), x[0], x[2]))
      sketch.output(try sketch.node("turned", .transpose([0, 2, 1, 3]), x[2]))
    },
    OperatorCase(name: "activations that are always zero", ranges: [-3 ... -1]) {
      sketch, source in
      let x = sketch.input(shape: [1, 4, 4, 3])
      let dead = try sketch.node("dead", .activation(.clip(.relu)), x)
      sketch.output(dead)
      sketch.output(try sketch.convolution("layer", dead, outputs: 4, &source))
      sketch.output(try sketch.node("sum", .add(clamp: .none), dead, x))
      sketch.output(try sketch.node("product", .multiply(clamp: .none), dead, x))
      sketch.output(try sketch.node("mean", .mean(axes: [1, 2], keepsDimensions: false), dead))
      sketch.output(try sketch.node("softmax", .softmax(axis: 3), dead))
      sketch.output(try sketch.node("concat", .concatenation(axis: 3), dead, x))
      sketch.output(try sketch.node("sigmoid", .activation(.sigmoid), dead))
    },
    OperatorCase(name: "weights that are all zero") { sketch, _ in
      let x = sketch.input(shape: [1, 4])
      let w = sketch.constant("w", [3, 4], Array(repeating: 0, count: 12))
      sketch.output(try sketch.node("nothing", .fullyConnected(clamp: .none), x, w))
      sketch.output(
        try sketch.node(
          "bias", .fullyConnected(clamp: .none), x, w, sketch.constant("b", [3], [1, -2, 0.5])))
    },
    OperatorCase(name: "constants of one value", ranges: [-1...1]) { sketch, _ in
      let x = sketch.input(shape: [1, 4])
      sketch.output(
        try sketch.node("same", .add(clamp: .none), x, sketch.constant("zero", [], [0])))
      sketch.output(
        try sketch.node("less", .add(clamp: .none), x, sketch.constant("k", [1], [-1.5])))
      sketch.output(
        try sketch.node("nothing", .multiply(clamp: .none), x, sketch.constant("o", [], [0])))
    },
    // A chain of three functions; most probabilities are a few codes.
    OperatorCase(
      name: "values named like those that lowering adds", leastSignalToNoise: 32,
      greatestError: 2
    ) { sketch, _ in
      let x = sketch.input(shape: [1, 2, 3])
      let s = try sketch.node("s", .activation(.sigmoid), x)
      let other = try sketch.node("s_requantized", .activation(.tanh), x)
      let cat = try sketch.node("y", .concatenation(axis: 1), s, x, other, s)
      let softmax = try sketch.node("y_requantize", .softmax(axis: 1), cat)
      sketch.output(try sketch.node("y_requantize_transposed", .activation(.tanh), softmax))
    },
  ]
}
