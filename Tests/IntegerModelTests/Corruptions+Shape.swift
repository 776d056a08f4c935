import IntegerModel
import IntegerTestSupport

private let reduce = "operation 8 'mean' (mean): "
private let concat = "operation 11 'concat' (concatenation): "
private let pad = "operation 12 'pad' (pad): "
private let nearest = "operation 16 'nearest' (resize nearest): "
private let bilinear = "operation 17 'bilinear' (resize bilinear): "
private let transpose = "operation 18 'transpose' (transpose): "
private let slice = "operation 19 'slice' (strided slice): "

/// Faults of operators that reduce or move codes.
let shapeCorruptions: [Corruption] = [
  Corruption(reduce + "the axis 4 does not exist in shape [1, 4, 4, 2]") {
    $0.setKind(of: "mean", .mean(reduction(axes: [1, 4])))
  },
  Corruption(reduce + "the axes [2, 1] are not ascending") {
    $0.setKind(of: "mean", .mean(reduction(axes: [2, 1])))
  },
  Corruption(reduce + "the axes [1, 1] are not ascending") {
    $0.setKind(of: "mean", .mean(reduction(axes: [1, 1])))
  },
  Corruption(reduce + "no axis is reduced") {
    $0.setKind(of: "mean", .mean(reduction(axes: [])))
  },
  Corruption(reduce + "the output 'mean.y' has shape [1, 2]; its inputs give [1, 1, 1, 2]") {
    $0.setKind(of: "mean", .mean(reduction(axes: [1, 2], keepsDimensions: true)))
  },
  Corruption(reduce + "the multiplier -1 is negative") {
    $0.setKind(of: "mean", .mean(reduction(axes: [1, 2], multiplier: -1)))
  },
  Corruption(
    "operation 9 'sum' (sum): the multiplier 7 is neither 0 nor in 1073741824…2147483647"
  ) { $0.setKind(of: "sum", .sum(reduction(axes: [1, 2], multiplier: 7))) },
  Corruption(
    "operation 0 'sum' (sum): the sum of 16777216 differences to the zero point can reach "
      + "2181038080; a 32-bit accumulator holds 2147483647"
  ) { graph in
    graph.tensors[0].shape = [1, 4096, 4096, 2]
    graph.operations = [graph.operations[9]]
    graph.keepOnly(input: 0, output: 17)
  },
  Corruption(
    "operation 13 'reshape' (reshape): the output 'reshape.y' [16, 3] has 48 elements; "
      + "the input 'x' has 32"
  ) { $0.tensors[21].shape = [16, 3] },
  Corruption("operation 13 'reshape' (reshape): tensor 'reshape.y' is uint8, but 'x' is int8") {
    $0.tensors[21].elementType = .uint8
    $0.tensors[21].quantization?.zeroPoints = [0]
  },
  Corruption(concat + "the axis 4 does not exist in shape [1, 4, 4, 2]") {
    $0.setKind(of: "concat", .concatenation(axis: 4))
  },
  Corruption(concat + "number of inputs 0 is outside 1…1024") {
    $0.operations[11].inputs = []
  },
  Corruption(
    concat + "input 'average.y' [1, 2, 2, 2] differs from 'x' [1, 4, 4, 2] in another axis than 3"
  ) { $0.operations[11].inputs[1] = 14 },
  Corruption(concat + "the tensors 'x' and 'concat.y' have different scales") {
    $0.tensors[19].quantization?.scaleBits = [0x3f00_0000]
  },
  Corruption(concat + "tensor 'mul.y' has zero point 9, but 'concat.y' has -3") {
    $0.tensors[13].quantization?.zeroPoints = [9]
    $0.operations[11].inputs[1] = 13
  },
  Corruption(
    concat + "the output 'concat.y' has shape [1, 4, 4, 5]; its inputs give [1, 4, 4, 4]"
  ) { $0.tensors[19].shape = [1, 4, 4, 5] },
  Corruption(pad + "there are 3 and 4 paddings for 4 axes") {
    $0.setKind(of: "pad", .pad(padding { $0.before.removeLast() }))
  },
  Corruption(pad + "axis 1: padding before 4 is outside 0…3") {
    $0.setKind(of: "pad", .pad(padding { $0.before[1] = 4 }))
  },
  Corruption(pad + "axis 2: padding after 5 is outside 0…4") {
    $0.setKind(
      of: "pad",
      .pad(
        padding {
          $0.mode = .symmetric
          $0.after[2] = 5
        }))
  },
  Corruption(pad + "axis 0: padding before -1 is outside 0…1073741824") {
    $0.setKind(
      of: "pad",
      .pad(
        padding {
          $0.mode = .edge
          $0.before[0] = -1
        }))
  },
  Corruption(pad + "the padding code 200 is outside -128…127") {
    $0.setKind(of: "pad", .pad(padding { $0.value = 200 }))
  },
  Corruption(pad + "the output 'pad.y' has shape [1, 6, 6, 2]; its inputs give [1, 6, 7, 2]") {
    $0.setKind(of: "pad", .pad(padding { $0.after[2] = 2 }))
  },
  Corruption(nearest + "source row 4 of output row 1 is outside 0…3") {
    $0.setKind(
      of: "nearest", .resizeNearest(ResizeNearestParameters(rows: [0, 4], columns: [1, 2, 3])))
  },
  Corruption(nearest + "source column -1 of output column 0 is outside 0…3") {
    $0.setKind(
      of: "nearest", .resizeNearest(ResizeNearestParameters(rows: [0, 3], columns: [-1, 2, 3])))
  },
  Corruption(
    nearest + "the output 'nearest.y' has shape [1, 2, 3, 2]; its inputs give [1, 2, 2, 2]"
  ) {
    $0.setKind(
      of: "nearest", .resizeNearest(ResizeNearestParameters(rows: [0, 3], columns: [1, 2])))
  },
  Corruption(bilinear + "align corners and half pixel centers exclude each other") {
    $0.setKind(
      of: "bilinear",
      .resizeBilinear(ResizeBilinearParameters(alignCorners: true, halfPixelCenters: true)))
  },
  Corruption(
    bilinear + "the output 'bilinear.y' has shape [1, 8, 8, 3]; its inputs give [1, 8, 8, 2]"
  ) { $0.tensors[25].shape = [1, 8, 8, 3] },
  Corruption(bilinear + "resized extent 1048577 is outside 1…1048576") {
    $0.tensors[25].shape = [1, 8, 1_048_577, 2]
  },
  Corruption(transpose + "[0, 3, 1, 4] is not a permutation of 4 axes") {
    $0.setKind(of: "transpose", .transpose(permutation: [0, 3, 1, 4]))
  },
  Corruption(transpose + "[0, 3, 3, 1] is not a permutation of 4 axes") {
    $0.setKind(of: "transpose", .transpose(permutation: [0, 3, 3, 1]))
  },
  Corruption(transpose + "[0, 3] is not a permutation of 4 axes") {
    $0.setKind(of: "transpose", .transpose(permutation: [0, 3]))
  },
  Corruption(
    slice + "begin, strides and the output 'slice.y' [1, 4, 2, 2] must have 4 axes"
  ) {
    $0.setKind(of: "slice", slicing(begin: [0, 3, 0], strides: [1, -1, 2, 1]))
  },
  Corruption(slice + "axis 1: begin 4 is outside 0…3") {
    $0.setKind(of: "slice", slicing(begin: [0, 4, 0, 0], strides: [1, -1, 2, 1]))
  },
  Corruption(slice + "axis 3: stride 0 is 0 or beyond 1073741824") {
    $0.setKind(of: "slice", slicing(begin: [0, 3, 0, 0], strides: [1, -1, 2, 0]))
  },
  Corruption(slice + "axis 0: stride -9223372036854775808 is 0 or beyond 1073741824") {
    $0.setKind(of: "slice", slicing(begin: [0, 3, 0, 0], strides: [.min, -1, 2, 1]))
  },
  Corruption(slice + "axis 2: 2 elements from 1 in steps of 3 leave the input's 4") {
    $0.setKind(of: "slice", slicing(begin: [0, 3, 1, 0], strides: [1, -1, 3, 1]))
  },
  Corruption(slice + "axis 1: 4 elements from 2 in steps of -1 leave the input's 4") {
    $0.setKind(of: "slice", slicing(begin: [0, 2, 0, 0], strides: [1, -1, 2, 1]))
  },
]

private func reduction(
  axes: [Int], keepsDimensions: Bool = false, multiplier: Int32 = 1 << 30
) -> ReduceParameters {
  ReduceParameters(
    axes: axes, keepsDimensions: keepsDimensions,
    multiplier: FixedPointMultiplier(multiplier: multiplier, shift: 0))
}

private func padding(_ body: (inout PadParameters) -> Void) -> PadParameters {
  var parameters = PadParameters(
    before: [0, 1, 1, 0], after: [0, 1, 1, 0], mode: .reflect, value: -3)
  body(&parameters)
  return parameters
}

private func slicing(begin: [Int], strides: [Int]) -> OperatorKind {
  .stridedSlice(StridedSliceParameters(begin: begin, strides: strides))
}
