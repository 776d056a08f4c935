import FloatModel
import FloatReference
import Testing

private let relu = FloatOperation.activation(.clip(.relu))
private let relu6 = FloatOperation.activation(.clip(.relu6))

private func pool(_ size: Int, stride: Int = 1, padding: EdgePadding = EdgePadding()) -> FloatPool {
  FloatPool(
    window: SpatialExtent(height: size, width: size),
    stride: SpatialExtent(height: stride, width: stride), padding: padding)
}

@Suite("Clips fuse into what they follow")
struct ClipFusionTests {
  @Test(
    "into every operator that can clamp",
    arguments: [
      FloatOperation.add(clamp: .none), .subtract(clamp: .none), .multiply(clamp: .none),
    ])
  func arithmetic(operation: FloatOperation) throws {
    var sketch = GraphSketch()
    let x = sketch.input("x", shape: [1, 3, 4, 5])
    let y = sketch.input("y", shape: [1, 3, 4, 5])
    let value = try sketch.node("z", operation, x, y)
    sketch.output(try sketch.node("r", relu6, value))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.nodes.map(\.name) == ["z"])
    #expect(graph.values.map(\.name) == ["x", "y", "r"])
  }

  @Test("consecutive clips become one, limits held within each other")
  func consecutive() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 50])
    let first = try sketch.node(
      "a", .activation(.clip(ClampRange(minimum: -1, maximum: 2))), x)
    let second = try sketch.node(
      "b", .activation(.clip(ClampRange(minimum: 0, maximum: 6))), first)
    sketch.output(
      try sketch.node("c", .activation(.clip(ClampRange(minimum: -9, maximum: 1))), second))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(
      graph.nodes.map(\.operation)
        == [.activation(.clip(ClampRange(minimum: 0, maximum: 1)))])
  }

  @Test("clips that exclude each other leave the constant of the later one")
  func exclusive() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 50])
    let first = try sketch.node("a", .activation(.clip(ClampRange(minimum: 3, maximum: 4))), x)
    sketch.output(
      try sketch.node("b", .activation(.clip(ClampRange(minimum: 0, maximum: 1))), first))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(
      graph.nodes.map(\.operation)
        == [.activation(.clip(ClampRange(minimum: 1, maximum: 1)))])
  }

  @Test("a clip moves above pools, slices and reshapes to reach a convolution")
  func hoisted() throws {
    var source = TensorSource(seed: 30)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 6, 6, 2])
    var value = try sketch.convolution("c", x, outputs: 4, &source)
    value = try sketch.node("pool", .maxPool(pool(2, stride: 2)), value)
    value = try sketch.node(
      "slice", .slice(begin: [0, 0, 0, 1], extent: [1, 3, 3, 2], strides: [1, 1, 1, 1]), value)
    value = try sketch.node("flat", .reshape([1, 18]), value)
    sketch.output(try sketch.node("r", relu, value))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["convolution", "max pool", "slice", "reshape"])
  }

  @Test("a clip stays where something else reads its input, or the output is the network's")
  func blocked() throws {
    var sketch = GraphSketch()
    let x = sketch.input("x", shape: [1, 8])
    let sum = try sketch.node("sum", .add(clamp: .none), x, x)
    sketch.output(sum)
    sketch.output(try sketch.node("r", relu, sum))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["add", "clip"])
  }

  @Test("a clip stays after an average pool, whose mean it would change")
  func averagePool() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 4, 4, 1])
    let doubled = try sketch.node("d", .add(clamp: .none), x, x)
    let value = try sketch.node("p", .averagePool(pool(2, stride: 2)), doubled)
    sketch.output(try sketch.node("r", relu, value))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["add", "average pool", "clip"])
  }
}

@Suite("Pads fuse where that is right")
struct PadFusionTests {
  private func pad(_ value: Float, _ amount: Int = 1, axis: Int? = nil) -> FloatOperation {
    let counts = [0, amount, amount, 0]
    return .pad(
      before: axis.map { axis in counts.indices.map { $0 == axis ? 1 : 0 } } ?? counts,
      after: counts, mode: .constant(value))
  }

  @Test("zeros go into the padding of a convolution, on top of its own")
  func convolution() throws {
    var source = TensorSource(seed: 40)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 5, 5, 2])
    let padded = try sketch.node(
      "p", .pad(before: [0, 0, 2, 0], after: [0, 1, 3, 0], mode: .constant(0)), x)
    sketch.output(try sketch.convolution("c", padded, outputs: 3, kernel: 3, padding: 1, &source))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["convolution"])
    guard case .convolution(let fused) = graph.nodes[0].operation else { return }
    #expect(fused.padding == EdgePadding(top: 1, left: 3, bottom: 2, right: 4))
  }

  @Test("other numbers, other modes, channels and shared pads stay")
  func kept() throws {
    for operation in [
      pad(1), pad(0, axis: 3),
      .pad(before: [0, 1, 1, 0], after: [0, 1, 1, 0], mode: .reflect),
      .pad(before: [0, 1, 1, 0], after: [0, 1, 1, 0], mode: .edge),
    ] {
      var source = TensorSource(seed: 41)
      var sketch = GraphSketch()
      let x = sketch.input(shape: [1, 5, 5, 2])
      let padded = try sketch.node("p", operation, x)
      sketch.output(try sketch.convolution("c", padded, outputs: 3, kernel: 3, &source))
      let graph = try simplifiedAndChecked(sketch.graph)
      #expect(graph.operationNames == ["pad", "convolution"])
    }
    var source = TensorSource(seed: 42)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 5, 5, 2])
    let padded = try sketch.node("p", pad(0), x)
    sketch.output(padded)
    sketch.output(try sketch.convolution("c", padded, outputs: 3, kernel: 3, &source))
    #expect(try simplifiedAndChecked(sketch.graph).operationNames == ["pad", "convolution"])
  }

  @Test("a max pool takes zeros over after a ReLU, and −∞ always")
  func maxPool() throws {
    for (before, value, expected) in [
      (relu, 0, ["clip", "max pool"]), (relu6, 0, ["clip", "max pool"]),
      (.identity, 0, ["pad", "max pool"]), (.identity, -.infinity, ["max pool"]),
      (.activation(.tanh), -1, ["tanh", "max pool"]), (relu, 0.5, ["clip", "pad", "max pool"]),
      (.activation(.sigmoid), 0, ["sigmoid", "max pool"]),
      (.softmax(axis: 3), 0, ["softmax", "max pool"]),
      (.activation(.hardSwish), 0, ["hard swish", "pad", "max pool"]),
      (.activation(.leakyRelu(alpha: 0.1)), 0, ["leaky relu", "pad", "max pool"]),
    ] as [(FloatOperation, Float, [String])] {
      var sketch = GraphSketch()
      let x = sketch.input(shape: [1, 5, 5, 2])
      let activated = try sketch.node("a", before, x)
      let padded = try sketch.node("p", pad(value), activated)
      sketch.output(try sketch.node("m", .maxPool(pool(3, stride: 2)), padded))
      #expect(try simplifiedAndChecked(sketch.graph).operationNames == expected)
    }
  }

  @Test("a max pool keeps a pad that would fill a whole window")
  func wholeWindow() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 5, 5, 2])
    let activated = try sketch.node("a", relu, x)
    let padded = try sketch.node("p", pad(0, 2), activated)
    sketch.output(try sketch.node("m", .maxPool(pool(2, stride: 2)), padded))
    #expect(
      try simplifiedAndChecked(sketch.graph).operationNames == ["clip", "pad", "max pool"])
  }

  @Test("an average pool counts padded zeros, so the pad stays")
  func averagePool() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 5, 5, 2])
    let padded = try sketch.node("p", pad(0), x)
    sketch.output(try sketch.node("a", .averagePool(pool(3, stride: 2)), padded))
    #expect(try simplifiedAndChecked(sketch.graph).operationNames == ["pad", "average pool"])
  }

  @Test("two pads of the same number become one")
  func twice() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 5, 5, 2])
    let first = try sketch.node("a", pad(1), x)
    sketch.output(try sketch.node("b", pad(1, axis: 3), first))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(
      graph.nodes.map(\.operation)
        == [.pad(before: [0, 1, 1, 1], after: [0, 2, 2, 0], mode: .constant(1))])
  }
}

@Suite("Hard swish is recognized")
struct HardSwishFusionTests {
  @Test("as x · clip(x + 3, 0, 6) / 6 in each order of factors", arguments: [false, true])
  func product(isSixthFirst: Bool) throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 3, 3, 4])
    let shifted = try sketch.node(
      "a", .add(clamp: .none), sketch.constant("three", [], [3]), x)
    let gate = try sketch.node("b", relu6, shifted)
    let sixth = sketch.constant("sixth", [1], [1 / 6])
    if isSixthFirst {
      let scaled = try sketch.node("c", .multiply(clamp: .none), sixth, gate)
      sketch.output(try sketch.node("d", .multiply(clamp: .none), x, scaled))
    } else {
      let weighted = try sketch.node("c", .multiply(clamp: .none), gate, x)
      sketch.output(try sketch.node("d", .multiply(clamp: .none), weighted, sixth))
    }
    #expect(try simplifiedAndChecked(sketch.graph).operationNames == ["hard swish"])
  }

  @Test("as x · hardSigmoid(x) after a convolution that both read")
  func gate() throws {
    var source = TensorSource(seed: 50)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 3, 3, 4])
    let layer = try sketch.convolution("c", x, outputs: 4, &source)
    let gate = try sketch.node("g", .activation(.hardSigmoid(alpha: 1 / 6, beta: 0.5)), layer)
    sketch.output(try sketch.node("m", .multiply(clamp: .none), gate, layer))
    #expect(
      try simplifiedAndChecked(sketch.graph).operationNames == ["convolution", "hard swish"])
  }

  @Test("but not with another slope, another operand or a sigmoid")
  func others() throws {
    for (gate, isSame, expected) in [
      (.hardSigmoid(alpha: 0.2, beta: 0.5), true, ["hard sigmoid", "multiply"]),
      (.hardSigmoid(alpha: 1 / 6, beta: 0.5), false, ["hard sigmoid", "multiply"]),
      (.sigmoid, true, ["sigmoid", "multiply"]),
    ] as [(FloatActivation, Bool, [String])] {
      var sketch = GraphSketch()
      let x = sketch.input("x", shape: [1, 3, 3, 4])
      let y = sketch.input("y", shape: [1, 3, 3, 4])
      let value = try sketch.node("g", .activation(gate), x)
      sketch.output(
        try sketch.node("m", .multiply(clamp: .none), isSame ? x : y, value))
      #expect(try simplifiedAndChecked(sketch.graph).operationNames == expected)
    }
  }

  @Test("a hard sigmoid spelled out is recognized, and scales must match")
  func hardSigmoid() throws {
    for (number, expected) in [
      (1 / 6, ["hard sigmoid"]), (0.25, ["add", "multiply"]),
    ] as [(Float, [String])] {
      var sketch = GraphSketch()
      let x = sketch.input(shape: [1, 7])
      let shifted = try sketch.node(
        "a", .add(clamp: .relu6), x, sketch.constant("three", [7], Array(repeating: 3, count: 7)))
      sketch.output(
        try sketch.node(
          "m", .multiply(clamp: .none), shifted, sketch.constant("factor", [], [number])))
      #expect(try simplifiedAndChecked(sketch.graph).operationNames == expected)
    }
  }
}
