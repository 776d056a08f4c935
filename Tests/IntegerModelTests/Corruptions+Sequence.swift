import IntegerModel
import IntegerTestSupport

private let logSoftmax = "operation 0 'logsoftmax' (log softmax): "
private let l2 = "operation 1 'l2' (l2 normalization): "
private let svdf = "operation 2 'svdf' (svdf): "
private let lstm = "operation 3 'lstm' (sequence lstm): "

private let logSoftmaxParameters = LogSoftmaxParameters(
  multiplier: FixedPointMultiplier(multiplier: 1 << 30, shift: 23), reverse: .half,
  minimumDifference: -248)
private let svdfParameters = SVDFParameters(rank: 2, feature: .one, time: .half)
private let gate = LSTMGate(input: .one, recurrent: .half)
private let lstmParameters = SequenceLSTMParameters(
  inputGate: gate, forgetGate: gate, cellGate: gate, outputGate: gate, forgetProduct: .half,
  inputProduct: .half, outputProduct: .half, cellScaleExponent: -11)

/// Operators in gemmlowp's fixed point, and those with a state.
func sequenceOperators() -> IntegerGraph {
  var builder = GraphBuilder()
  let x = builder.input("x", [3, 5], zeroPoint: -3)
  builder.operation(
    "logsoftmax", .logSoftmax(logSoftmaxParameters), [x],
    builder.activation("logsoftmax.y", [3, 5], zeroPoint: 127, scaleBits: 0x3d80_0000))
  builder.operation(
    "l2", .l2Normalization, [x], builder.activation("l2.y", [3, 5], scaleBits: 0x3c00_0000))
  builder.operation(
    "svdf", .svdf(svdfParameters),
    [
      x, builder.constant("feature", [4, 5], .int8, (0..<20).map { $0 - 10 }),
      builder.constant("time", [4, 6], .int16, (0..<24).map { $0 * 1000 }),
      builder.constant("bias", [2], .int32, [9, -9]), builder.state("state", [3, 24], .int16),
    ], builder.activation("svdf.y", [3, 2]))
  var inputs = [builder.input("sequence", [1, 7, 2])]
  for index in 0..<4 { inputs.append(builder.constant("w\(index)", [1, 2], .int8, [100, -100])) }
  for index in 0..<4 { inputs.append(builder.constant("r\(index)", [1, 1], .int8, [50])) }
  for index in 0..<4 { inputs.append(builder.constant("b\(index)", [1], .int32, [1000])) }
  inputs.append(builder.state("hidden", [1, 1], .int8, zeroPoint: 4))
  inputs.append(builder.state("cell", [1, 1], .int16, scaleBits: 0x3a00_0000))
  builder.operation(
    "lstm", .sequenceLSTM(lstmParameters), inputs,
    builder.activation("lstm.y", [1, 7, 1], zeroPoint: 4))
  builder.graph.outputs = builder.graph.operations.map { $0.outputs[0] }
  return builder.graph
}

private func corruption(
  _ message: String, _ apply: @escaping @Sendable (inout IntegerGraph) -> Void
) -> Corruption {
  Corruption(message, of: sequenceOperators, apply)
}

private func lstm(
  _ message: String, _ apply: @escaping @Sendable (inout SequenceLSTMParameters) -> Void
) -> Corruption {
  corruption(lstm + message) {
    var parameters = lstmParameters
    apply(&parameters)
    $0.setKind(of: "lstm", .sequenceLSTM(parameters))
  }
}

/// Faults of operators in gemmlowp's fixed point, and of those with a state.
let sequenceCorruptions: [Corruption] = [
  corruption(logSoftmax + "the output 'logsoftmax.y' must have scale 1/16 and zero point 127") {
    $0.change("logsoftmax.y") { $0.quantization?.zeroPoints = [126] }
  },
  corruption(logSoftmax + "tensor 'logsoftmax.y' is uint8; the operator takes int8") {
    $0.change("logsoftmax.y") { $0.elementType = .uint8 }
  },
  corruption(logSoftmax + "minimum difference 1 is outside -1073741824…0") {
    var parameters = logSoftmaxParameters
    parameters.minimumDifference = 1
    $0.setKind(of: "logsoftmax", .logSoftmax(parameters))
  },
  corruption(
    logSoftmax + "reverse multiplier 7 is neither 0 nor in 1073741824…2147483647"
  ) {
    var parameters = logSoftmaxParameters
    parameters.reverse.multiplier = 7
    $0.setKind(of: "logsoftmax", .logSoftmax(parameters))
  },
  corruption(l2 + "the output 'l2.y' must have scale 1/128 and zero point 0") {
    $0.change("l2.y") { $0.quantization?.scaleBits = [0x3c00_0001] }
  },
  corruption(
    "operation 0 'l2' (l2 normalization): the sum of 40000 squares can reach 2601000000; a 32-bit "
      + "accumulator holds 2147483647"
  ) { graph in
    graph.tensors = [graph.tensors[0], graph.tensors[2]]
    for index in 0...1 { graph.tensors[index].shape = [1, 40_000] }
    graph.tensors[0].quantization?.zeroPoints = [-128]
    graph.operations = [
      Operation(name: "l2", kind: .l2Normalization, inputs: [0], outputs: [1])
    ]
    (graph.inputs, graph.outputs) = ([0], [1])
  },
  corruption(svdf + "rank 0 is outside 1…4") {
    $0.setKind(of: "svdf", .svdf(SVDFParameters(rank: 0, feature: .one, time: .half)))
  },
  corruption(svdf + "4 filters cannot be split into units of 3") {
    $0.setKind(of: "svdf", .svdf(SVDFParameters(rank: 3, feature: .one, time: .half)))
  },
  corruption(svdf + "tensor 'state' has shape [3, 18]; [3, 24] is needed") {
    $0.change("state") { $0.shape = [3, 18] }
  },
  corruption(svdf + "the weights 'time' are int16; int8 is needed") {
    $0.change("state") { $0.elementType = .int8 }
  },
  corruption(svdf + "the weights 'feature' have zero point 1; 0 is needed") {
    $0.change("feature") { $0.quantization?.zeroPoints = [1] }
  },
  corruption(svdf + "input 4, tensor 'state', is not a state") {
    $0.change("state") { $0.isState = false }
    $0.inputs.append($0.operations[2].inputs[4])
  },
  corruption(
    svdf + "the accumulator of filter 0 can reach 2293760000; it must stay below 2147483648; use a "
      + "greater weight scale or a smaller bias for this filter"
  ) { graph in
    let codes = [Int8](repeating: -128, count: 4 * 140_000)
    graph.change("feature") {
      $0.shape = [4, 140_000]
      $0.constant = ConstantBytes(copying: codes)
    }
    graph.tensors.append(
      TensorDescription(
        name: "wide", shape: [3, 140_000], elementType: .int8,
        quantization: Quantization(scaleBits: [0x3f80_0000], zeroPoints: [0])))
    graph.inputs.append(graph.tensors.count - 1)
    graph.operations[2].inputs[0] = graph.tensors.count - 1
  },
  lstm("cell scale exponent -25 is outside -24…0") { $0.cellScaleExponent = -25 },
  lstm("the cell state 'cell' must have scale 2^-12") { $0.cellScaleExponent = -12 },
  corruption(lstm + "profile litert: cell scale exponent -8 is outside -15…-9") { graph in
    graph.change("cell") { $0.quantization?.scaleBits = [0x3b80_0000] }
    var parameters = lstmParameters
    parameters.cellScaleExponent = -8
    graph.setKind(of: "lstm", .sequenceLSTM(parameters))
    graph.operations[3].scalings = [ProfileScaling(profile: .litert, form: .polynomials)]
  },
  lstm("cell clip 32768 is outside 0…32767") { $0.cellClip = 32_768 },
  lstm("forget gate's recurrent shift 31 is outside -31…30") {
    $0.forgetGate.recurrent.shift = 31
  },
  lstm("output product's multiplier -1 is neither 0 nor in 1073741824…2147483647") {
    $0.outputProduct.multiplier = -1
  },
  lstm("tensor 'hidden' has shape [1, 1]; [7, 1] is needed") { $0.isTimeMajor = true },
  corruption(lstm + "the cell state 'cell' is int8; it must be int16") {
    $0.change("cell") { $0.elementType = .int8 }
  },
  corruption(lstm + "tensor 'hidden' has zero point 5, but 'lstm.y' has 4") {
    $0.change("hidden") { $0.quantization?.zeroPoints = [5] }
  },
  corruption(lstm + "the state 'cell' is also that of operation 3") { graph in
    graph.operations[3].inputs[13] = graph.operations[3].inputs[14]
  },
  corruption(
    lstm + "the accumulator of cell gate unit 0 can reach 2147509247; it must stay below 2147483648"
      + "; use a greater weight scale or a smaller bias for this cell gate unit"
  ) { $0.change("b2") { $0.constant = ConstantBytes(copying: [Int32.max]) } },
]
