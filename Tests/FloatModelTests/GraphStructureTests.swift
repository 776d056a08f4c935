import Diagnostics
import FloatModel
import FloatReference
import Testing

@Suite("A float graph is checked as a whole")
struct GraphStructureTests {
  /// x → relu → y
  private func relu() throws -> FloatGraph {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 4])
    sketch.output(try sketch.node("r", .activation(.clip(.relu)), x))
    return sketch.graph
  }

  private func expect(_ problem: Diagnostic, from graph: FloatGraph) {
    #expect(throws: problem) {
      var copy = graph
      try copy.inferShapes()
    }
  }

  @Test("shapes of outputs are recomputed whatever they were")
  func recomputed() throws {
    var graph = try relu()
    graph.values[1].shape = [77]
    try graph.inferShapes()
    #expect(graph.values[1].shape == [1, 4])
  }

  @Test("a failing node is named with its operation")
  func place() throws {
    var graph = try relu()
    graph.nodes[0].operation = .softmax(axis: 5)
    expect(
      Diagnostic(
        place: "node 'r' (softmax)", problem: "axis 5 is outside the shape [1, 4]"),
      from: graph)
  }

  @Test("a value read before it is computed is refused")
  func order() throws {
    var graph = try relu()
    graph.nodes[0].inputs = [1]
    expect(
      Diagnostic(
        place: "node 'r' (clip)", problem: "reads value 'r' before any node computes it"),
      from: graph)
  }

  @Test("a value computed twice is refused")
  func twice() throws {
    var graph = try relu()
    graph.nodes.append(graph.nodes[0])
    expect(
      Diagnostic(
        place: "node 'r' (clip)", problem: "writes value 'r', which is already defined"),
      from: graph)
  }

  @Test("indices outside the values are refused", arguments: [-1, 2])
  func index(outside: Int) throws {
    var graph = try relu()
    graph.nodes[0].inputs = [outside]
    expect(
      Diagnostic(
        place: "node 'r' (clip)",
        problem: "value \(outside) is outside the 2 values of the graph"),
      from: graph)
    graph = try relu()
    graph.outputs = [outside]
    expect(
      Diagnostic(
        place: "graph outputs", problem: "value \(outside) is outside the 2 values of the graph"),
      from: graph)
  }

  @Test("an output that nothing computes is refused")
  func undefinedOutput() throws {
    var graph = try relu()
    graph.nodes = []
    expect(
      Diagnostic(place: "graph outputs", problem: "no node computes value 'r'"), from: graph)
  }

  @Test("an input listed twice is refused")
  func inputTwice() throws {
    var graph = try relu()
    graph.inputs = [0, 0]
    expect(
      Diagnostic(
        place: "graph inputs", problem: "value 'x' is listed twice or is a constant"),
      from: graph)
  }

  @Test("a zero-size or negative extent of an input is refused", arguments: [0, -3])
  func emptyInput(extent: Int) throws {
    var graph = try relu()
    graph.values[0].shape = [1, extent]
    expect(
      Diagnostic(
        problem: "value 'x' has shape [1, \(extent)], but every extent must be at least 1"),
      from: graph)
  }

  @Test("a constant whose shape and elements disagree is refused")
  func constantShape() throws {
    var graph = try relu()
    var constant = FloatValue(name: "c", constant: FloatTensor(shape: [2], values: [1, 2]))
    constant.shape = [3]
    graph.values.append(constant)
    expect(
      Diagnostic(
        problem: "value 'c' has shape [3], but its constant has shape [2] and 2 elements"),
      from: graph)
  }

  @Test(
    "a constant that is not finite is named with its element",
    arguments: [(Float.nan, "NaN"), (.infinity, "infinity"), (-.infinity, "infinity")])
  func finite(value: Float, word: String) throws {
    var graph = try relu()
    var values = Array(repeating: Float(1), count: 18)
    values[17] = value
    graph.values.append(
      FloatValue(name: "conv1_w", constant: FloatTensor(shape: [18], values: values)))
    let expected = Diagnostic(
      place: "tensor 'conv1_w'", problem: "holds \(word) at element 17",
      remedy: "train or export the model again; no quantizer can represent it")
    #expect(throws: expected) { try graph.checkFinite() }
    #expect(throws: expected) { try graph.simplified() }
  }
}
