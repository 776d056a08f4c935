import Diagnostics
import FloatModel
import FloatReference
import Testing

@Suite("Folding into convolutions and fully connected layers")
struct FoldingTests {
  @Test("a batch normalization folds by equations 10 and 11, by hand")
  func byHand() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 1, 1, 1])
    let weights = sketch.constant("w", [2, 1, 1, 1], [3, -5])
    let bias = sketch.constant("b", [2], [1, 10])
    let layer = try sketch.node(
      "conv",
      .convolution(
        FloatConvolution(
          stride: SpatialExtent(height: 1, width: 1), padding: EdgePadding())),
      x, weights, bias)
    // √(σ² + ε) is 2 and 4.
    let parameters = [[4, 2], [7, 0], [3, 2], [3, 15]].enumerated().map { index, values in
      sketch.constant("bn\(index)", [2], values.map { Float($0) })
    }
    sketch.output(
      try sketch.node("bn", .batchNormalization(epsilon: 1), [layer] + parameters))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["convolution"])
    #expect(graph.constant("conv", input: 1)?.values == [6, -2.5])
    // 7 + (1 − 3) · 4 / 2, and 0 + (10 − 2) · 2 / 4
    #expect(graph.constant("conv", input: 2)?.values == [3, 4])
  }

  @Test("a convolution without bias gains one", arguments: [false, true])
  func bias(hasBias: Bool) throws {
    var source = TensorSource(seed: 3)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 4, 5, 3])
    let layer = try sketch.convolution("c", x, outputs: 4, kernel: 3, bias: hasBias, &source)
    sketch.output(try sketch.batchNormalization("bn", layer, &source))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["convolution"])
    #expect(
      graph.values.map(\.name) == ["x", "c_w"] + (hasBias ? ["c_b", "bn"] : ["bn", "c_bias"]))
  }

  @Test("a batch normalization folds into a depthwise convolution and a fully connected layer")
  func otherLayers() throws {
    var source = TensorSource(seed: 4)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 4, 5, 6])
    let depthwise = try sketch.convolution(
      "d", x, outputs: 12, kernel: 3, stride: 2, padding: 1, groups: 6, &source)
    let normalized = try sketch.batchNormalization("bn1", depthwise, &source)
    let flat = try sketch.node("flat", .reshape([1, 72]), normalized)
    let dense = try sketch.node(
      "fc", .fullyConnected(clamp: .none), flat, sketch.random("fc_w", [5, 72], &source))
    sketch.output(try sketch.batchNormalization("bn2", dense, &source))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["convolution", "reshape", "fully connected"])
  }

  @Test("a batch normalization does not fold where something else reads the convolution")
  func severalUsers() throws {
    var source = TensorSource(seed: 5)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 3, 3, 2])
    let layer = try sketch.convolution("c", x, outputs: 2, &source)
    let normalized = try sketch.batchNormalization("bn", layer, &source)
    sketch.output(try sketch.node("sum", .add(clamp: .none), layer, normalized))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["convolution", "convolution", "add"])
    #expect(graph.constant("bn", input: 1)?.shape == [2, 1, 1, 1])
  }

  @Test("nor where the convolution is an output of the network, or clamps")
  func blocked() throws {
    var source = TensorSource(seed: 6)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 3, 3, 2])
    let first = try sketch.convolution("c1", x, outputs: 2, &source)
    sketch.output(first)
    let second = try sketch.convolution(
      "c2", try sketch.batchNormalization("bn1", first, &source), outputs: 2, clamp: .relu,
      &source)
    sketch.output(try sketch.batchNormalization("bn2", second, &source))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.nodes.map(\.name) == ["c1", "bn1", "c2", "bn2"])
    #expect(Set(graph.operationNames) == ["convolution"])
  }

  @Test("weights that two layers share are folded for one of them only")
  func sharedWeights() throws {
    var source = TensorSource(seed: 7)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 3, 3, 2])
    let weights = sketch.random("w", [2, 1, 1, 2], &source)
    let operation = FloatOperation.convolution(
      FloatConvolution(
        stride: SpatialExtent(height: 1, width: 1), padding: EdgePadding()))
    let first = try sketch.node("c1", operation, x, weights)
    let second = try sketch.node("c2", operation, x, weights)
    sketch.output(try sketch.batchNormalization("bn", first, &source))
    sketch.output(second)
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["convolution", "convolution"])
    #expect(graph.constant("c2", input: 1)?.values == sketch.graph.constant("c2", input: 1)?.values)
    #expect(graph.constant("c1", input: 1) != graph.constant("c2", input: 1))
  }

  @Test("a variance that leaves nothing to divide by is refused", arguments: [Float(-1e-3), -2])
  func variance(value: Float) throws {
    var sketch = GraphSketch()
    var source = TensorSource(seed: 8)
    let x = sketch.input(shape: [1, 2])
    let one = sketch.constant("one", [2], [1, 1])
    let variance = sketch.constant("variance", [2], [1, value])
    let layer = try sketch.node(
      "fc", .fullyConnected(clamp: .none), x, sketch.random("w", [2, 2], &source))
    sketch.output(
      try sketch.node("bn", .batchNormalization(epsilon: 1e-3), layer, one, one, one, variance))
    #expect(
      throws: Diagnostic(
        place: "node 'bn' (batch normalization)",
        problem: "variance \(value) + epsilon 0.001 at channel 1 is not positive")
    ) { try sketch.graph.simplified() }
  }

  @Test("constant arithmetic per channel folds, from either side and with its clamp")
  func arithmetic() throws {
    var source = TensorSource(seed: 9)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 3, 3, 2])
    var value = try sketch.convolution("c", x, outputs: 3, bias: false, &source)
    value = try sketch.node(
      "m", .multiply(clamp: .none), sketch.random("s", [1, 1, 3], &source), value)
    value = try sketch.node("a", .add(clamp: .none), value, sketch.random("o", [3], &source))
    value = try sketch.node("s1", .subtract(clamp: .none), value, sketch.constant("k", [1], [3]))
    value = try sketch.node(
      "s2", .subtract(clamp: .relu), sketch.random("l", [1, 1, 1, 3], &source), value)
    sketch.output(value)
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["convolution"])
    guard case .convolution(let folded) = graph.nodes[0].operation else { return }
    #expect(folded.clamp == .relu)
  }

  @Test("a constant that varies over the image, or widens the result, does not fold")
  func unfoldable() throws {
    var source = TensorSource(seed: 10)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 3, 3, 2])
    let first = try sketch.convolution("c", x, outputs: 2, &source)
    let varying = try sketch.node(
      "m", .multiply(clamp: .none), first, sketch.random("s", [3, 3, 2], &source))
    let narrow = try sketch.convolution("n", varying, outputs: 1, &source)
    sketch.output(
      try sketch.node("wide", .add(clamp: .none), narrow, sketch.random("o", [2], &source)))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["convolution", "multiply", "convolution", "add"])
  }

  @Test("a clamping layer takes an increasing common function by moving its limits")
  func clampMoves() throws {
    var source = TensorSource(seed: 11)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 3, 3, 2])
    var value = try sketch.convolution("c", x, outputs: 2, clamp: .relu6, &source)
    value = try sketch.node("m", .multiply(clamp: .none), value, sketch.constant("s", [], [0.5]))
    sketch.output(
      try sketch.node("a", .add(clamp: .none), value, sketch.constant("o", [2], [1, 1])))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["convolution"])
    guard case .convolution(let folded) = graph.nodes[0].operation else { return }
    #expect(folded.clamp == ClampRange(minimum: 1, maximum: 4))
  }

  @Test(
    "but not a decreasing one, nor one that differs by channel", arguments: [[-1, -1], [1, 2]])
  func clampStays(scale: [Float]) throws {
    var source = TensorSource(seed: 12)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 3, 3, 2])
    let layer = try sketch.convolution("c", x, outputs: 2, clamp: .relu6, &source)
    sketch.output(
      try sketch.node("m", .multiply(clamp: .none), layer, sketch.constant("s", [2], scale)))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["convolution", "multiply"])
  }

  @Test("a hard sigmoid becomes the clamp of the layer before it")
  func hardSigmoid() throws {
    var source = TensorSource(seed: 13)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 3, 3, 2])
    let layer = try sketch.convolution("c", x, outputs: 2, &source)
    sketch.output(
      try sketch.node("h", .activation(.hardSigmoid(alpha: 0.2, beta: 0.5)), layer))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["convolution"])
  }
}

@Suite("What cannot be folded is lowered")
struct LoweringTests {
  @Test("a batch normalization after an addition becomes a depthwise 1×1 convolution")
  func image() throws {
    var source = TensorSource(seed: 20)
    var sketch = GraphSketch()
    let x = sketch.input("x", shape: [1, 3, 4, 5])
    let y = sketch.input("y", shape: [1, 3, 4, 5])
    let sum = try sketch.node("sum", .add(clamp: .none), x, y)
    let normalized = try sketch.batchNormalization("bn", sum, &source)
    sketch.output(try sketch.node("relu", .activation(.clip(.relu)), normalized))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["add", "convolution"])
    guard case .convolution(let lowered) = graph.nodes[1].operation else { return }
    #expect(lowered.groups == 5)
    #expect(lowered.clamp == .relu)
    #expect(graph.constant("bn", input: 1)?.shape == [5, 1, 1, 1])
  }

  @Test("a batch normalization of a vector becomes a multiplication and an addition")
  func vector() throws {
    var source = TensorSource(seed: 21)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 6])
    sketch.output(try sketch.batchNormalization("bn", x, &source))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["multiply", "add"])
  }

  @Test("the normalization of input pixels becomes one depthwise convolution")
  func pixels() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 4, 4, 3])
    let centered = try sketch.node(
      "center", .subtract(clamp: .none), x, sketch.constant("mean", [3], [103, 116, 123]))
    sketch.output(
      try sketch.node(
        "scale", .multiply(clamp: .none), centered, sketch.constant("factor", [1], [0.5])))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["convolution"])
    #expect(graph.constant("scale", input: 1)?.values == [0.5, 0.5, 0.5])
    #expect(graph.constant("scale", input: 2)?.values == [-51.5, -58, -61.5])
  }
}
