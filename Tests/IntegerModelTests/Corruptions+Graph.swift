import IntegerModel
import IntegerTestSupport

/// Faults of the graph as a whole.
let graphCorruptions: [Corruption] = [
  Corruption("the graph has no input") { $0.inputs = [] },
  Corruption("the graph has no output") { $0.outputs = [] },
  Corruption("the graph has 65537 tensors; the limit is 65536") { graph in
    let extra = 65_537 - graph.tensors.count
    graph.tensors += [TensorDescription](repeating: graph.tensors[0], count: extra)
  },
  Corruption("the graph has 16385 operations; the limit is 16384") { graph in
    let extra = 16_385 - graph.operations.count
    graph.operations += [Operation](repeating: graph.operations[0], count: extra)
  },
  Corruption("graph inputs: tensor index 99 is outside 0…29") { $0.inputs = [99] },
  Corruption("graph inputs: tensor index -1 is outside 0…29") { $0.inputs = [-1] },
  Corruption("graph inputs: tensor 'w' is a constant") { $0.inputs = [2] },
  Corruption("graph inputs: tensor 'x' is listed twice") { $0.inputs = [0, 1, 0] },
  Corruption("graph outputs: tensor index 99 is outside 0…29") { $0.outputs = [99] },
  Corruption(
    "operation 0 'conv' (convolution): tensor index 99 is outside 0…29"
  ) { $0.operations[0].inputs[1] = 99 },
  Corruption(
    "operation 0 'conv' (convolution): tensor index -7 is outside 0…29"
  ) { $0.operations[0].outputs[0] = -7 },
  Corruption(
    "operation 0 'conv' (convolution): tensor 'add.y' is read before it is written; "
      + "list the operations in execution order"
  ) { graph in graph.operations[0].inputs[0] = graph.tensors.firstIndex { $0.name == "add.y" } ?? 0
  },
  Corruption(
    "operation 0 'conv' (convolution): the constant tensor 'w' is written"
  ) { $0.operations[0].outputs = [2] },
  Corruption(
    "operation 1 'depthwise' (depthwise convolution): tensor 'conv.y' is written a second time"
  ) { $0.operations[1].outputs = $0.operations[0].outputs },
  Corruption(
    "operation 0 'conv' (convolution): tensor 'x' is written a second time"
  ) { $0.operations[0].outputs = [0] },
  Corruption(
    "tensor 30 'orphan': is neither an input, nor a constant, nor written by an operation"
  ) { graph in
    var orphan = graph.tensors[0]
    orphan.name = "orphan"
    graph.tensors.append(orphan)
  },
  Corruption(
    "labels: there are 2, but the output 'conv.y' has 3 classes"
  ) { $0.labels = ["cat", "dog"] },
]

/// Faults of a tensor by itself.
let tensorCorruptions: [Corruption] = [
  Corruption("tensor 0 '': the name is empty") { $0.tensors[0].name = "" },
  Corruption("tensor 1 'x': the name is also that of tensor 0") { $0.tensors[1].name = "x" },
  Corruption("tensor 0 'x': the shape has 7 axes; the limit is 6") {
    $0.tensors[0].shape = [1, 1, 1, 1, 1, 1, 1]
  },
  Corruption("tensor 0 'x': the extent 0 in shape [1, 0, 4, 2] is outside 1…1073741824") {
    $0.tensors[0].shape = [1, 0, 4, 2]
  },
  Corruption("tensor 0 'x': the extent -4 in shape [1, -4, 4, 2] is outside 1…1073741824") {
    $0.tensors[0].shape = [1, -4, 4, 2]
  },
  Corruption(
    "tensor 0 'x': the shape [1073741824, 2, 1, 1] has more than 2147483647 elements"
  ) { $0.tensors[0].shape = [1 << 30, 2, 1, 1] },
  Corruption(
    "tensor 0 'x': the shape [1073741824, 1073741824, 1073741824, 1073741824] has more than "
      + "2147483647 elements"
  ) { $0.tensors[0].shape = [1 << 30, 1 << 30, 1 << 30, 1 << 30] },
  Corruption("tensor 0 'x': int16 [1073741824] takes more than 2147483647 bytes") {
    $0.tensors[0].elementType = .int16
    $0.tensors[0].shape = [1 << 30]
  },
  Corruption(
    "operation 0 'conv' (convolution): tensor 'x' is int32; the limit is int8, uint8 or int16"
  ) { $0.tensors[0].elementType = .int32 },
  Corruption("tensor 0 'x': an activation is int4; only weights can be") {
    $0.tensors[0].elementType = .int4
  },
  Corruption("tensor 0 'x': there are 2 scales; the shape needs 1") {
    $0.tensors[0].quantization?.scaleBits = [0x3f80_0000, 0x3f80_0000]
  },
  Corruption("tensor 0 'x': there are 0 scales; the shape needs 1") {
    $0.tensors[0].quantization?.scaleBits = []
  },
  Corruption("tensor 0 'x': there are 0 zero points; the shape needs 1") {
    $0.tensors[0].quantization?.zeroPoints = []
  },
  Corruption("tensor 2 'w': the quantized axis 4 does not exist in shape [3, 2, 2, 2]") {
    $0.tensors[2].quantization?.axis = 4
  },
  Corruption("tensor 2 'w': there are 1 scales; the shape needs 3") {
    $0.tensors[2].quantization?.axis = 0
  },
  Corruption(
    "tensor 0 'x': the scale with bits 0x7fc00000 is not a finite positive number"
  ) { $0.tensors[0].quantization?.scaleBits = [0x7fc0_0000] },
  Corruption(
    "tensor 0 'x': the scale with bits 0xbf800000 is not a finite positive number"
  ) { $0.tensors[0].quantization?.scaleBits = [0xbf80_0000] },
  Corruption("tensor 0 'x': the zero point 128 is outside -128…127") {
    $0.tensors[0].quantization?.zeroPoints = [128]
  },
  Corruption("tensor 2 'w': the constant has 3 bytes; int8 [3, 2, 2, 2] needs 24") {
    $0.tensors[2].constant = ConstantBytes(copying: [Int8(1), 2, 3])
  },
]

/// Faults of the input pipeline.
let pipelineCorruptions: [Corruption] = [
  Corruption(
    "input pipeline: it makes [4, 4, 3], but the input 'x' has shape [1, 4, 4, 2]"
  ) { $0.inputPipeline = pipeline() },
  Corruption("input pipeline: it makes [4, 4, 1], but the input 'x' has shape [1, 4, 4, 2]") {
    $0.inputPipeline = pipeline { $0.channelOrder = .gray }
  },
  imageCorruption("input pipeline: it makes [5, 4, 3], but the input 'x' has shape [1, 4, 4, 3]") {
    $0.height = 5
  },
  imageCorruption("input pipeline: it resizes the short side to 3; the crop needs 4…32767") {
    $0.resizeShortSide = 3
  },
  imageCorruption("input pipeline: there are 2 code tables for 3 channels") {
    $0.codeTables.removeLast()
  },
  imageCorruption("input pipeline: the code table of channel 1 has 255 codes; 256 are needed") {
    $0.codeTables[1].removeLast()
  },
  imageCorruption(
    "input pipeline: the code 128 of pixel value 7 in channel 2 is outside -128…127"
  ) { $0.codeTables[2][7] = 128 },
  imageCorruption(
    "input pipeline: there are 2 means and 3 standard deviations for 3 channels"
  ) { $0.meanBits.removeLast() },
]

/// A pipeline for a color image of 4 × 4, changed by `body`.
private func pipeline(_ body: (inout InputPipeline) -> Void = { _ in }) -> InputPipeline {
  var pipeline = InputPipeline(
    height: 4, width: 4, resizeShortSide: 5, channelOrder: .rgb,
    codeTables: [[Int16]](repeating: (0..<256).map { Int16($0 - 128) }, count: 3),
    meanBits: [0, 0, 0], standardDeviationBits: [1, 1, 1])
  body(&pipeline)
  return pipeline
}

/// The same in a graph that consists of one color image, where the unchanged pipeline is right.
private func imageCorruption(
  _ message: String, _ body: @escaping @Sendable (inout InputPipeline) -> Void
) -> Corruption {
  Corruption(message) { graph in
    var builder = GraphBuilder()
    builder.graph.outputs = [builder.input("x", [1, 4, 4, 3])]
    graph = builder.graph
    graph.inputPipeline = pipeline(body)
  }
}
