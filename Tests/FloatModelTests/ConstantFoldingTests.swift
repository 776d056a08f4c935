import FloatModel
import FloatReference
import Testing

@Suite("Operations on constants are computed once")
struct ConstantFoldingTests {
  private static let operations: [(FloatOperation, [[Int]])] = [
    (.identity, [[2, 3]]), (.reshape([6]), [[2, 3]]), (.transpose([2, 0, 1]), [[2, 3, 4]]),
    (
      .slice(begin: [1, 3, 0], extent: [1, 2, 2], strides: [1, -2, 2]), [[2, 4, 3]]
    ),
    (.concatenation(axis: 1), [[2, 3, 2], [2, 1, 2], [2, 2, 2]]),
    (.pad(before: [0, 2], after: [1, 1], mode: .constant(5)), [[2, 3]]),
    (.pad(before: [0, 2], after: [1, 1], mode: .reflect), [[2, 3]]),
    (.pad(before: [0, 2], after: [3, 4], mode: .edge), [[2, 3]]),
    (.activation(.clip(.relu6)), [[9]]), (.activation(.leakyRelu(alpha: 0.3)), [[9]]),
    (.activation(.sigmoid), [[9]]), (.activation(.tanh), [[9]]), (.activation(.hardSwish), [[9]]),
    (.activation(.hardSigmoid(alpha: 0.2, beta: 0.5)), [[9]]),
    (.prelu, [[2, 3], [3]]), (.add(clamp: .relu), [[2, 1, 3], [4, 1]]),
    (.subtract(clamp: .none), [[], [3]]), (.multiply(clamp: .relu6), [[2, 3], [2, 3]]),
    (.batchNormalization(epsilon: 0.01), [[2, 3], [3], [3], [3], [3]]),
    (.mean(axes: [0, 2], keepsDimensions: false), [[2, 3, 4]]),
    (.mean(axes: [1], keepsDimensions: true), [[2, 3, 4]]),
    (.softmax(axis: 1), [[2, 3, 4]]), (.fullyConnected(clamp: .relu), [[2, 3], [4, 3], [4]]),
  ]

  @Test("with the values their definition gives", arguments: operations)
  func folded(operation: FloatOperation, shapes: [[Int]]) throws {
    var source = TensorSource(seed: 90)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1])
    let constants = shapes.enumerated().map { index, shape in
      sketch.random("c\(index)", shape, in: index == 4 ? 0.1...2 : -2...2, &source)
    }
    let value = try sketch.node("folded", operation, constants)
    sketch.output(try sketch.node("y", .multiply(clamp: .none), x, value))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["multiply"])
  }

  @Test("a chain folds to its end, and a result that overflows is refused")
  func chain() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 2])
    var value = sketch.constant("c", [2], [1, 2])
    for index in 0..<5 {
      value = try sketch.node("n\(index)", .add(clamp: .none), value, value)
    }
    sketch.output(try sketch.node("y", .multiply(clamp: .none), x, value))
    let graph = try simplifiedAndChecked(sketch.graph)
    #expect(graph.operationNames == ["multiply"])
    #expect(graph.constant("y", input: 1)?.values == [32, 64])

    let large = sketch.constant("large", [2], [3e38, 1])
    let overflow = try sketch.node("overflow", .add(clamp: .none), large, large)
    sketch.output(try sketch.node("z", .multiply(clamp: .none), x, overflow))
    #expect {
      try sketch.graph.simplified()
    } throws: { error in
      "\(error)".contains("tensor 'overflow': holds infinity at element 0")
    }
  }

  @Test("windows over constants stay and still compute")
  func windows() throws {
    var source = TensorSource(seed: 91)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 3, 3, 2])
    let layer = try sketch.convolution(
      "c", sketch.random("image", [1, 3, 3, 4], &source), outputs: 2, &source)
    sketch.output(try sketch.node("y", .add(clamp: .none), x, layer))
    #expect(try simplifiedAndChecked(sketch.graph).operationNames == ["convolution", "add"])
  }

  @Test("an output that depends on no input stays a node")
  func output() throws {
    var sketch = GraphSketch()
    _ = sketch.input(shape: [1])
    sketch.output(try sketch.node("y", .activation(.tanh), sketch.constant("c", [2], [1, 2])))
    #expect(try simplifiedAndChecked(sketch.graph).operationNames == ["tanh"])
  }
}
