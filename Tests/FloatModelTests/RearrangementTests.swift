import FloatModel
import FloatReference
import Testing

private let toChannelsFirst = FloatOperation.transpose([0, 3, 1, 2])
private let toChannelsLast = FloatOperation.transpose([0, 2, 3, 1])
private let relu = FloatOperation.activation(.clip(.relu))

@Suite("Transposes disappear")
struct TransposeEliminationTests {
  @Test("two that cancel leave nothing between a convolution and the next")
  func pair() throws {
    var source = TensorSource(seed: 60)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 4, 5, 2])
    var value = try sketch.convolution("c1", x, outputs: 3, &source)
    value = try sketch.node("t1", toChannelsFirst, value)
    value = try sketch.node("t2", toChannelsLast, value)
    sketch.output(try sketch.convolution("c2", value, outputs: 3, &source))
    #expect(
      try simplifiedAndChecked(sketch.graph).operationNames == ["convolution", "convolution"])
  }

  @Test("two that do not cancel become one")
  func composed() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [2, 3, 4, 5])
    let first = try sketch.node("t1", .transpose([1, 2, 3, 0]), x)
    sketch.output(try sketch.node("t2", .transpose([3, 0, 2, 1]), first))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.nodes.map(\.operation) == [.transpose([0, 1, 3, 2])])
  }

  @Test("they move past arithmetic with constants, activations, pads, slices and means to cancel")
  func moved() throws {
    var source = TensorSource(seed: 61)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 4, 5, 3])
    var value = try sketch.node("t1", toChannelsFirst, x)
    value = try sketch.node(
      "m", .multiply(clamp: .none), value, sketch.random("s", [3, 1, 1], &source))
    value = try sketch.node("tanh", .activation(.tanh), value)
    value = try sketch.node("prelu", .prelu, value, sketch.random("p", [1, 3, 1, 1], &source))
    value = try sketch.node("a", .add(clamp: .relu), value, sketch.constant("k", [1, 1, 1], [0.1]))
    value = try sketch.node(
      "pad", .pad(before: [0, 1, 2, 0], after: [0, 0, 0, 3], mode: .edge), value)
    value = try sketch.node(
      "slice", .slice(begin: [0, 3, 0, 1], extent: [1, 2, 5, 3], strides: [1, -2, 1, 2]), value)
    value = try sketch.node("soft", .softmax(axis: 1), value)
    value = try sketch.node("mean", .mean(axes: [2], keepsDimensions: true), value)
    sketch.output(try sketch.node("t2", toChannelsLast, value))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(
      graph.operationNames
        == [
          "multiply", "tanh", "prelu", "add", "pad", "slice", "softmax", "mean",
        ])
  }

  @Test("they move past a concatenation and an addition whose every operand has the same one")
  func joined() throws {
    var sketch = GraphSketch()
    let x = sketch.input("x", shape: [1, 4, 5, 3])
    let y = sketch.input("y", shape: [1, 4, 5, 3])
    let first = try sketch.node("t1", toChannelsFirst, x)
    let second = try sketch.node("t2", toChannelsFirst, y)
    let joined = try sketch.node("c", .concatenation(axis: 1), first, second)
    let third = try sketch.node("t3", toChannelsFirst, x)
    let fourth = try sketch.node("t4", toChannelsFirst, y)
    let added = try sketch.node("a", .add(clamp: .none), third, fourth)
    sketch.output(try sketch.node("t5", toChannelsLast, joined))
    sketch.output(try sketch.node("t6", toChannelsLast, added))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.nodes.map(\.operation) == [.concatenation(axis: 3), .add(clamp: .none)])
  }

  @Test("one that something needs stays, once")
  func needed() throws {
    var sketch = GraphSketch()
    let x = sketch.input("x", shape: [1, 4, 5, 3])
    let y = sketch.input("y", shape: [1, 3, 4, 5])
    let transposed = try sketch.node("t", toChannelsFirst, x)
    let added = try sketch.node("a", .add(clamp: .none), transposed, y)
    sketch.output(try sketch.node("r", relu, added))
    #expect(try simplifiedAndChecked(sketch.graph).operationNames == ["transpose", "add"])
  }

  @Test("a softmax over the last axis stays there")
  func softmax() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 3, 4])
    let transposed = try sketch.node("t", .transpose([0, 2, 1]), x)
    sketch.output(try sketch.node("s", .softmax(axis: 2), transposed))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.nodes.map(\.operation) == [.transpose([0, 2, 1]), .softmax(axis: 2)])
  }

  @Test("one that moves no axis longer than 1 is a reshape")
  func renaming() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 1, 1, 6])
    let transposed = try sketch.node("t", toChannelsFirst, x)
    sketch.output(try sketch.node("f", .reshape([1, 6]), transposed))
    #expect(try simplifiedAndChecked(sketch.graph).nodes.map(\.operation) == [.reshape([1, 6])])
  }
}

@Suite("Flattening in channels-first order is absorbed by weights")
struct FlattenAbsorptionTests {
  private func classifier(
    _ source: inout TensorSource, between: FloatOperation = .identity
  ) throws -> GraphSketch {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 2, 3, 4])
    var value = try sketch.node("t", toChannelsFirst, x)
    value = try sketch.node("between", between, value)
    value = try sketch.node("flat", .reshape([1, 24]), value)
    sketch.output(
      try sketch.node(
        "fc", .fullyConnected(clamp: .none), value, sketch.random("w", [5, 24], &source)))
    return sketch
  }

  @Test("a transpose before a flattening and a fully connected layer goes")
  func absorbed() throws {
    var source = TensorSource(seed: 70)
    let sketch = try classifier(&source)
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["reshape", "fully connected"])
    let before = sketch.graph.constant("fc", input: 1)
    let after = graph.constant("fc", input: 1)
    // Element (h, w, c) = (1, 2, 3) of output 4: flattened last both ways; (0, 1, 0) is 1 of
    // channels-first order and 4 of channels-last order.
    #expect(after?.values[4 * 24 + 23] == before?.values[4 * 24 + 23])
    #expect(after?.values[4 * 24 + 4] == before?.values[4 * 24 + 1])
  }

  @Test("also with an activation in between")
  func activation() throws {
    var source = TensorSource(seed: 71)
    let graph = try simplifiedAndChecked(
      try classifier(&source, between: .activation(.tanh)).graph)
    #expect(graph.operationNames == ["tanh", "reshape", "fully connected"])
  }

  @Test("not where the flattening ends in several axes, or something else reads it")
  func kept() throws {
    var source = TensorSource(seed: 72)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 2, 3, 4])
    var value = try sketch.node("t", toChannelsFirst, x)
    value = try sketch.node("rows", .reshape([1, 2, 12]), value)
    sketch.output(
      try sketch.node(
        "fc", .fullyConnected(clamp: .none), value, sketch.random("w", [5, 12], &source)))
    #expect(
      try simplifiedAndChecked(sketch.graph).operationNames
        == ["transpose", "reshape", "fully connected"])

    sketch = try classifier(&source)
    sketch.output(3)
    #expect(
      try simplifiedAndChecked(sketch.graph).operationNames
        == ["transpose", "reshape", "fully connected"])
  }

  @Test("shared weights are permuted for one layer only")
  func sharedWeights() throws {
    var source = TensorSource(seed: 73)
    var sketch = GraphSketch()
    let x = sketch.input("x", shape: [1, 2, 3, 4])
    let y = sketch.input("y", shape: [1, 24])
    let weights = sketch.random("w", [5, 24], &source)
    let flat = try sketch.node(
      "flat", .reshape([1, 24]), try sketch.node("t", toChannelsFirst, x))
    sketch.output(try sketch.node("fc1", .fullyConnected(clamp: .none), flat, weights))
    sketch.output(try sketch.node("fc2", .fullyConnected(clamp: .none), y, weights))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["reshape", "fully connected", "fully connected"])
  }
}

@Suite("Identities, reshapes, dead code and global pools")
struct CleanupTests {
  @Test(
    "operations that change nothing go",
    arguments: [
      FloatOperation.identity, .reshape([1, 4, 5, 3]), .transpose([0, 1, 2, 3]),
      .concatenation(axis: 1),
      .pad(before: [0, 0, 0, 0], after: [0, 0, 0, 0], mode: .reflect),
      .slice(begin: [0, 0, 0, 0], extent: [1, 4, 5, 3], strides: [1, 1, 1, 1]),
      .activation(.clip(.none)),
      .maxPool(
        FloatPool(
          window: SpatialExtent(height: 1, width: 1), stride: SpatialExtent(height: 1, width: 1),
          padding: EdgePadding())),
      .resize(
        FloatResize(
          size: SpatialExtent(height: 4, width: 5), verticalScale: 1, horizontalScale: 1,
          mapping: .asymmetric, interpolation: .nearest(.ceil))),
    ])
  func nothing(operation: FloatOperation) throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 4, 5, 3])
    let before = try sketch.node("a", .activation(.tanh), x)
    let same = try sketch.node("same", operation, before)
    sketch.output(try sketch.node("b", .activation(.sigmoid), same))
    #expect(try simplifiedAndChecked(sketch.graph).operationNames == ["tanh", "sigmoid"])
  }

  @Test("x + 0, x − 0 and x · 1 go, 0 − x and widening stay")
  func neutral() throws {
    for (operation, constant, isFirst, expected) in [
      (.add(clamp: .none), 0, true, ["tanh"]), (.add(clamp: .none), 0, false, ["tanh"]),
      (.multiply(clamp: .none), 1, true, ["tanh"]),
      (.subtract(clamp: .none), 0, false, ["tanh"]),
      (.subtract(clamp: .none), 0, true, ["tanh", "subtract"]),
      (.add(clamp: .relu), 0, true, ["tanh", "add"]),
    ] as [(FloatOperation, Float, Bool, [String])] {
      var sketch = GraphSketch()
      let x = sketch.input(shape: [1, 3])
      let before = try sketch.node("a", .activation(.tanh), x)
      let number = sketch.constant("k", [3], [constant, constant, constant])
      sketch.output(
        try sketch.node("b", operation, isFirst ? [number, before] : [before, number]))
      #expect(try simplifiedAndChecked(sketch.graph).operationNames == expected)
    }
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 1])
    sketch.output(
      try sketch.node("wide", .add(clamp: .none), x, sketch.constant("k", [1, 2], [0, 0])))
    #expect(try simplifiedAndChecked(sketch.graph).operationNames == ["add"])
  }

  @Test("an identity between input and output stays, and so do two outputs of one value")
  func outputs() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 3])
    sketch.output(try sketch.node("copy", .identity, x))
    let activated = try sketch.node("a", .activation(.tanh), x)
    sketch.output(activated)
    sketch.output(try sketch.node("again", .identity, activated))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["identity", "tanh", "identity"])
  }

  @Test("an output that an identity named keeps its name")
  func renamed() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 3])
    let activated = try sketch.node("a", .activation(.tanh), x)
    sketch.output(try sketch.node("probabilities", .identity, activated))
    sketch.output(try sketch.node("b", .activation(.sigmoid), activated))
    #expect(try simplifiedAndChecked(sketch.graph).operationNames == ["tanh", "sigmoid"])
  }

  @Test("reshapes of reshapes merge, also where both are read")
  func reshapes() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 4, 3])
    let first = try sketch.node("a", .reshape([1, 12]), x)
    let second = try sketch.node("b", .reshape([1, 2, 6]), first)
    sketch.output(try sketch.node("c", .reshape([1, 6, 2]), second))
    #expect(try simplifiedAndChecked(sketch.graph).nodes.map(\.operation) == [.reshape([1, 6, 2])])
    sketch.output(try sketch.node("d", .activation(.tanh), first))
    #expect(
      try simplifiedAndChecked(sketch.graph).operationNames == ["reshape", "reshape", "tanh"])
  }

  @Test("a global average has one form, however it is spelled")
  func globalPool() throws {
    let window = SpatialExtent(height: 4, width: 5)
    for operation in [
      FloatOperation.mean(axes: [1, 2], keepsDimensions: true),
      .averagePool(
        FloatPool(
          window: window, stride: SpatialExtent(height: 3, width: 1), padding: EdgePadding())),
      .averagePool(
        FloatPool(
          window: SpatialExtent(height: 5, width: 6), stride: window,
          padding: EdgePadding(top: 1, left: 1))),
    ] {
      var sketch = GraphSketch()
      let x = sketch.input(shape: [1, 4, 5, 3])
      let pooled = try sketch.node("p", operation, x)
      sketch.output(try sketch.node("f", .reshape([1, 3]), pooled))
      let graph = try simplifiedAndChecked(sketch.graph)
      #expect(graph.nodes.map(\.operation) == [.mean(axes: [1, 2], keepsDimensions: false)])
    }
  }

  @Test("a mean over axes of extent 1 is a reshape, and a window short of the image stays a pool")
  func notGlobal() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 1, 1, 3])
    sketch.output(try sketch.node("m", .mean(axes: [1, 2], keepsDimensions: false), x))
    #expect(try simplifiedAndChecked(sketch.graph).nodes.map(\.operation) == [.reshape([1, 3])])

    sketch = GraphSketch()
    let y = sketch.input(shape: [1, 4, 5, 3])
    sketch.output(
      try sketch.node(
        "p",
        .averagePool(
          FloatPool(
            window: SpatialExtent(height: 4, width: 4),
            stride: SpatialExtent(height: 2, width: 2), padding: EdgePadding())),
        y))
    #expect(try simplifiedAndChecked(sketch.graph).operationNames == ["average pool"])
  }

  @Test("what no output needs goes, with its constants; inputs stay")
  func deadCode() throws {
    var source = TensorSource(seed: 80)
    var sketch = GraphSketch()
    let x = sketch.input("x", shape: [1, 3, 3, 2])
    _ = sketch.input("unused", shape: [1, 7])
    _ = sketch.random("stray", [3], &source)
    _ = try sketch.convolution("dead", x, outputs: 4, &source)
    sketch.output(try sketch.node("live", .activation(.tanh), x))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.values.map(\.name) == ["x", "unused", "live"])
  }
}
