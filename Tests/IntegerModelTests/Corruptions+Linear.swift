import IntegerModel
import IntegerTestSupport

private let conv = "operation 0 'conv' (convolution): "
private let depthwise = "operation 1 'depthwise' (depthwise convolution): "
private let fully = "operation 2 'fully' (fully connected): "

/// Faults of convolution, depthwise convolution and fully connected layers.
let linearCorruptions: [Corruption] = [
  Corruption(conv + "there are 2 inputs; the operator takes 3") {
    $0.operations[0].inputs.removeLast()
  },
  Corruption(conv + "there are 2 outputs; the operator gives 1") { graph in
    graph.tensors.append(graph.tensors[4])
    graph.tensors[30].name = "second"
    graph.operations[0].outputs.append(30)
  },
  Corruption(conv + "the weights 'x2' are not a constant") { $0.operations[0].inputs[1] = 1 },
  Corruption(conv + "the bias 'x2' is not a constant") { $0.operations[0].inputs[2] = 1 },
  Corruption(conv + "tensor 'b' is int32; the limit is int8, uint8 or int16") {
    $0.operations[0].inputs[0] = 3
  },
  Corruption(conv + "tensor 'conv.y' is uint8, but 'x' is int8") {
    $0.tensors[4].elementType = .uint8
    $0.tensors[4].quantization?.zeroPoints = [0]
  },
  Corruption(conv + "tensor 'x' is quantized per axis; only weights can be") {
    $0.tensors[0].quantization = Quantization(scaleBits: [1, 1], zeroPoints: [0], axis: 3)
  },
  Corruption(conv + "the weights 'w' have zero point 7; int8 weights need 0") {
    $0.tensors[2].quantization?.zeroPoints = [7]
  },
  Corruption(conv + "the weights 'w' are uint8, but the input 'x' is int8") {
    $0.tensors[2].elementType = .uint8
  },
  Corruption(conv + "the weights 'w' are int16; the limit is int8, int4 or uint8") {
    $0.tensors[2].elementType = .int16
    $0.tensors[2].constant = ConstantBytes(copying: [Int16](repeating: 0, count: 24))
  },
  Corruption(conv + "a 64-bit accumulator does not go with int8 activations") {
    $0.setKind(of: "conv", .convolution(convolution { $0.accumulator = .int64 }))
  },
  Corruption(conv + "the bias 'b' is int16, but the accumulator has 32 bits") {
    $0.tensors[3].elementType = .int16
    $0.tensors[3].constant = ConstantBytes(copying: [Int16(1), 2, 3])
  },
  Corruption(conv + "the bias 'b' has shape [1]; [3] is needed") {
    $0.tensors[3].shape = [1]
    $0.tensors[3].constant = ConstantBytes(copying: [Int32(1)])
  },
  Corruption(
    conv + "the weights 'w' are quantized along axis 3; output channels are axis 0"
  ) {
    $0.tensors[2].quantization = Quantization(scaleBits: [1, 1], zeroPoints: [0], axis: 3)
  },
  Corruption(conv + "there are 2 multipliers for 3 output channels") {
    $0.setKind(of: "conv", .convolution(convolution { $0.multipliers = [.one, .one] }))
  },
  Corruption(conv + "there are 0 multipliers for 3 output channels") {
    $0.setKind(of: "conv", .convolution(convolution { $0.multipliers = [] }))
  },
  Corruption(
    conv + "channel 1: multiplier 1073741823 is neither 0 nor in 1073741824…2147483647"
  ) {
    let small = FixedPointMultiplier(multiplier: (1 << 30) - 1, shift: 0)
    $0.setKind(of: "conv", .convolution(convolution { $0.multipliers = [.one, small, .one] }))
  },
  Corruption(conv + "channel 2: shift 31 is outside -31…30") {
    let large = FixedPointMultiplier(multiplier: 1 << 30, shift: 31)
    $0.setKind(of: "conv", .convolution(convolution { $0.multipliers = [.one, .one, large] }))
  },
  Corruption(conv + "channel 0: shift -32 is outside -31…30") {
    let small = FixedPointMultiplier(multiplier: 1 << 30, shift: -32)
    $0.setKind(of: "conv", .convolution(convolution { $0.multipliers = [small] }))
  },
  Corruption(conv + "the clamp 5…4 is not a range inside -128…127") {
    $0.setKind(
      of: "conv", .convolution(convolution { $0.clamp = CodeRange(minimum: 5, maximum: 4) }))
  },
  Corruption(conv + "the clamp -128…128 is not a range inside -128…127") {
    $0.setKind(
      of: "conv", .convolution(convolution { $0.clamp = CodeRange(minimum: -128, maximum: 128) }))
  },
  Corruption(conv + "tensor 'x2' has shape [2]; [N, H, W, C] is needed") {
    $0.operations[0].inputs[0] = 1
  },
  Corruption(
    conv + "the weights 'fw' have shape [5, 2]; [O, KH, KW, C / groups] is needed"
  ) { $0.operations[0].inputs[1] = 8 },
  Corruption(
    conv + "2 input channels and 2 output channels cannot be split into groups of 3 input channels"
  ) { $0.tensors[2].shape = [2, 2, 2, 3] },
  Corruption(
    conv + "2 input channels and 3 output channels cannot be split into groups of 1 input channels"
  ) {
    $0.tensors[2].shape = [3, 2, 4, 1]
  },
  Corruption(
    conv + "the accumulator of channel 1 can reach 2147483648; it must stay below 2147483648; "
      + "use a greater weight scale or a smaller bias for this channel"
  ) { graph in
    // Σ|w| of channel 1 is 16 and the greatest |x − z| is 130.
    graph.tensors[3].constant = ConstantBytes(copying: [Int32(0), Int32.max - 16 * 130 + 1, 0])
  },
  Corruption(depthwise + "the weights 'w' have shape [3, 2, 2, 2]; [1, KH, KW, O] is needed") {
    $0.operations[1].inputs[1] = 2
  },
  Corruption(depthwise + "9 output channels are not a multiple of 2 input channels") {
    $0.tensors[5].shape = [1, 2, 2, 9]
  },
  Corruption(
    depthwise + "the accumulator of channel 3 can reach 2147483648; it must stay below 2147483648; "
      + "use a greater weight scale or a smaller bias for this channel"
  ) { graph in
    // Column 3 of −18…17 in rows of 4 holds −15, −11, … 17, whose magnitudes sum to 81.
    graph.tensors[6].constant = ConstantBytes(copying: [Int32(0), 0, 0, Int32.min + 81 * 130])
  },
  Corruption(fully + "the weights 'w' have shape [3, 2, 2, 2]; [O, I] is needed") {
    $0.operations[2].inputs[1] = 2
  },
  Corruption(
    fully + "the input 'x' has shape [1, 4, 4, 2]; the weights need 5 elements along the last axis"
  ) { $0.tensors[8].shape = [2, 5] },
  Corruption(
    fully + "the output 'fully.y' has shape [1, 4, 4, 4]; 16 rows of 5 elements are needed"
  ) { $0.tensors[10].shape = [1, 4, 4, 4] },
]

/// Faults of windows over images.
let windowCorruptions: [Corruption] = [
  Corruption(conv + "stride height 0 is outside 1…32767") {
    $0.setKind(of: "conv", .convolution(convolution { $0.stride.height = 0 }))
  },
  Corruption(conv + "stride width 32768 is outside 1…32767") {
    $0.setKind(of: "conv", .convolution(convolution { $0.stride.width = 32_768 }))
  },
  Corruption(conv + "dilation height -1 is outside 1…32767") {
    $0.setKind(of: "conv", .convolution(convolution { $0.dilation.height = -1 }))
  },
  Corruption(conv + "dilation width 9223372036854775807 is outside 1…32767") {
    $0.setKind(of: "conv", .convolution(convolution { $0.dilation.width = .max }))
  },
  Corruption(conv + "padding top -1 is outside 0…32767") {
    $0.setKind(of: "conv", .convolution(convolution { $0.padding.top = -1 }))
  },
  Corruption(conv + "padding right 32768 is outside 0…32767") {
    $0.setKind(of: "conv", .convolution(convolution { $0.padding.right = 32_768 }))
  },
  Corruption(
    conv + "the window of 2 × 2 taps does not fit into the padded image 'x' [1, 4, 4, 2]"
  ) { $0.setKind(of: "conv", .convolution(convolution { $0.dilation.width = 4 })) },
  Corruption(
    conv + "the output 'conv.y' has shape [1, 2, 2, 3]; its inputs give [1, 3, 3, 3]"
  ) { $0.setKind(of: "conv", .convolution(convolution { $0.stride = SpatialPair(1) })) },
  pool("window height 0 is outside 1…32767") { $0.window.height = 0 },
  pool("padding top 2 is outside 0…1") { $0.padding.top = 2 },
  pool("padding right 3 is outside 0…1") { $0.padding.right = 3 },
  pool("the clamp -129…0 is not a range inside -128…127") {
    $0.clamp = CodeRange(minimum: -129, maximum: 0)
  },
  pool("the output 'average.y' has shape [1, 2, 2, 2]; its inputs give [1, 3, 3, 2]") {
    $0.stride = SpatialPair(1)
  },
  Corruption(
    "operation 0 'average' (average pool): the sum of 16777216 codes can reach 2155872256; "
      + "a 32-bit accumulator holds 2147483647"
  ) { graph in
    graph.tensors[0].shape = [1, 4096, 4096, 2]
    graph.tensors[14].shape = [1, 1, 1, 2]
    graph.operations = [graph.operations[6]]
    graph.setKind(
      of: "average",
      .averagePool(
        PoolParameters(
          window: SpatialPair(4096), stride: SpatialPair(1), padding: SpatialPadding(),
          clamp: .int8)))
    graph.keepOnly(input: 0, output: 14)
  },
  Corruption(
    "operation 6 'average' (average pool): the tensors 'average.y' and 'x' have different scales"
  ) { $0.tensors[14].quantization?.scaleBits = [0x3f00_0000] },
  Corruption(
    "operation 7 'max' (max pool): tensor 'max.y' has zero point 4, but 'x' has -3"
  ) { $0.tensors[15].quantization?.zeroPoints = [4] },
]

/// The parameters of `conv`, changed by `body`.
private func convolution(
  _ body: (inout ConvolutionParameters) -> Void
) -> ConvolutionParameters {
  var parameters = ConvolutionParameters(
    stride: SpatialPair(2), padding: SpatialPadding(), multipliers: [.half], clamp: .int8)
  body(&parameters)
  return parameters
}

/// A fault of `average`, whose parameters `body` changes.
private func pool(
  _ message: String, _ body: @escaping @Sendable (inout PoolParameters) -> Void
) -> Corruption {
  Corruption("operation 6 'average' (average pool): " + message) { graph in
    var parameters = PoolParameters(
      window: SpatialPair(2), stride: SpatialPair(2), padding: SpatialPadding(), clamp: .int8)
    body(&parameters)
    graph.setKind(of: "average", .averagePool(parameters))
  }
}
