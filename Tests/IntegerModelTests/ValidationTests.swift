import IntegerModel
import IntegerTestSupport
import Testing

/// A graph with every operator, each fed by the input `x` `[1, 4, 4, 2]`, and the names of its
/// operations.
func everyOperator() -> IntegerGraph {
  var builder = GraphBuilder()
  let x = builder.input("x", [1, 4, 4, 2], zeroPoint: -3)
  let x2 = builder.input("x2", [2], zeroPoint: 5)
  func output(_ name: String, _ shape: [Int], zeroPoint: Int32 = -3) -> TensorIndex {
    builder.activation(name, shape, zeroPoint: zeroPoint)
  }
  let weights = builder.constant("w", [3, 2, 2, 2], .int8, (0..<24).map { $0 - 12 })
  let bias = builder.constant("b", [3], .int32, [100, -100, 0])
  builder.operation(
    "conv",
    .convolution(
      ConvolutionParameters(
        stride: SpatialPair(2), padding: SpatialPadding(), multipliers: [.half], clamp: .int8)),
    [x, weights, bias], output("conv.y", [1, 2, 2, 3]))
  let depthwiseWeights = builder.constant("dw", [1, 3, 3, 4], .int8, (0..<36).map { $0 - 18 })
  let depthwiseBias = builder.constant("db", [4], .int32, [1, 2, 3, 4])
  builder.operation(
    "depthwise",
    .depthwiseConvolution(
      ConvolutionParameters(
        stride: SpatialPair(1), padding: SpatialPadding(top: 1, left: 1, bottom: 1, right: 1),
        multipliers: [.half, .half, .one, .half], clamp: .int8)),
    [x, depthwiseWeights, depthwiseBias], output("depthwise.y", [1, 4, 4, 4]))
  let matrix = builder.constant("fw", [5, 2], .int8, (0..<10).map { $0 - 5 })
  let matrixBias = builder.constant("fb", [5], .int32, [0, 1, 2, 3, 4])
  builder.operation(
    "fully", .fullyConnected(FullyConnectedParameters(multipliers: [.half], clamp: .int8)),
    [x, matrix, matrixBias], output("fully.y", [1, 4, 4, 5]))
  let add = AddParameters(first: .half, second: .half, output: .half, clamp: .int8)
  builder.operation("add", .add(add), [x, x2], output("add.y", [1, 4, 4, 2]))
  builder.operation("sub", .subtract(add), [x, x2], output("sub.y", [1, 4, 4, 2]))
  builder.operation(
    "mul", .multiply(MultiplyParameters(multiplier: .half, clamp: .int8)), [x, x2],
    output("mul.y", [1, 4, 4, 2]))
  let pool = PoolParameters(
    window: SpatialPair(2), stride: SpatialPair(2), padding: SpatialPadding(), clamp: .int8)
  builder.operation("average", .averagePool(pool), [x], output("average.y", [1, 2, 2, 2]))
  builder.operation("max", .maxPool(pool), [x], output("max.y", [1, 2, 2, 2]))
  let reduce = ReduceParameters(axes: [1, 2], keepsDimensions: false, multiplier: .half)
  builder.operation("mean", .mean(reduce), [x], output("mean.y", [1, 2]))
  builder.operation("sum", .sum(reduce), [x], output("sum.y", [1, 2]))
  builder.operation(
    "softmax",
    .softmax(
      SoftmaxParameters(
        multiplier: FixedPointMultiplier(multiplier: 1 << 30, shift: 23), minimumDifference: -248)),
    [x], builder.activation("softmax.y", [1, 4, 4, 2], zeroPoint: -128, scaleBits: 0x3b80_0000))
  builder.operation(
    "concat", .concatenation(axis: 3), [x, x], output("concat.y", [1, 4, 4, 4]))
  builder.operation(
    "pad",
    .pad(
      PadParameters(before: [0, 1, 1, 0], after: [0, 1, 1, 0], mode: .reflect, value: -3)),
    [x], output("pad.y", [1, 6, 6, 2]))
  builder.operation("reshape", .reshape, [x], output("reshape.y", [16, 2]))
  builder.operation("requantize", .requantize(.one), [x], output("requantize.y", [1, 4, 4, 2]))
  let table = ConstantBytes(copying: (0..<256).map { UInt8($0) })
  builder.operation(
    "lookup", .lookup(LookupParameters(function: .tanh, table: table)), [x],
    output("lookup.y", [1, 4, 4, 2]))
  builder.operation(
    "nearest", .resizeNearest(ResizeNearestParameters(rows: [0, 3], columns: [1, 2, 3])), [x],
    output("nearest.y", [1, 2, 3, 2]))
  builder.operation(
    "bilinear",
    .resizeBilinear(ResizeBilinearParameters(alignCorners: false, halfPixelCenters: true)), [x],
    output("bilinear.y", [1, 8, 8, 2]))
  builder.operation(
    "transpose", .transpose(permutation: [0, 3, 1, 2]), [x], output("transpose.y", [1, 2, 4, 4]))
  builder.operation(
    "slice",
    .stridedSlice(StridedSliceParameters(begin: [0, 3, 0, 0], strides: [1, -1, 2, 1])), [x],
    output("slice.y", [1, 4, 2, 2]))
  let alpha = builder.constant("alpha", [2], .int8, [10, -10])
  builder.operation(
    "prelu", .prelu(PReluParameters(positive: .one, negative: .half)), [x, alpha],
    output("prelu.y", [1, 4, 4, 2]))
  builder.graph.outputs = builder.graph.operations.map { $0.outputs[0] }
  return builder.graph
}

/// One way to break a valid graph, by default ``everyOperator()``, and the message it must give.
struct Corruption: Sendable, CustomTestStringConvertible {
  let message: String
  let graph: @Sendable () -> IntegerGraph
  let apply: @Sendable (inout IntegerGraph) -> Void

  init(
    _ message: String, of graph: @escaping @Sendable () -> IntegerGraph = everyOperator,
    _ apply: @escaping @Sendable (inout IntegerGraph) -> Void
  ) {
    self.message = message
    self.graph = graph
    self.apply = apply
  }

  var testDescription: String { message }
}

extension IntegerGraph {
  /// Changes the kind of the operation of that name.
  mutating func setKind(of name: String, _ kind: OperatorKind) {
    for index in operations.indices where operations[index].name == name {
      operations[index].kind = kind
    }
  }

  /// Drops all tensors but those two, which the only operation reads and writes.
  mutating func keepOnly(input: TensorIndex, output: TensorIndex) {
    tensors = [tensors[input], tensors[output]]
    operations[0].inputs = [0]
    operations[0].outputs = [1]
    inputs = [0]
    outputs = [1]
  }
}

@Suite("Validation refuses what could go wrong")
struct ValidationTests {
  @Test("graphs with every operator are valid")
  func valid() throws {
    try everyOperator().validate()
    try blockOperators().validate()
    try sequenceOperators().validate()
    try scaledOperators().validate()
  }

  @Test("each corruption is named", arguments: allCorruptions)
  func corruption(_ corruption: Corruption) {
    var graph = corruption.graph()
    corruption.apply(&graph)
    #expect(verdict(on: graph) == corruption.message)
  }

  private func verdict(on graph: IntegerGraph) -> String {
    do {
      try graph.validate()
      return "valid"
    } catch {
      return error.description
    }
  }
}

private let allCorruptions =
  graphCorruptions + tensorCorruptions + linearCorruptions + windowCorruptions
  + elementwiseCorruptions + shapeCorruptions + blockCorruptions + sequenceCorruptions
  + stateCorruptions
  + pipelineCorruptions + scalingCorruptions
