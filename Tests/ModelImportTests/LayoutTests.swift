import FloatModel
import FloatReference
import ModelImport
import Testing

@Suite("Channels go last")
struct LayoutTests {
  private func convolution(_ sketch: inout ONNXSketch, _ input: String, _ output: String) {
    sketch.tensor(.floats("\(output)_w", [2, 3, 1, 1], [1, 2, 3, 4, 5, 6]))
    sketch.node("Conv", [input, "\(output)_w"], [output])
  }

  @Test("an image input and output become NHWC without any transpose")
  func image() throws {
    var sketch = ONNXSketch()
    sketch.input("x", [nil, 3, 4, 5])
    convolution(&sketch, "x", "a")
    sketch.node("Relu", ["a"])
    sketch.output()
    let model = try sketch.imported()
    #expect(model.graph.operationNames == ["convolution", "clip"])
    #expect(model.graph.values[model.graph.inputs[0]].shape == [1, 4, 5, 3])
    #expect(model.graph.values[model.graph.outputs[0]].shape == [1, 4, 5, 2])
    #expect(model.inputAxes == [[0, 2, 3, 1]])
    #expect(model.outputAxes == [[0, 2, 3, 1]])
    #expect(model.graph.constant("a_node", input: 1)?.shape == [2, 1, 1, 3])
  }

  @Test("a model that takes and gives NHWC keeps that, its transposes gone")
  func channelsLast() throws {
    var sketch = ONNXSketch()
    sketch.input("x", [1, 4, 5, 3])
    sketch.tensor(.floats("mean", [3], [1, 2, 3]))
    sketch.node("Sub", ["x", "mean"], ["s"])
    sketch.node("Transpose", ["s"], ["t"], [.ints("perm", [0, 3, 1, 2])])
    convolution(&sketch, "t", "a")
    sketch.node("Transpose", ["a"], ["y"], [.ints("perm", [0, 2, 3, 1])])
    sketch.output()
    let model = try sketch.imported()
    #expect(model.graph.operationNames == ["subtract", "convolution", "identity"])
    #expect(model.graph.values[model.graph.inputs[0]].shape == [1, 4, 5, 3])
    #expect(model.inputAxes == [[0, 1, 2, 3]])
    #expect(model.outputAxes == [[0, 1, 2, 3]])
    #expect(try model.graph.simplified().operationNames == ["subtract", "convolution"])
  }

  @Test("flattening an image before a fully connected layer costs no transpose in the end")
  func flatten() throws {
    var sketch = ONNXSketch()
    sketch.input("x", [1, 3, 2, 2])
    convolution(&sketch, "x", "a")
    sketch.node("Flatten", ["a"], ["f"])
    sketch.tensor(.floats("w", [1, 8], [1, 2, 3, 4, 5, 6, 7, 8]))
    sketch.node("Gemm", ["f", "w"], ["y"], [.int("transB", 1)])
    sketch.output()
    let model = try sketch.imported()
    #expect(
      model.graph.operationNames == ["convolution", "transpose", "reshape", "fully connected"])
    let simplified = try model.graph.simplified()
    #expect(simplified.operationNames == ["convolution", "reshape", "fully connected"])
    #expect(simplified.constant("y_node", input: 1)?.values == [1, 5, 2, 6, 3, 7, 4, 8])
  }

  @Test("channels split into groups and shuffled stay in place around the image")
  func shuffle() throws {
    var sketch = ONNXSketch()
    sketch.input("x", [1, 4, 2, 3])
    sketch.tensor(.vector("grouped", 1, 2, 2, 2, 3))
    sketch.tensor(.vector("flat", 1, 4, 2, 3))
    sketch.node("Reshape", ["x", "grouped"], ["a"])
    sketch.node("Transpose", ["a"], ["b"], [.ints("perm", [0, 2, 1, 3, 4])])
    sketch.node("Reshape", ["b", "flat"], ["c"])
    sketch.node("Relu", ["c"])
    sketch.output()
    let graph = try sketch.imported().graph.simplified()
    #expect(graph.operationNames == ["clip", "reshape", "transpose", "reshape"])
    #expect(graph.nodes[2].operation == .transpose([0, 1, 2, 4, 3]))
  }

  @Test("a signal passes convolutions as an image of height 1, without transposes between")
  func signal() throws {
    var sketch = ONNXSketch()
    sketch.input("x", [1, 2, 8])
    sketch.tensor(.floats("w", [2, 2, 3], Array(repeating: 0.5, count: 12)))
    sketch.node("Conv", ["x", "w"], ["a"])
    sketch.node("Relu", ["a"], ["b"])
    sketch.node("Conv", ["b", "w"], ["c"])
    sketch.node("GlobalAveragePool", ["c"], ["d"])
    sketch.node("Flatten", ["d"])
    sketch.output()
    let graph = try sketch.imported().graph.simplified()
    #expect(
      graph.operationNames == ["transpose", "reshape", "convolution", "convolution", "mean"])
  }

  @Test("a model that only renames its input keeps names of inputs and outputs")
  func alias() throws {
    var sketch = ONNXSketch()
    sketch.input("x", [1, 3])
    sketch.node("Dropout", ["x"], ["d"])
    sketch.node("Identity", ["d"])
    sketch.output()
    let graph = try sketch.imported().graph
    #expect(graph.operationNames == ["identity"])
    #expect(graph.outputs.map { graph.values[$0].name } == ["y"])
  }

  @Test("initializers listed as inputs too, as before IR version 4, are no inputs")
  func oldInitializers() throws {
    var sketch = ONNXSketch(opset: 7)
    sketch.model.irVersion = 3
    sketch.input("x", [1, 2])
    sketch.input("c", [2])
    sketch.tensor(.floats("c", [2], [1, 2]))
    sketch.node("Add", ["x", "c"])
    sketch.output()
    let graph = try sketch.imported().graph
    #expect(graph.inputs.map { graph.values[$0].name } == ["x"])
  }

  @Test("several inputs and outputs keep their order")
  func several() throws {
    var sketch = ONNXSketch()
    sketch.input("b", [1, 2])
    sketch.input("a", [1, 2])
    sketch.node("Sub", ["a", "b"], ["z"])
    sketch.node("Add", ["a", "b"], ["y"])
    sketch.output("y")
    sketch.output("z")
    let outputs = try sketch.imported().evaluated(
      [
        FloatTensor(shape: [1, 2], values: [1, 2]), FloatTensor(shape: [1, 2], values: [10, 20]),
      ], simplified: true)
    #expect(outputs.map(\.values) == [[11, 22], [9, 18]])
  }

  @Test("a chain that computes a shape from the input's folds away")
  func shapeChain() throws {
    var sketch = ONNXSketch()
    sketch.input("x", [nil, 2, 3, 4])
    sketch.tensor(.vector("zero", 0))
    sketch.tensor(.vector("minus", -1))
    sketch.node("Shape", ["x"], ["s"])
    sketch.node("Gather", ["s", "zero"], ["n"])
    sketch.node("Concat", ["n", "minus"], ["t"], [.int("axis", 0)])
    sketch.node("Reshape", ["x", "t"])
    sketch.output()
    let graph = try sketch.imported().graph
    #expect(graph.operationNames == ["transpose", "reshape"])
    #expect(graph.values[graph.outputs[0]].shape == [1, 24])
  }
}
