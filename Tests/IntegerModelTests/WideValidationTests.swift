import Diagnostics
import IntegerModel
import IntegerTestSupport
import Testing

/// A graph of the operators that take 16-bit activations, fed by the input `x` `[1, 2, 3, 2]`.
private func wideOperators() -> IntegerGraph {
  var builder = GraphBuilder()
  let x = builder.input("x", [1, 2, 3, 2], .int16)
  let weights = builder.constant("w", [3, 1, 1, 2], .int8, [1, -1, 2, -2, 3, -3])
  let bias = builder.constant("b", [3], .int64, [1, 2, 3])
  builder.operation(
    "conv", .convolution(convolution), [x, weights, bias],
    builder.activation("conv.y", [1, 2, 3, 3], .int16))
  builder.operation(
    "transposed", .transposeConvolution(transposed), [x, weights, bias],
    builder.activation("transposed.y", [1, 4, 6, 3], .int16))
  let narrowBias = builder.constant("b32", [3], .int32, [1, 2, 3])
  let matrix = builder.constant("fw", [3, 2], .int8, [1, -1, 2, -2, 3, -3])
  builder.operation(
    "fully", .fullyConnected(FullyConnectedParameters(multipliers: [.half], clamp: .int16)),
    [x, matrix, narrowBias], builder.activation("fully.y", [1, 2, 3, 3], .int16))
  builder.operation(
    "leaky", .leakyRelu(LeakyReluParameters(positive: .one, negative: .half)), [x],
    builder.activation("leaky.y", [1, 2, 3, 2], .int16))
  builder.operation(
    "add",
    .add(AddParameters(leftShift: 15, first: .half, second: .half, output: .half, clamp: .int16)),
    [x, x], builder.activation("add.y", [1, 2, 3, 2], .int16))
  builder.operation(
    "softmax", .softmax(SoftmaxParameters(multiplier: .one, minimumDifference: 0)), [x],
    builder.activation("softmax.y", [1, 2, 3, 2], .int16, scaleBits: 0x3800_0000))
  let codes = builder.activation("codes", [1, 2, 3, 2], .int32)
  builder.operation("requantize", .requantize(.one), [x], codes)
  builder.operation("reshape", .reshape, [codes], builder.activation("reshape.y", [12], .int32))
  builder.operation(
    "logistic",
    interpolated(.logistic), [x],
    builder.activation("logistic.y", [1, 2, 3, 2], .int16, scaleBits: 0x3800_0000))
  builder.graph.outputs = builder.graph.operations.map { $0.outputs[0] }
  return builder.graph
}

private func interpolated(
  _ function: UnaryFunction, multiplier: Int32 = 3, shift: Int32 = 0
) -> OperatorKind {
  .interpolatedFunction(
    InterpolatedFunctionParameters(function: function, multiplier: multiplier, shift: shift))
}

private let convolution = ConvolutionParameters(
  stride: SpatialPair(1), padding: SpatialPadding(), multipliers: [.half], clamp: .int16,
  accumulator: .int64)

private let transposed = TransposeConvolutionParameters(
  stride: SpatialPair(2), padding: SpatialPadding(), multipliers: [.half], clamp: .int16,
  accumulator: .int64)

private func transposed(
  _ change: (inout TransposeConvolutionParameters) -> Void
) -> OperatorKind {
  var parameters = transposed
  change(&parameters)
  return .transposeConvolution(parameters)
}

private let conv = "operation 0 'conv' (convolution): "
private let transpose = "operation 1 'transposed' (transpose convolution): "
private let fully = "operation 2 'fully' (fully connected): "
private let leaky = "operation 3 'leaky' (leaky relu): "

private let softmax = "operation 5 'softmax' (softmax): "

private let logistic = "operation 8 'logistic' (logistic): "

private let corruptions: [Corruption] = [
  Corruption(conv + "tensor 'x' has zero point 1; int16 activations need 0") {
    $0.tensors[0].quantization?.zeroPoints = [1]
  },
  Corruption(conv + "the bias 'b32' is int32, but the accumulator has 64 bits") {
    $0.operations[0].inputs[2] = 5
  },
  Corruption(conv + "the bias 'b' is int64, but the accumulator has 32 bits") {
    var parameters = convolution
    parameters.accumulator = .int32
    $0.setKind(of: "conv", .convolution(parameters))
  },
  Corruption(conv + "channel 0: shift 8 is outside -31…7") {
    var parameters = convolution
    parameters.multipliers = [FixedPointMultiplier(multiplier: 1 << 30, shift: 8)]
    $0.setKind(of: "conv", .convolution(parameters))
  },
  Corruption(
    conv + "the accumulator of channel 1 can reach 140737488355328; it must stay below "
      + "140737488355328; use a greater weight scale or a smaller bias for this channel"
  ) {
    // Σ|w| of channel 1 is 4 and the greatest |x| is 2^15.
    $0.tensors[2].constant = ConstantBytes(copying: [0, (1 << 47) - (1 << 17), 0] as [Int64])
  },
  Corruption(
    conv + "the accumulator of channel 2 can reach 9223372036863098880; it must stay below "
      + "140737488355328; use a greater weight scale or a smaller bias for this channel"
  ) {
    $0.tensors[1].constant = ConstantBytes(copying: [0, 0, 0, 0, 127, 127] as [Int8])
    $0.tensors[2].constant = ConstantBytes(copying: [0, 0, Int64.min] as [Int64])
  },
  Corruption(
    fully + "the accumulator of channel 0 can reach 2147483648; it must stay below 2147483648; "
      + "use a greater weight scale or a smaller bias for this channel"
  ) {
    $0.tensors[5].constant = ConstantBytes(copying: [Int32.max - (1 << 16) + 1, 0, 0])
  },
  Corruption(transpose + "the weights 'fw' have shape [3, 2]; [O, KH, KW, 2] is needed") {
    $0.operations[1].inputs[1] = 6
  },
  Corruption(
    transpose + "the output 'transposed.y' has shape [1, 4, 6, 2]; its inputs give "
      + "[1, 4, 6, 3]"
  ) { $0.tensors[4].shape = [1, 4, 6, 2] },
  Corruption(transpose + "tensor 'transposed.y' has shape [24, 3]; [N, H, W, C] is needed") {
    $0.tensors[4].shape = [24, 3]
  },
  Corruption(transpose + "stride height 0 is outside 1…32767") {
    $0.setKind(of: "transposed", transposed { $0.stride.height = 0 })
  },
  Corruption(transpose + "padding left -1 is outside 0…32767") {
    $0.setKind(of: "transposed", transposed { $0.padding.left = -1 })
  },
  Corruption(transpose + "there are 2 multipliers for 3 output channels") {
    $0.setKind(of: "transposed", transposed { $0.multipliers = [.one, .one] })
  },
  Corruption(transpose + "the clamp 0…32768 is not a range inside -32768…32767") {
    $0.setKind(
      of: "transposed", transposed { $0.clamp = CodeRange(minimum: 0, maximum: 32_768) })
  },
  Corruption(leaky + "tensor 'leaky.y' is int8, but 'x' is int16") {
    $0.tensors[8].elementType = .int8
  },
  Corruption(leaky + "the output 'leaky.y' has shape [12]; its inputs give [1, 2, 3, 2]") {
    $0.tensors[8].shape = [12]
  },
  Corruption(
    leaky + "negative multiplier -1 is neither 0 nor in 1073741824…2147483647"
  ) {
    let negative = FixedPointMultiplier(multiplier: -1, shift: 0)
    $0.setKind(of: "leaky", .leakyRelu(LeakyReluParameters(positive: .one, negative: negative)))
  },
  Corruption(leaky + "positive shift 31 is outside -31…30") {
    let positive = FixedPointMultiplier(multiplier: 1 << 30, shift: 31)
    $0.setKind(of: "leaky", .leakyRelu(LeakyReluParameters(positive: positive, negative: .one)))
  },
  Corruption(
    "operation 4 'add' (add): input 'x' shifted left by 16 can reach 2147483648; the limit is "
      + "1073741823"
  ) {
    $0.setKind(
      of: "add",
      .add(
        AddParameters(leftShift: 16, first: .half, second: .half, output: .half, clamp: .int16)))
  },
  Corruption(
    softmax + "the output 'softmax.y' must have scale 1/32768 and zero point 0"
  ) { $0.tensors[10].quantization?.scaleBits = [0x3b80_0000] },
  Corruption(softmax + "minimum difference -1 has no meaning for int16; it must be 0") {
    $0.setKind(
      of: "softmax", .softmax(SoftmaxParameters(multiplier: .one, minimumDifference: -1)))
  },
  Corruption(
    softmax + "profile litert: the multiplier 1 is neither 0 nor in 1073741824…2147483647"
  ) {
    let factor = FixedPointMultiplier(multiplier: 1, shift: 0)
    $0.operations[5].scalings = [
      ProfileScaling(profile: .litert, form: .binary64Reciprocals(factor))
    ]
  },
  Corruption(softmax + "tensor 'softmax.y' is int8, but 'x' is int16") {
    $0.tensors[10].elementType = .int8
  },
  Corruption(
    "operation 6 'requantize' (requantize): tensor 'codes' is int64; the limit is int8, uint8, "
      + "int16 or int32"
  ) { $0.tensors[11].elementType = .int64 },
  Corruption(
    "operation 6 'requantize' (requantize): tensor 'codes' is quantized per axis; only weights can "
      + "be"
  ) { $0.tensors[11].quantization = Quantization(scaleBits: [1, 1], zeroPoints: [0], axis: 1) },
  Corruption(
    "operation 7 'reshape' (reshape): tensor 'reshape.y' is int16, but 'codes' is int32"
  ) { $0.tensors[12].elementType = .int16 },
  Corruption(logistic + "the output 'logistic.y' must have scale 1/32768 and zero point 0") {
    $0.tensors[13].quantization?.scaleBits = [0x3b80_0000]
  },
  Corruption(logistic + "multiplier 32768 is outside 1…32767") {
    $0.setKind(of: "logistic", interpolated(.logistic, multiplier: 32_768))
  },
  Corruption(
    logistic + "profile litert: there are no polynomials for multiplier 6 and shift 0"
  ) {
    $0.setKind(of: "logistic", interpolated(.logistic, multiplier: 6))
    $0.operations[8].scalings = [ProfileScaling(profile: .litert, form: .polynomials)]
  },
  Corruption(logistic + "shift 31 is outside 0…30") {
    $0.setKind(of: "logistic", interpolated(.logistic, shift: 31))
  },
  Corruption(
    "operation 8 'logistic' (hard swish): there is no table of hard swish; logistic and tanh have one"
  ) { $0.setKind(of: "logistic", interpolated(.hardSwish)) },
  Corruption("input pipeline: the input 'x' is int32; the limit is int8, uint8 or int16") {
    $0.operations = [$0.operations[7]]
    $0.operations[0].inputs = [0]
    $0.operations[0].outputs = [1]
    $0.tensors = [$0.tensors[11], $0.tensors[12]]
    $0.tensors[0].name = "x"
    $0.tensors[0].shape = [1, 2, 2, 3]
    $0.outputs = [1]
    $0.inputPipeline = InputPipeline(
      height: 2, width: 2, resizeShortSide: 2, channelOrder: .rgb,
      codeTables: [[Int16]](repeating: [Int16](repeating: 0, count: 256), count: 3),
      meanBits: [0, 0, 0], standardDeviationBits: [0, 0, 0])
  },
]

@Suite("Validation knows 16-bit activations")
struct WideValidationTests {
  @Test("a graph with such operators is valid")
  func valid() throws {
    try wideOperators().validate()
  }

  @Test("each corruption is named", arguments: corruptions)
  func corruption(_ corruption: Corruption) {
    var graph = wideOperators()
    corruption.apply(&graph)
    #expect(throws: Diagnostic.self) { try graph.validate() }
    do {
      try graph.validate()
    } catch {
      #expect(error.description == corruption.message)
    }
  }
}
