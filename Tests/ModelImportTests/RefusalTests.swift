import ONNXFormat
import Diagnostics
import FloatModel
import ModelImport
import SwiftProtobuf
import TestSupport
import Testing

@Suite("Models that are not read say why")
struct RefusalTests {
  /// x → `type` → y
  private func model(
    _ type: String, opset: Int = 17, shape: [Int?] = [1, 4], inputs: [String] = ["x"],
    _ attributes: [ONNXAttributeProto] = [], _ tensors: [ONNXTensorProto] = []
  ) -> ONNXSketch {
    var sketch = ONNXSketch(opset: opset)
    sketch.input("x", shape)
    for tensor in tensors { sketch.tensor(tensor) }
    sketch.node(type, inputs, ["y"], attributes)
    sketch.output()
    return sketch
  }

  private func expect(
    _ diagnostic: Diagnostic, from sketch: ONNXSketch,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: diagnostic, sourceLocation: sourceLocation) { try sketch.imported() }
  }

  // MARK: Files

  private static let notONNX = Diagnostic(
    problem: "is not an ONNX file or is truncated",
    remedy: "export the model again, or copy the file again in binary mode")

  @Test("what is no protobuf message, empty, or cut anywhere")
  func truncated() throws {
    let bytes: [UInt8] = try model("Relu").model.serializedBytes()
    for count in 0..<bytes.count {
      #expect(throws: (any Error).self, "\(count) bytes") {
        try ONNXSketch.imported(Array(bytes[..<count]))
      }
    }
    for bytes in [[], Array("this is a text file".utf8), [0xff, 0xff, 0xff]] as [[UInt8]] {
      #expect(throws: Self.notONNX) { try ONNXSketch.imported(bytes) }
    }
  }

  @Test("the file is named, and so is a missing one")
  func file() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([1, 2, 3], to: "model.onnx")
    #expect(throws: Self.notONNX.inFile(path)) { try ONNXImporter.load(path: path) }
    #expect {
      try ONNXImporter.load(path: folder.file("none.onnx"))
    } throws: { error in
      (error as? Diagnostic)?.file == folder.file("none.onnx")
    }
  }

  @Test("IR versions and opsets out of range")
  func versions() {
    var sketch = model("Relu")
    sketch.model.irVersion = 99
    expect(
      Diagnostic(
        problem: "has IR version 99, outside 3…14",
        remedy: "export the model with another version of ONNX"), from: sketch)
    for opset in [6, 29] {
      expect(
        Diagnostic(
          problem: "uses opset \(opset), outside 7…28",
          remedy: "export the model with opset 17, or convert it with onnx.version_converter"),
        from: model("Relu", opset: opset))
    }
    sketch = model("Relu")
    sketch.model.opsetImport = []
    expect(
      Diagnostic(
        problem: "does not name one version of the standard operators",
        remedy: "export the model with opset_import of domain ''"), from: sketch)
  }

  // MARK: Operators

  @Test("an unknown operator is named with node and opset, and the known ones are listed")
  func unknown() throws {
    let error = #expect(throws: Diagnostic.self) { try self.model("LSTM", opset: 14).imported() }
    #expect(error?.place == "node 'y_node' (LSTM, opset 14)")
    #expect(error?.problem == "the operator LSTM is not supported")
    #expect(
      error?.remedy
        == "supported are Add, AveragePool, BatchNormalization, Cast, Ceil, Clip, Concat, Constant, "
        + "ConstantOfShape, Conv, Div, Dropout, Equal, Expand, Flatten, Floor, Gather, Gemm, "
        + "GlobalAveragePool, GlobalMaxPool, HardSigmoid, HardSwish, Identity, LeakyRelu, MatMul, "
        + "Max, MaxPool, Min, Mod, Mul, Neg, PRelu, Pad, Range, Reciprocal, ReduceMean, "
        + "ReduceProd, Relu, Reshape, Resize, Shape, Sigmoid, Size, Slice, Softmax, Split, Sqrt, "
        + "Squeeze, Sub, Sum, Tanh, Transpose, Unsqueeze, Upsample, Where")
  }

  @Test("a custom domain and a model that is quantized already")
  func domains() {
    var sketch = model("Attention")
    sketch.model.graph.node[0].domain = "com.example"
    expect(
      Diagnostic(
        place: "node 'y_node' (Attention, opset 17)",
        problem: "belongs to domain 'com.example'; only standard operators are supported",
        remedy: "export the model without custom operators"), from: sketch)
    expect(
      Diagnostic(
        place: "node 'y_node' (QuantizeLinear, opset 17)",
        problem: "the model is quantized already",
        remedy: "give the float model it was made from; this tool quantizes it itself"),
      from: model("QuantizeLinear"))
  }

  private static let image: [Int?] = [1, 2, 4, 4]
  private static let kernel = ONNXTensorProto.floats(
    "w", [2, 2, 3, 3], Array(repeating: 1, count: 36))

  private static func parameters(_ name: String) -> [ONNXTensorProto] {
    ["g", "b", "m", "v"].map { .floats($0, [2], [1, 1]) }
  }

  @Test("parameters that are not supported or do not fit")
  func parameters() {
    for (sketch, problem, remedy) in [
      (
        model("Relu", [.int("slope", 1)]),
        "has attribute 'slope', which this operator does not have or which is not supported", ""
      ),
      (model("Relu", inputs: []), "input 0 is missing", ""),
      (
        model("LeakyRelu", [.float("alpha", .nan)]), "attribute 'alpha' is NaN", ""
      ),
      (
        model("LeakyRelu", [.float("alpha", -.infinity)]), "attribute 'alpha' is infinite", ""
      ),
      (
        model("LeakyRelu", [.int("alpha", 1)]), "attribute 'alpha' is not of type float", ""
      ),
      (
        model("LeakyRelu", [.float("alpha", 1), .float("alpha", 2)]),
        "has two attributes 'alpha'", ""
      ),
      (
        model("Softmax", [.int("axis", 1 << 40)]),
        "attribute 'axis' is 1099511627776, outside ±2147483647", ""
      ),
      (model("Softmax", [.int("axis", 2)]), "axis 2 is outside a value of rank 2", ""),
      (
        model(
          "Conv", shape: Self.image, inputs: ["x", "w"], [.ints("strides", [0, 1])], [Self.kernel]),
        "attribute 'strides' is [0, 1] instead of 2 positive numbers", ""
      ),
      (
        model(
          "Conv", shape: Self.image, inputs: ["x", "w"], [.ints("pads", [0, 0, -1, 0])],
          [Self.kernel]),
        "attribute 'pads' is [0, 0, -1, 0] instead of 4 counts", ""
      ),
      (
        model(
          "Conv", shape: Self.image, inputs: ["x", "w"], [.ints("kernel_shape", [2, 2])],
          [Self.kernel]),
        "attribute 'kernel_shape' is [2, 2], but the weights have [3, 3]", ""
      ),
      (
        model(
          "Conv", shape: Self.image, inputs: ["x", "w"], [.string("auto_pad", "SAME")],
          [Self.kernel]),
        "attribute 'auto_pad' is 'SAME'", ""
      ),
      (
        model("Conv", shape: Self.image, inputs: ["x", "x"]),
        "input 1 (W) is not a float constant", "export the model with constant parameters"
      ),
      (
        model("Conv", shape: [1, 2, 4, 4, 4], inputs: ["x", "w"], [], [Self.kernel]),
        "the input has shape [1, 2, 4, 4, 4], but only images [N, C, H, W] and signals [N, C, L] "
          + "are supported", ""
      ),
      (
        model(
          "MaxPool", shape: Self.image,
          [.ints("kernel_shape", [2, 2]), .ints("dilations", [2, 1])]),
        "has dilations 2×1; pools with gaps are not supported", ""
      ),
      (
        model(
          "BatchNormalization", shape: Self.image, inputs: ["x", "g", "b", "m", "v"],
          [.int("training_mode", 1)], Self.parameters("")),
        "is in training mode", "export the model for inference"
      ),
      (
        model(
          "Gemm", inputs: ["x", "w"], [.int("transA", 1)], [.floats("w", [4, 1], [1, 2, 3, 4])]),
        "transposes its first input (transA), which is not supported", ""
      ),
      (
        model("MatMul", inputs: ["x", "x"]), "input 1 (B) is not a float constant",
        "export the model with constant parameters"
      ),
      (
        model("Div", inputs: ["x", "w"], [], [.floats("w", [2], [1, 0])]), "divides by 0", ""
      ),
      (
        model("Add", inputs: ["x", "w"], [], [.vector("w", 1, 2, 3, 4)]),
        "input 1 holds integers, but only float values flow through the network",
        "integers may only compute shapes and indices"
      ),
      (
        model("Add", inputs: ["x", "w"], [], [.floats("w", [3], [1, 2, 3])]),
        "shapes [1, 4] and [3] do not broadcast", ""
      ),
      (
        model("Reshape", inputs: ["x", "s"], [], [.vector("s", 3, -1)]),
        "cannot give the elements of [1, 4] the shape [3, -1]", ""
      ),
      (
        model("Reshape", inputs: ["x", "s"], [], [.vector("s", -1, -1)]),
        "cannot give the elements of [1, 4] the shape [-1, -1]", ""
      ),
      (
        model("Reshape", inputs: ["x", "x"]),
        "input 1 (shape) is not known before the network runs",
        "export the model with fixed shapes, or run onnx-simplifier on it"
      ),
      (
        model("Slice", inputs: ["x", "s", "s"], [], [.vector("s", 0, 0)]),
        "picks nothing along axis 0 of [1, 4]", ""
      ),
      (
        model("Pad", inputs: ["x", "p"], [.string("mode", "wrap")], [.vector("p", 0, 1, 0, 1)]),
        "pads in mode 'wrap', which is not supported", ""
      ),
      (
        model("Pad", inputs: ["x", "p"], [], [.vector("p", 1, 0, 0, 0)]),
        "pads axis 0, the batch", ""
      ),
      (
        model("ReduceMean", [.ints("axes", [0])]), "averages over axis 0, the batch",
        "export the model so that every image is treated on its own"
      ),
      (
        model(
          "Resize", shape: Self.image, inputs: ["x", "", "s"], [.string("mode", "cubic")],
          [.floats("s", [4], [1, 1, 2, 2])]),
        "has mode 'cubic', which is not supported",
        "resize by 'nearest' or 'linear' interpolation"
      ),
      (
        model(
          "Resize", shape: Self.image, inputs: ["x", "", "s"], [],
          [.floats("s", [4], [1, 2, 2, 2])]),
        "resizes axes [1, 2, 3] of [1, 2, 4, 4]; only the height and width of images are supported",
        ""
      ),
      (
        model("Cast", [.int("to", 7)]), "casts computed values to int64",
        "only constants and shapes can become integers"
      ),
      (
        model("Expand", inputs: ["x", "s"], [], [.vector("s", 3, 4)]),
        "repeats computed values of shape [1, 4] to [3, 4]", ""
      ),
      (
        model("ConstantOfShape", inputs: ["s"], [], [.vector("s", 1 << 20, 1 << 20)]),
        "computes integers of shape [1048576, 1048576], more than 1048576 elements", ""
      ),
    ] {
      expect(
        Diagnostic(
          place: "node 'y_node' (\(sketch.model.graph.node[0].opType), opset 17)",
          problem: problem, remedy: remedy), from: sketch)
    }
  }

  // MARK: Graphs

  @Test("values that nothing defines, that come too late, and that are defined twice")
  func references() {
    let remedy = "the file breaks the ONNX specification; export the model again"
    expect(
      Diagnostic(
        place: "node 'y_node' (Relu, opset 17)", problem: "reads value 'z', which nothing defines",
        remedy: remedy), from: model("Relu", inputs: ["z"]))
    expect(
      Diagnostic(
        place: "node 'y_node' (Relu, opset 17)",
        problem: "reads value 'y' before it is computed: nodes are out of order or form a cycle",
        remedy: remedy), from: model("Relu", inputs: ["y"]))
    var sketch = model("Relu")
    sketch.node("Relu", ["x"])
    expect(
      Diagnostic(
        place: "node 'y_node' (Relu, opset 17)", problem: "defines value 'y' a second time"),
      from: sketch)
    sketch = model("Relu")
    sketch.tensor(.floats("w", [1], [1]))
    sketch.tensor(.floats("w", [1], [1]))
    expect(
      Diagnostic(place: "tensor 'w'", problem: "defines value 'w' a second time"), from: sketch)
  }

  @Test("outputs that are missing, constant or not supported")
  func outputs() {
    var sketch = model("Relu")
    sketch.output("z")
    expect(Diagnostic(place: "output 'z'", problem: "no node computes it"), from: sketch)
    sketch = model("Shape")
    expect(
      Diagnostic(
        place: "output 'y'", problem: "does not depend on any input of the network",
        remedy: "remove it from the model's outputs"), from: sketch)
    sketch = model("MaxPool", shape: Self.image, [.ints("kernel_shape", [2, 2])])
    sketch.model.graph.node[0].output.append("indices")
    sketch.node("Relu", ["indices"], ["z"])
    expect(
      Diagnostic(
        place: "node 'z_node' (Relu, opset 17)",
        problem: "input 0 is output 1 of a MaxPool, which is not supported"), from: sketch)
    sketch = model("Relu")
    sketch.model.graph.output = []
    expect(Diagnostic(place: "graph", problem: "has no output"), from: sketch)
  }

  @Test("inputs of other types and shapes")
  func inputs() {
    let fixed = "export the model with fixed input shapes"
    for (shape, problem, remedy) in [
      ([nil, nil], "axis 1 has the variable extent 'N'", "\(fixed); only the batch may vary"),
      ([8, 4], "has a fixed batch of 8", "export the model with a batch of 1 or a variable one"),
      ([], "has no shape, or no axis for the batch", fixed),
      ([1, 0], "it has shape [1, 0], but every extent must be at least 1", ""),
      ([1, -4], "it has shape [1, -4], but every extent must be at least 1", ""),
      ([1, 1 << 40], "it has shape [1, 1099511627776], more than 2147483647 elements", ""),
    ] as [([Int?], String, String)] {
      expect(
        Diagnostic(place: "input 'x'", problem: problem, remedy: remedy),
        from: model("Relu", shape: shape))
    }
    var sketch = ONNXSketch()
    sketch.input("x", [1, 4], elementType: 2)
    expect(
      Diagnostic(
        place: "input 'x'", problem: "holds uint8, but only float inputs are supported",
        remedy: "export the model with float32 inputs"), from: sketch)
    sketch = ONNXSketch()
    sketch.output()
    expect(Diagnostic(place: "graph", problem: "has no input besides its weights"), from: sketch)
    sketch = model("Relu")
    sketch.model.graph.input[0].clearType()
    expect(
      Diagnostic(
        place: "input 'x'",
        problem: "is no tensor; sequences, maps and optional values are not supported"),
      from: sketch)
  }

  @Test("a small file that asks for endless constants")
  func endless() {
    var limits = ImportLimits()
    limits.computedElements = 1 << 16
    var sketch = ONNXSketch()
    sketch.input("x", [1, 4])
    sketch.tensor(.floats("n0", [1, 4], [1, 2, 3, 4]))
    for index in 0..<40 {
      sketch.node(
        "Concat", ["n\(index)", "n\(index)"], ["n\(index + 1)"], [.int("axis", 1)])
    }
    sketch.node("Add", ["x", "n40"])
    sketch.output()
    #expect(
      throws: Diagnostic(
        place: "node 'n13_node' (Concat, opset 17)",
        problem: "the network computes more constants than any sensible one needs",
        remedy: "run onnx-simplifier on the model")
    ) { try sketch.imported(limits: limits) }
    limits.storedElements = 3
    #expect(
      throws: Diagnostic(
        place: "tensor 'n0'",
        problem: "brings the tensors of the model over the limit of elements")
    ) { try sketch.imported(limits: limits) }
  }
}
