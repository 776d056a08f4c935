import Diagnostics
import FloatModel
import IntegerModel
import Quantizer
import Testing

@Suite("Lowering to integers")
struct LoweringTests {
  /// A graph of one node whose inputs and output have the given ranges.
  private func lowered(
    _ operation: FloatOperation, shapes: [[Int]], output: [Int], ranges: [ValueRange],
    outputRange: ValueRange, form: ThresholdForm = .asymmetric
  ) throws -> IntegerGraph {
    var graph = FloatGraph(name: "test")
    graph.values = shapes.enumerated().map { FloatValue(name: "x\($0.offset)", shape: $0.element) }
    graph.values.append(FloatValue(name: "y", shape: output))
    graph.inputs = Array(shapes.indices)
    graph.outputs = [shapes.count]
    graph.nodes = [
      FloatNode(
        name: "node", operation: operation, inputs: Array(shapes.indices), output: shapes.count)
    ]
    var state = QuantizationState(
      graph: graph, options: QuantizationOptions(thresholds: form))
    for (index, range) in ranges.enumerated() { state.ranges[index] = range }
    state.ranges[shapes.count] = outputRange
    var lowering = Lowering(state)
    return try lowering.lowered()
  }

  @Test("an addition stores TFLite's three multipliers")
  func add() throws {
    // Scales 1/255, 2/255 and 3/255: ratios 1/4 and 1/2 to twice the greater, and
    // 4/255 / (2^20 · 3/255) = 4/3 · 2^−20.
    let graph = try lowered(
      .add(clamp: .none), shapes: [[1, 4], [1, 4]], output: [1, 4],
      ranges: [ValueRange(minimum: 0, maximum: 1), ValueRange(minimum: 0, maximum: 2)],
      outputRange: ValueRange(minimum: 0, maximum: 3))
    guard case .add(let parameters) = graph.operations[0].kind else {
      Issue.record("not an addition: \(graph.operations[0].kind)")
      return
    }
    #expect(parameters.first == FixedPointMultiplier(multiplier: 1 << 30, shift: -1))
    #expect(parameters.second == FixedPointMultiplier(multiplier: 1 << 30, shift: 0))
    #expect(parameters.output.shift == -19)
    // 2/3 · 2^31, to the precision of the float32 scales.
    #expect(abs(parameters.output.multiplier - 1_431_655_765) < 256)
  }

  @Test("a softmax stores Q5.26 scaling and the radius of its exponential")
  func softmax() throws {
    // Scale 0.1: 0.1 · 2^26 = 0.8 · 2^23; radius 31 · 2^26 / 2^23 = 248.
    let graph = try lowered(
      .softmax(axis: 1), shapes: [[1, 10]], output: [1, 10],
      ranges: [ValueRange(minimum: 0, maximum: 25.5)],
      outputRange: ValueRange(minimum: 0, maximum: 1))
    guard case .softmax(let parameters) = graph.operations[0].kind else {
      Issue.record("not a softmax: \(graph.operations[0].kind)")
      return
    }
    #expect(parameters.minimumDifference == -248)
    #expect(parameters.multiplier.shift == 23)
    #expect(abs(parameters.multiplier.multiplier - 1_717_986_918) < 64)
    let output = graph.tensors[graph.outputs[0]]
    #expect(output.quantization?.scaleBits == [Float(1.0 / 256).bitPattern])
    #expect(output.zeroPoint == -128)
  }

  @Test("a softmax over another axis is moved to the last and back")
  func softmaxAxis() throws {
    let graph = try lowered(
      .softmax(axis: 1), shapes: [[1, 10, 3]], output: [1, 10, 3],
      ranges: [ValueRange(minimum: 0, maximum: 25.5)],
      outputRange: ValueRange(minimum: 0, maximum: 1))
    #expect(graph.operations.map(\.kind.name) == ["transpose", "softmax", "transpose"])
    #expect(graph.tensors[graph.operations[1].outputs[0]].shape == [1, 3, 10])
    #expect(graph.tensors[graph.outputs[0]].shape == [1, 10, 3])
  }

  @Test("concatenation with a fixed input requantizes it")
  func concatenation() throws {
    var graph = FloatGraph(name: "test")
    graph.values = ["x", "s", "y"].map { FloatValue(name: $0, shape: [1, 4]) }
    graph.values[2].shape = [1, 8]
    graph.inputs = [0]
    graph.outputs = [2]
    graph.nodes = [
      FloatNode(name: "sigmoid", operation: .activation(.sigmoid), inputs: [0], output: 1),
      FloatNode(name: "concat", operation: .concatenation(axis: 1), inputs: [1, 0], output: 2),
    ]
    var state = QuantizationState(graph: graph, options: QuantizationOptions())
    let range = ValueRange(minimum: -8, maximum: 8)
    state.ranges = [0: range, 1: ValueRange(minimum: 0, maximum: 1), 2: range]
    var lowering = Lowering(state)
    let result = try lowering.lowered()
    #expect(result.operations.map(\.kind.name) == ["logistic", "requantize", "concatenation"])
    let scales = result.operations[2].inputs.map { result.tensors[$0].quantization }
    #expect(scales[0] == scales[1])
    #expect(scales[0] == result.tensors[result.outputs[0]].quantization)
  }

  @Test("tables hold the nearest code of the exact function")
  func tables() throws {
    let graph = try lowered(
      .activation(.sigmoid), shapes: [[1, 4]], output: [1, 4],
      ranges: [ValueRange(minimum: -8, maximum: 7.9375)],
      outputRange: ValueRange(minimum: 0, maximum: 1))
    guard case .lookup(let parameters) = graph.operations[0].kind else {
      Issue.record("not a table: \(graph.operations[0].kind)")
      return
    }
    let table = parameters.table.array(of: Int8.self)
    #expect(table.count == 256)
    // Scale 1/16, zero point 0. sigmoid(0) = 0.5 → 128 − 128; sigmoid(2) = 0.880797 → 225.48 − 128;
    // sigmoid(−2) = 0.119203 → 30.52 − 128; sigmoid(−8) = 0.000335 → 0.09 − 128.
    #expect(table[128] == 0)
    #expect(table[128 + 32] == 97)
    #expect(table[128 - 32] == -97)
    #expect(table[0] == -128)
  }

  @Test("depthwise weights are stored filters last, grouped ones filters first")
  func depthwise() throws {
    var graph = FloatGraph(name: "test")
    graph.values = [
      FloatValue(name: "x", shape: [1, 2, 1, 2]),
      FloatValue(
        name: "w", constant: FloatTensor(shape: [2, 2, 1, 1], values: [1, 2, 30, 40])),
      FloatValue(name: "y", shape: [1, 1, 1, 2]),
    ]
    graph.inputs = [0]
    graph.outputs = [2]
    let one = SpatialExtent(height: 1, width: 1)
    graph.nodes = [
      FloatNode(
        name: "dw",
        operation: .convolution(
          FloatConvolution(stride: one, padding: EdgePadding(), groups: 2)),
        inputs: [0, 1], output: 2)
    ]
    var state = QuantizationState(graph: graph, options: QuantizationOptions())
    state.ranges = [
      0: ValueRange(minimum: 0, maximum: 1), 2: ValueRange(minimum: 0, maximum: 70),
    ]
    state.weightThresholds = [1: [2, 40]]
    var lowering = Lowering(state)
    let result = try lowering.lowered()
    #expect(result.operations[0].kind.name == "depthwise convolution")
    let weights = result.tensors[result.operations[0].inputs[1]]
    #expect(weights.shape == [1, 2, 1, 2])
    #expect(weights.quantization?.axis == 3)
    #expect(weights.constant?.array(of: Int8.self) == [64, 95, 127, 127])
  }

  @Test("a nearest-neighbor resize stores the source of each row and column")
  func resizeNearest() throws {
    let range = ValueRange(minimum: 0, maximum: 1)
    let graph = try lowered(
      .resize(
        FloatResize(
          size: SpatialExtent(height: 4, width: 3), verticalScale: 2, horizontalScale: 1,
          mapping: .asymmetric, interpolation: .nearest(.floor))),
      shapes: [[1, 2, 3, 5]], output: [1, 4, 3, 5], ranges: [range], outputRange: range)
    #expect(
      graph.operations[0].kind
        == .resizeNearest(ResizeNearestParameters(rows: [0, 0, 1, 1], columns: [0, 1, 2])))
  }

  @Test("errors name the node")
  func errors() {
    let error = #expect(throws: Diagnostic.self) {
      try lowered(
        .batchNormalization(epsilon: 0.001), shapes: [[1, 4]], output: [1, 4],
        ranges: [ValueRange(minimum: 0, maximum: 1)],
        outputRange: ValueRange(minimum: 0, maximum: 1))
    }
    #expect(
      error?.description
        == "node 'node': a batch normalization was left unfolded; "
        + "this is a defect of fbq; please report the model")
  }
}
