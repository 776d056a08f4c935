import ONNXFormat
import FloatModel
import ModelImport
import Testing

/// One node on an input `x`, with constants, and its output worked out by hand.
struct OperatorCase: CustomTestStringConvertible, Sendable {
  let type: String
  let opset: Int
  let x: FloatTensor
  let inputs: [String]
  let attributes: [ONNXAttributeProto]
  let constants: [ONNXTensorProto]
  let expected: FloatTensor

  init(
    _ type: String, _ opset: Int, _ shape: [Int], _ values: [Float], inputs: [String] = ["x"],
    _ attributes: [ONNXAttributeProto] = [], constants: [ONNXTensorProto] = [],
    gives expectedShape: [Int], _ expected: [Float]
  ) {
    self.type = type
    self.opset = opset
    x = FloatTensor(shape: shape, values: values)
    self.inputs = inputs
    self.attributes = attributes
    self.constants = constants
    self.expected = FloatTensor(shape: expectedShape, values: expected)
  }

  var testDescription: String {
    "\(type), opset \(opset), \(attributes.map(\.name)) \(constants.map(\.name)) of \(x.shape)"
  }
}

/// 0, 1, 2, … as an image `[1, channels, height, width]`.
private func count(_ shape: [Int], from start: Float = 0) -> [Float] {
  (0..<shape.reduce(1, *)).map { start + Float($0) }
}

@Suite("Operators by hand")
struct OperatorTests {
  private static let layers: [OperatorCase] = [
    // Windows [0 1; 3 4] … of a 3×3 image, weights 1 2 3 4, bias 10.
    OperatorCase(
      "Conv", 11, [1, 1, 3, 3], count([9]), inputs: ["x", "w", "b"],
      constants: [.floats("w", [1, 1, 2, 2], [1, 2, 3, 4]), .floats("b", [1], [10])],
      gives: [1, 1, 2, 2], [37, 47, 67, 77]),
    // Weights are [O, I, H, W]: output 0 takes channel 0, output 1 twice channel 1.
    OperatorCase(
      "Conv", 7, [1, 2, 1, 2], [1, 2, 3, 4], inputs: ["x", "w"],
      constants: [.floats("w", [2, 2, 1, 1], [1, 0, 0, 2])], gives: [1, 2, 1, 2], [1, 2, 6, 8]),
    OperatorCase(
      "Conv", 22, [1, 2, 1, 2], [1, 2, 3, 4], inputs: ["x", "w"], [.int("group", 2)],
      constants: [.floats("w", [2, 1, 1, 1], [5, 7])], gives: [1, 2, 1, 2], [5, 10, 21, 28]),
    // SAME_UPPER adds the odd column at the end, SAME_LOWER at the start.
    OperatorCase(
      "Conv", 11, [1, 1, 1, 3], [1, 2, 3], inputs: ["x", "w"],
      [.string("auto_pad", "SAME_UPPER")], constants: [.floats("w", [1, 1, 1, 2], [1, 10])],
      gives: [1, 1, 1, 3], [21, 32, 3]),
    OperatorCase(
      "Conv", 11, [1, 1, 1, 3], [1, 2, 3], inputs: ["x", "w"],
      [.string("auto_pad", "SAME_LOWER")], constants: [.floats("w", [1, 1, 1, 2], [1, 10])],
      gives: [1, 1, 1, 3], [10, 21, 32]),
    OperatorCase(
      "Conv", 11, [1, 1, 1, 5], count([5]), inputs: ["x", "w"],
      [.string("auto_pad", "VALID"), .ints("dilations", [1, 3])],
      constants: [.floats("w", [1, 1, 1, 2], [1, 10])], gives: [1, 1, 1, 2], [30, 41]),
    OperatorCase(
      "Conv", 11, [1, 2, 3], [1, 2, 3, 4, 5, 6], inputs: ["x", "w"],
      [.ints("pads", [1, 0]), .ints("strides", [2])],
      constants: [.floats("w", [1, 2, 2], [1, 10, 100, 1000])], gives: [1, 1, 2],
      [4010, 6532]),
    OperatorCase(
      "Gemm", 7, [1, 2], [1, 2], inputs: ["x", "w", "c"],
      constants: [.floats("w", [2, 3], [1, 2, 3, 4, 5, 6]), .floats("c", [3], [100, 200, 300])],
      gives: [1, 3], [109, 212, 315]),
    OperatorCase(
      "Gemm", 13, [1, 2], [1, 2], inputs: ["x", "w", "c"],
      [.int("transB", 1), .float("alpha", 2), .float("beta", 0.5)],
      constants: [.floats("w", [2, 2], [1, 2, 3, 4]), .floats("c", [1], [100])],
      gives: [1, 2], [60, 72]),
    OperatorCase(
      "MatMul", 9, [1, 2, 2], [1, 2, 3, 4], inputs: ["x", "w"],
      constants: [.floats("w", [2, 1], [1, 10])], gives: [1, 2, 1], [21, 43]),
    OperatorCase(
      "BatchNormalization", 9, [1, 2, 1, 2], [1, 2, 3, 4], inputs: ["x", "g", "b", "m", "v"],
      [.float("epsilon", 1), .float("momentum", 0.9)],
      constants: [
        .floats("g", [2], [1, 4]), .floats("b", [2], [0, 1]), .floats("m", [2], [1, 2]),
        .floats("v", [2], [0, 3]),
      ], gives: [1, 2, 1, 2], [0, 1, 3, 5]),
    OperatorCase(
      "Softmax", 13, [1, 2, 1, 2], [0, 0, 0, 0], [.int("axis", 1)], gives: [1, 2, 1, 2],
      [0.5, 0.5, 0.5, 0.5]),
    // Before opset 13 all axes from the second on count as one.
    OperatorCase(
      "Softmax", 11, [1, 2, 1, 2], [0, 0, 0, 0], gives: [1, 2, 1, 2], [0.25, 0.25, 0.25, 0.25]),
    OperatorCase(
      "Softmax", 13, [1, 2, 2], [0, 0, 0, 0], gives: [1, 2, 2], [0.5, 0.5, 0.5, 0.5]),
  ]

  private static let pools: [OperatorCase] = [
    OperatorCase(
      "MaxPool", 8, [1, 1, 3, 3], count([9]), [.ints("kernel_shape", [2, 2])],
      gives: [1, 1, 2, 2], [4, 5, 7, 8]),
    OperatorCase(
      "MaxPool", 12, [1, 1, 1, 4], [1, 2, 3, 4],
      [.ints("kernel_shape", [1, 3]), .ints("strides", [1, 2]), .int("ceil_mode", 1)],
      gives: [1, 1, 1, 2], [3, 4]),
    // Padding does not count: the first window averages one element.
    OperatorCase(
      "AveragePool", 7, [1, 1, 1, 3], [2, 4, 6],
      [
        .ints("kernel_shape", [1, 2]), .ints("strides", [1, 2]), .ints("pads", [0, 1, 0, 0]),
      ], gives: [1, 1, 1, 2], [2, 5]),
    OperatorCase(
      "AveragePool", 11, [1, 1, 1, 3], [2, 4, 6],
      [
        .ints("kernel_shape", [1, 2]), .ints("strides", [1, 2]), .ints("pads", [0, 1, 0, 0]),
        .int("count_include_pad", 1),
      ], gives: [1, 1, 1, 2], [1, 5]),
    // What ceil_mode adds does not count, though padding does.
    OperatorCase(
      "AveragePool", 19, [1, 1, 1, 4], [2, 4, 6, 8],
      [
        .ints("kernel_shape", [1, 3]), .ints("strides", [1, 3]), .ints("pads", [0, 1, 0, 0]),
        .int("count_include_pad", 1), .int("ceil_mode", 1),
      ], gives: [1, 1, 1, 2], [2, 7]),
    OperatorCase(
      "GlobalAveragePool", 7, [1, 2, 1, 2], [1, 3, 5, 9], gives: [1, 2, 1, 1], [2, 7]),
    OperatorCase("GlobalMaxPool", 7, [1, 2, 1, 2], [1, 3, 5, 9], gives: [1, 2, 1, 1], [3, 9]),
    OperatorCase(
      "ReduceMean", 13, [1, 2, 1, 2], [1, 3, 5, 9], [.ints("axes", [-1, 2]), .int("keepdims", 0)],
      gives: [1, 2], [2, 7]),
    OperatorCase(
      "ReduceMean", 18, [1, 2, 1, 2], [1, 3, 5, 9], inputs: ["x", "a"],
      constants: [.vector("a", 1)], gives: [1, 1, 1, 2], [3, 6]),
    OperatorCase(
      "ReduceMean", 18, [1, 2], [1, 3], [.int("noop_with_empty_axes", 1)], gives: [1, 2], [1, 3]),
  ]

  private static let functions: [OperatorCase] = [
    OperatorCase("Relu", 7, [1, 3], [-1, 0, 2], gives: [1, 3], [0, 0, 2]),
    OperatorCase("LeakyRelu", 7, [1, 2], [-100, 2], gives: [1, 2], [-1, 2]),
    OperatorCase(
      "LeakyRelu", 16, [1, 2], [-100, 2], [.float("alpha", 0.5)], gives: [1, 2], [-50, 2]),
    OperatorCase(
      "PRelu", 7, [1, 2, 1, 2], [-1, 2, -3, -4], inputs: ["x", "s"],
      constants: [.floats("s", [2, 1, 1], [0.5, 2])], gives: [1, 2, 1, 2], [-0.5, 2, -6, -8]),
    OperatorCase("Sigmoid", 13, [1, 1], [0], gives: [1, 1], [0.5]),
    OperatorCase("Tanh", 13, [1, 1], [0], gives: [1, 1], [0]),
    OperatorCase("HardSwish", 14, [1, 4], [-4, -1.5, 0, 6], gives: [1, 4], [0, -0.375, 0, 6]),
    OperatorCase("HardSigmoid", 7, [1, 3], [-9, 0, 1], gives: [1, 3], [0, 0.5, 0.7]),
    OperatorCase(
      "HardSigmoid", 22, [1, 2], [1, 9], [.float("alpha", 0.25), .float("beta", 0)],
      gives: [1, 2], [0.25, 1]),
    OperatorCase(
      "Clip", 7, [1, 3], [-9, 1, 9], [.float("min", -1), .float("max", 6)], gives: [1, 3],
      [-1, 1, 6]),
    OperatorCase("Clip", 10, [1, 2], [-9, 9], [.float("max", 6)], gives: [1, 2], [-9, 6]),
    OperatorCase(
      "Clip", 11, [1, 3], [-9, 1, 9], inputs: ["x", "lo", "hi"],
      constants: [.floats("lo", [], [-1]), .floats("hi", [], [6])], gives: [1, 3], [-1, 1, 6]),
    OperatorCase(
      "Clip", 13, [1, 2], [-9, 9], inputs: ["x", "", "hi"], constants: [.floats("hi", [], [6])],
      gives: [1, 2], [-9, 6]),
    OperatorCase(
      "Clip", 13, [1, 2], [-9, 9], inputs: ["x", "lo", "hi"],
      constants: [.floats("lo", [], [5]), .floats("hi", [], [2])], gives: [1, 2], [2, 2]),
    OperatorCase(
      "Add", 7, [1, 2, 1, 2], [1, 2, 3, 4], inputs: ["x", "c"],
      constants: [.floats("c", [1, 2, 1, 1], [10, 20])], gives: [1, 2, 1, 2], [11, 12, 23, 24]),
    OperatorCase(
      "Sub", 14, [1, 2, 1, 2], [1, 2, 3, 4], inputs: ["c", "x"],
      constants: [.floats("c", [2], [10, 20])], gives: [1, 2, 1, 2], [9, 18, 7, 16]),
    OperatorCase(
      "Mul", 13, [1, 2], [1, 2], inputs: ["x", "c"],
      constants: [.floats("c", [1, 2, 1, 1], [10, 20])], gives: [1, 2, 1, 2], [10, 20, 20, 40]),
    OperatorCase(
      "Div", 13, [1, 2], [1, 2], inputs: ["x", "c"], constants: [.floats("c", [], [4])],
      gives: [1, 2], [0.25, 0.5]),
    OperatorCase("Neg", 13, [1, 2], [1, -2], gives: [1, 2], [-1, 2]),
    OperatorCase(
      "Sum", 8, [1, 2], [1, 2], inputs: ["x", "c", "x"], constants: [.floats("c", [], [4])],
      gives: [1, 2], [6, 8]),
    OperatorCase(
      "Max", 8, [1, 2], [1, 9], inputs: ["c", "x"], constants: [.floats("c", [1], [4])],
      gives: [1, 2], [4, 9]),
    OperatorCase(
      "Min", 13, [1, 2], [1, 9], inputs: ["x", "c", "d"],
      constants: [.floats("c", [1], [4]), .floats("d", [], [3])], gives: [1, 2], [1, 3]),
  ]

  private static let rearrangements: [OperatorCase] = [
    OperatorCase("Identity", 7, [1, 2], [1, 2], gives: [1, 2], [1, 2]),
    OperatorCase("Dropout", 7, [1, 2], [1, 2], [.float("ratio", 0.5)], gives: [1, 2], [1, 2]),
    OperatorCase(
      "Dropout", 13, [1, 2], [1, 2], inputs: ["x", "r", "t"],
      constants: [.floats("r", [], [0.5]), .raw("t", type: 9, [], [0])], gives: [1, 2], [1, 2]),
    OperatorCase("Flatten", 7, [1, 2, 1, 2], [1, 2, 3, 4], gives: [1, 4], [1, 2, 3, 4]),
    OperatorCase(
      "Flatten", 13, [1, 2, 1, 2], [1, 2, 3, 4], [.int("axis", -2)], gives: [2, 2], [1, 2, 3, 4]),
    OperatorCase(
      "Reshape", 7, [1, 2, 2, 2], count([8]), inputs: ["x", "s"],
      constants: [.vector("s", 0, -1, 2)], gives: [1, 4, 2], count([8])),
    OperatorCase(
      "Transpose", 7, [1, 2, 3], count([6]), [.ints("perm", [0, 2, 1])], gives: [1, 3, 2],
      [0, 3, 1, 4, 2, 5]),
    OperatorCase("Transpose", 13, [1, 1, 2], [1, 2], gives: [2, 1, 1], [1, 2]),
    OperatorCase(
      "Squeeze", 11, [1, 2, 1, 1], [1, 2], [.ints("axes", [2, 3])], gives: [1, 2], [1, 2]),
    OperatorCase(
      "Squeeze", 13, [1, 2, 1, 1], [1, 2], inputs: ["x", "a"], constants: [.vector("a", -1)],
      gives: [1, 2, 1], [1, 2]),
    OperatorCase("Squeeze", 13, [1, 2, 1, 1], [1, 2], gives: [2], [1, 2]),
    OperatorCase(
      "Unsqueeze", 7, [1, 2], [1, 2], [.ints("axes", [2])], gives: [1, 2, 1], [1, 2]),
    OperatorCase(
      "Unsqueeze", 13, [1, 2], [1, 2], inputs: ["x", "a"], constants: [.vector("a", -1, 1)],
      gives: [1, 1, 2, 1], [1, 2]),
    OperatorCase(
      "Concat", 7, [1, 1, 1, 2], [1, 2], inputs: ["x", "c", "x"], [.int("axis", 1)],
      constants: [.floats("c", [1, 1, 1, 2], [8, 9])], gives: [1, 3, 1, 2], [1, 2, 8, 9, 1, 2]),
    OperatorCase(
      "Slice", 9, [1, 4], [1, 2, 3, 4],
      [.ints("starts", [1]), .ints("ends", [-1]), .ints("axes", [1])],
      gives: [1, 2], [2, 3]),
    OperatorCase(
      "Slice", 13, [1, 4], [1, 2, 3, 4], inputs: ["x", "s", "e", "a", "t"],
      constants: [
        .vector("s", -1), .vector("e", .min), .vector("a", -1), .vector("t", -2),
      ], gives: [1, 2], [4, 2]),
    OperatorCase(
      "Slice", 10, [1, 4], [1, 2, 3, 4], inputs: ["x", "s", "e"],
      constants: [.vector("s", 0, 2), .vector("e", 1, .max)], gives: [1, 2], [3, 4]),
    OperatorCase(
      "Split", 11, [1, 3], [1, 2, 3], [.int("axis", 1), .ints("split", [3])], gives: [1, 3],
      [1, 2, 3]),
    OperatorCase(
      "Gather", 13, [1, 2, 2], [1, 2, 3, 4], inputs: ["x", "i"], [.int("axis", 1)],
      constants: [.integers("i", [], [-1])], gives: [1, 2], [3, 4]),
    OperatorCase(
      "Pad", 7, [1, 2], [1, 2], [.ints("pads", [0, 1, 0, 2]), .float("value", 9)], gives: [1, 5],
      [9, 1, 2, 9, 9]),
    OperatorCase(
      "Pad", 11, [1, 1, 1, 3], [1, 2, 3], inputs: ["x", "p", "v"],
      constants: [.vector("p", 0, 0, 0, 1, 0, 0, 1, 0), .floats("v", [], [7])],
      gives: [1, 1, 2, 4], [7, 1, 2, 3, 7, 7, 7, 7]),
    OperatorCase(
      "Pad", 18, [1, 3], [1, 2, 3], inputs: ["x", "p", "", "a"], [.string("mode", "reflect")],
      constants: [.vector("p", 2, 1), .vector("a", -1)], gives: [1, 6], [3, 2, 1, 2, 3, 2]),
    OperatorCase(
      "Pad", 13, [1, 3], [1, 2, 3], inputs: ["x", "p"],
      constants: [.vector("p", 0, -1, 0, 1)], gives: [1, 3], [2, 3, 0]),
    OperatorCase(
      "Upsample", 7, [1, 1, 1, 2], [1, 2], [.floats("scales", [1, 1, 2, 2])], gives: [1, 1, 2, 4],
      [1, 1, 2, 2, 1, 1, 2, 2]),
    OperatorCase(
      "Upsample", 9, [1, 1, 1, 2], [1, 3], inputs: ["x", "s"], [.string("mode", "linear")],
      constants: [.floats("s", [4], [1, 1, 1, 2])], gives: [1, 1, 1, 4], [1, 2, 3, 3]),
    OperatorCase(
      "Resize", 10, [1, 1, 1, 4], [1, 2, 3, 4], inputs: ["x", "s"],
      constants: [.floats("s", [4], [1, 1, 1, 0.5])], gives: [1, 1, 1, 2], [1, 3]),
    OperatorCase(
      "Resize", 11, [1, 1, 1, 2], [1, 3], inputs: ["x", "r", "s"], [.string("mode", "linear")],
      constants: [.floats("r", [0], []), .floats("s", [4], [1, 1, 1, 2])], gives: [1, 1, 1, 4],
      [1, 1.5, 2.5, 3]),
    OperatorCase(
      "Resize", 18, [1, 1, 1, 2], [1, 4], inputs: ["x", "", "", "z"],
      [
        .string("mode", "linear"), .string("coordinate_transformation_mode", "align_corners"),
        .ints("axes", [3]),
      ], constants: [.vector("z", 4)], gives: [1, 1, 1, 4], [1, 2, 3, 4]),
  ]

  @Test(
    "compute what their definition says, as imported and simplified",
    arguments: layers + pools + functions + rearrangements)
  func value(example: OperatorCase) throws {
    var sketch = ONNXSketch(opset: example.opset)
    sketch.input("x", example.x.shape)
    for constant in example.constants { sketch.tensor(constant) }
    sketch.node(example.type, example.inputs, ["y"], example.attributes)
    sketch.output()
    let model = try sketch.imported()
    for simplified in [false, true] {
      let output = try #require(try model.evaluated([example.x], simplified: simplified).first)
      #expect(output.shape == example.expected.shape)
      #expect(
        zip(output.values, example.expected.values).allSatisfy { abs($0 - $1) < 1e-6 },
        "\(output.values) instead of \(example.expected.values)")
    }
  }

  @Test("Split gives every part", arguments: [11, 13, 18])
  func split(opset: Int) throws {
    var sketch = ONNXSketch(opset: opset)
    sketch.input("x", [1, 5])
    var attributes = [ONNXAttributeProto.int("axis", 1)]
    if opset == 11 { attributes.append(.ints("split", [2, 2, 1])) }
    if opset == 13 { sketch.tensor(.vector("s", 2, 2, 1)) }
    if opset == 18 { attributes.append(.int("num_outputs", 3)) }
    sketch.node("Split", opset == 13 ? ["x", "s"] : ["x"], ["a", "b", "c"], attributes)
    for name in ["a", "b", "c"] { sketch.output(name) }
    let x = FloatTensor(shape: [1, 5], values: [1, 2, 3, 4, 5])
    let outputs = try sketch.imported().evaluated([x], simplified: true)
    #expect(outputs.map(\.values) == [[1, 2], [3, 4], [5]])
  }
}
