import IntegerModel
import IntegerTestSupport

private let add = "operation 3 'add' (add): "
private let softmax = "operation 10 'softmax' (softmax): "
private let lookup = "operation 15 'lookup' (tanh): "

/// Faults of element-wise operators and softmax.
let elementwiseCorruptions: [Corruption] = [
  Corruption(add + "the shapes [1, 4, 4, 2] and [3] do not broadcast") {
    $0.tensors[1].shape = [3]
  },
  Corruption(add + "the output 'add.y' has shape [1, 4, 4, 1]; its inputs give [1, 4, 4, 2]") {
    $0.tensors[11].shape = [1, 4, 4, 1]
  },
  Corruption(add + "tensor 'x2' is uint8, but 'x' is int8") { $0.tensors[1].elementType = .uint8 },
  Corruption(add + "left shift 31 is outside 0…30") {
    $0.setKind(of: "add", .add(addition { $0.leftShift = 31 }))
  },
  Corruption(add + "left shift -1 is outside 0…30") {
    $0.setKind(of: "add", .add(addition { $0.leftShift = -1 }))
  },
  Corruption(
    add + "input 'x' shifted left by 23 can reach 1090519040; the limit is 1073741823"
  ) { $0.setKind(of: "add", .add(addition { $0.leftShift = 23 })) },
  Corruption(add + "first shift 1 is outside -31…0") {
    $0.setKind(of: "add", .add(addition { $0.first = .one }))
  },
  Corruption(add + "second multiplier -5 is neither 0 nor in 1073741824…2147483647") {
    $0.setKind(of: "add", .add(addition { $0.second.multiplier = -5 }))
  },
  Corruption(add + "output shift 31 is outside -31…30") {
    $0.setKind(of: "add", .add(addition { $0.output.shift = 31 }))
  },
  Corruption("operation 4 'sub' (subtract): left shift -1 is outside 0…30") {
    $0.setKind(of: "sub", .subtract(addition { $0.leftShift = -1 }))
  },
  Corruption("operation 5 'mul' (multiply): the clamp 1…0 is not a range inside -128…127") {
    let clamp = CodeRange(minimum: 1, maximum: 0)
    $0.setKind(of: "mul", .multiply(MultiplyParameters(multiplier: .one, clamp: clamp)))
  },
  Corruption(
    "operation 5 'mul' (multiply): the multiplier 1 is neither 0 nor in 1073741824…2147483647"
  ) {
    let tiny = FixedPointMultiplier(multiplier: 1, shift: 0)
    $0.setKind(of: "mul", .multiply(MultiplyParameters(multiplier: tiny, clamp: .int8)))
  },
  Corruption(
    "operation 14 'requantize' (requantize): the output 'requantize.y' has shape [32]; its inputs "
      + "give [1, 4, 4, 2]"
  ) { $0.tensors[22].shape = [32] },
  Corruption("operation 14 'requantize' (requantize): the shift -32 is outside -31…30") {
    $0.setKind(of: "requantize", .requantize(FixedPointMultiplier(multiplier: 0, shift: -32)))
  },
  Corruption(lookup + "the lookup table has 255 codes; 256 are needed") {
    let table = ConstantBytes(copying: [UInt8](repeating: 0, count: 255))
    $0.setKind(of: "lookup", .lookup(LookupParameters(function: .tanh, table: table)))
  },
  Corruption(lookup + "the lookup table of profile tosa has 1 codes; 256 are needed") {
    let parameters = LookupParameters(
      function: .tanh, table: ConstantBytes(copying: [UInt8](repeating: 0, count: 256)),
      profileTables: [ProfileTable(profile: .tosa, table: ConstantBytes(copying: [UInt8(0)]))])
    $0.setKind(of: "lookup", .lookup(parameters))
  },
  Corruption(lookup + "tensor 'lookup.y' is int16; a lookup table serves int8 and uint8") {
    $0.tensors[23].elementType = .int16
    $0.tensors[23].quantization?.zeroPoints = [0]
  },
  Corruption(softmax + "the output 'softmax.y' must have scale 1/256 and zero point -128") {
    $0.tensors[18].quantization?.zeroPoints = [0]
  },
  Corruption(softmax + "the output 'softmax.y' must have scale 1/256 and zero point -128") {
    $0.tensors[18].quantization?.scaleBits = [0x3f80_0000]
  },
  Corruption(softmax + "the shift -1 is outside 0…30") {
    $0.setKind(of: "softmax", softmaxKind(shift: -1))
  },
  Corruption(softmax + "minimum difference 1 is outside -1073741824…0") {
    $0.setKind(of: "softmax", softmaxKind(minimumDifference: 1))
  },
  Corruption(
    softmax + "a difference of 255 shifted left by 24 gives 4278190080; the limit is 2147483648"
  ) { $0.setKind(of: "softmax", softmaxKind(shift: 24, minimumDifference: -300)) },
  Corruption("operation 0 'softmax' (softmax): softmax length 4096 is outside 1…4095") { graph in
    for index in [0, 18] { graph.tensors[index].shape = [4096] }
    graph.operations = [graph.operations[10]]
    graph.keepOnly(input: 0, output: 18)
  },
  Corruption(
    "operation 20 'prelu' (prelu): alpha 'alpha' [2, 1, 1, 1, 1] does not broadcast to the input's "
      + "shape [1, 4, 4, 2]"
  ) {
    $0.tensors[28].shape = [2, 1, 1, 1, 1]
    $0.tensors[29].shape = [2, 1, 4, 4, 2]
  },
  Corruption("operation 20 'prelu' (prelu): negative shift 31 is outside -31…30") {
    let large = FixedPointMultiplier(multiplier: 1 << 30, shift: 31)
    $0.setKind(of: "prelu", .prelu(PReluParameters(positive: .one, negative: large)))
  },
]

/// The parameters of `add`, changed by `body`.
private func addition(_ body: (inout AddParameters) -> Void) -> AddParameters {
  var parameters = AddParameters(first: .half, second: .half, output: .half, clamp: .int8)
  body(&parameters)
  return parameters
}

private func softmaxKind(shift: Int32 = 23, minimumDifference: Int32 = -248) -> OperatorKind {
  .softmax(
    SoftmaxParameters(
      multiplier: FixedPointMultiplier(multiplier: 1 << 30, shift: shift),
      minimumDifference: minimumDifference))
}
