import Diagnostics
import IntegerModel
import ModelImport
import TFLiteFormat
import Testing

/// A model that cannot be taken over, with what its error says.
struct QuantizedRefusal: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var sketch: QuantizedSketch
  var message: String

  init(
    _ name: String, of sketch: QuantizedSketch = .convolution, _ message: String,
    _ damage: (inout TFLiteModel) -> Void = { _ in }
  ) {
    testDescription = name
    self.sketch = sketch
    self.message = message
    damage(&self.sketch.model)
  }

  private static let convolution = "operator 0 CONV_2D 'y': "
  private static let damaged = "the file is damaged; convert it again"

  static let quantization = [
    QuantizedRefusal(
      "zero scale",
      "tensor 0 'x': the scale 0.0 is not a finite positive number; "
        + "convert the model again"
    ) { $0.tensors[0].quantization?.scales = [0] },
    QuantizedRefusal(
      "negative scale",
      "tensor 1 'w': the scale -0.5 is not a finite positive number; "
        + "convert the model again"
    ) { $0.tensors[1].quantization?.scales[1] = -0.5 },
    QuantizedRefusal(
      "infinite scale",
      "tensor 3 'y': the scale inf is not a finite positive number; "
        + "convert the model again"
    ) { $0.tensors[3].quantization?.scales = [.infinity] },
    QuantizedRefusal(
      "scale that is no number",
      "tensor 0 'x': the scale nan is not a finite positive number; convert the model again"
    ) {
      $0.tensors[0].quantization?.scales = [.nan]
    },
    QuantizedRefusal(
      "no scale",
      "tensor 3 'y': its int8 codes have no scale; convert the model with "
        + "full integer quantization"
    ) { $0.tensors[3].quantization = nil },
    QuantizedRefusal(
      "weights without a scale",
      "tensor 1 'w': its weights have no scale; convert the "
        + "model with full integer quantization"
    ) { $0.tensors[1].quantization = nil },
    QuantizedRefusal(
      "zero point beyond the type",
      "tensor 0 'x': the zero point 128 is outside -128…127"
    ) {
      $0.tensors[0].quantization?.zeroPoints = [128]
    },
    QuantizedRefusal(
      "weights with a zero point",
      "operation 0 'y' (convolution): the weights 'w' have zero point 3; int8 weights need 0"
    ) {
      $0.tensors[1].quantization?.zeroPoints = [0, 3]
    },
    QuantizedRefusal(
      "too many weight scales",
      "tensor 1 'w': there are 3 scales for 2 output channels"
    ) {
      $0.tensors[1].quantization?.scales = [1, 1, 1]
    },
    QuantizedRefusal(
      "scales along another axis",
      "tensor 1 'w': its scales vary along axis 1; output "
        + "channels are axis 0 of [2, 1, 1, 1]"
    ) { $0.tensors[1].quantization?.axis = 1 },
    QuantizedRefusal(
      "scales along no axis",
      "tensor 1 'w': its scales vary along axis 7; output "
        + "channels are axis 0 of [2, 1, 1, 1]"
    ) { $0.tensors[1].quantization?.axis = 7 },
    QuantizedRefusal(
      "a factor that no multiplier expresses",
      convolution
        + "the scales need a factor of 4294967296.0, which a 32-bit multiplier cannot express"
    ) {
      $0.tensors[3].quantization?.scales = [0x1p-35]
    },
  ]

  static let structure = [
    QuantizedRefusal(
      "buffer too short",
      "tensor 1 'w': its buffer has 1 bytes; int8 [2, 1, 1, 1] needs "
        + "2; " + damaged
    ) { $0.tensors[1].constant = ConstantBytes(copying: [Int8(1)]) },
    QuantizedRefusal(
      "missing buffer",
      convolution
        + "'w' is computed by the model; only a constant serves here"
    ) { $0.tensors[1].constant = nil },
    QuantizedRefusal(
      "bias of another length",
      "tensor 2 'b': the bias has 1 elements for 2 output channels"
    ) {
      $0.tensors[2].shape = [1]
      $0.tensors[2].constant = ConstantBytes(copying: [Int32(1)])
    },
    QuantizedRefusal(
      "bias of another type",
      "tensor 2 'b': a bias of int8 does not go with int8 inputs"
    ) {
      $0.tensors[2].elementType = .int8
    },
    QuantizedRefusal(
      "a zero extent",
      "tensor 0 'x': the extent 0 in shape [1, 0, 2, 1] is outside 1…1073741824"
    ) {
      $0.tensors[0].shape = [1, 0, 2, 1]
    },
    QuantizedRefusal(
      "absurd extents",
      "tensor 0 'x': the shape [1, 1073741824, 1073741824, 1] has more "
        + "than 2147483647 elements"
    ) { $0.tensors[0].shape = [1, 1 << 30, 1 << 30, 1] },
    QuantizedRefusal("too many axes", "tensor 0 'x': the shape has 7 axes; the limit is 6") {
      $0.tensors[0].shape = [1, 1, 1, 1, 1, 1, 1]
    },
    QuantizedRefusal(
      "an image of three axes", "tensor 0 'x': has shape [2, 2, 1]; 4 axes are needed"
    ) {
      $0.tensors[0].shape = [2, 2, 1]
    },
    QuantizedRefusal(
      "an output of another shape",
      "operation 0 'y' (convolution): the output 'y' has "
        + "shape [1, 2, 3, 2]; its inputs give [1, 2, 2, 2]"
    ) { $0.tensors[3].shape = [1, 2, 3, 2] },
    QuantizedRefusal("a stride of 0", convolution + "the stride 0 is outside 1…32767") {
      $0.operators[0].options = .convolution(
        TFLiteWindow(stride: TFLitePair(height: 0, width: 1), padding: .same),
        dilation: TFLitePair(height: 1, width: 1), activation: .none)
    },
    QuantizedRefusal("a missing input", convolution + "input 1 is missing; " + damaged) {
      $0.operators[0].inputs = [0]
    },
    QuantizedRefusal(
      "options of another operator",
      convolution
        + "its options are missing or those of another operator; the file is damaged; convert the model "
        + "again"
    ) { $0.operators[0].options = .softmax(beta: 1) },
    QuantizedRefusal(
      "an index out of range",
      "operator 0 CONV_2D: tensor index 9 is outside 0…3"
    ) { $0.operators[0].inputs[0] = 9 },
    QuantizedRefusal(
      "an output out of range",
      "inputs and outputs: tensor index 4 is outside 0…3"
    ) { $0.outputs = [4] },
    QuantizedRefusal(
      "a cycle",
      convolution
        + "reads 'y' before an operator has written it; " + damaged
    ) {
      $0.operators[0].inputs[0] = 3
      $0.tensors[3].shape = [1, 2, 2, 1]
    },
    QuantizedRefusal(
      "a tensor written twice",
      "operator 1 CONV_2D 'y': writes 'y', which is an input, a "
        + "constant or written before; " + damaged
    ) { $0.operators.append($0.operators[0]) },
    QuantizedRefusal(
      "an input that is written",
      convolution + "writes 'x', which is an input, a "
        + "constant or written before; " + damaged
    ) { $0.operators[0].outputs = [0] },
    QuantizedRefusal(
      "an output that nobody computes",
      "tensor 1 'w': is an output that no operator computes"
    ) { $0.outputs = [1] },
    QuantizedRefusal(
      "an input listed twice",
      "tensor 0 'x': is listed twice among the inputs"
    ) { $0.inputs = [0, 0] },
    QuantizedRefusal("no input at all", "the graph has no input") {
      $0.tensors[0].constant = ConstantBytes(copying: [Int8](repeating: 0, count: 4))
    },
  ].map { (refusal: QuantizedRefusal) in
    // Where the place is the operator's, the short names above stand for the whole.
    var copy = refusal
    if refusal.testDescription == "an input that is written" {
      copy.message = copy.message.replacing("CONV_2D 'y'", with: "CONV_2D 'x'")
    }
    return copy
  }

  static let operators = [
    QuantizedRefusal(
      "a custom operator",
      "operator 0 CUSTOM 'TFLite_Detection_PostProcess' 'y': is a "
        + "custom operator; cut the model before it, or convert it with built-in operators alone"
    ) {
      $0.operators[0].code = .custom
      $0.operators[0].customName = "TFLite_Detection_PostProcess"
    },
    QuantizedRefusal(
      "a float operator in the middle",
      "operator 1 DIV 'q': computes with the float "
        + "tensor 'q' inside a quantized model; convert the model with integer operators alone "
        + "(TFLITE_BUILTINS_INT8), or cut it before this operator"
    ) {
      $0.tensors.append(TFLiteTensor(name: "q", shape: [1, 2, 2, 2], elementType: .float32))
      $0.operators.append(TFLiteOperator(code: .div, inputs: [3, 3], outputs: [4]))
      $0.outputs = [4]
    },
    QuantizedRefusal(
      "an operator without an integer kernel",
      "operator 1 SQRT 'r': has no integer "
        + "kernel here; cut the model before it, or convert it without this operator"
    ) {
      $0.tensors.append(TFLiteTensor(name: "r", shape: [1, 2, 2, 2], elementType: .int8))
      $0.operators.append(TFLiteOperator(code: .sqrt, inputs: [3], outputs: [4]))
    },
    QuantizedRefusal(
      "shuffled weights",
      "operator 0 FULLY_CONNECTED 'y': its weights are shuffled for "
        + "one processor (SHUFFLED4x16INT8); convert the model with default weights"
    ) {
      $0.operators[0].code = .fullyConnected
      $0.operators[0].options = .fullyConnected(
        activation: .none, keepsDimensions: false, hasDefaultWeights: false)
    },
    QuantizedRefusal(
      "axes that depend on the input",
      of: .single(.mean, .reduction(keepsDimensions: false), x: [4], outputs: [[1]]),
      "operator 0 MEAN 'y0': its axes 'x' are not known before the model runs; convert the model with "
        + "fixed shapes"
    ) { $0.operators[0].inputs = [0, 0] },
    QuantizedRefusal(
      "an axis that does not exist",
      of: .single(
        .mean, .reduction(keepsDimensions: false), x: [4], outputs: [[1]], operands: [[1]]),
      "operator 0 MEAN 'y0': axis 1 is outside a value of rank 1"),
    QuantizedRefusal(
      "a slice of nothing",
      of: .single(
        .stridedSlice, MovementCase.slice(), x: [4], outputs: [[1]], operands: [[2], [2], [1]]),
      "operator 0 STRIDED_SLICE 'y0': picks nothing along axis 0 of [4]"),
    QuantizedRefusal(
      "a slice in steps of 0",
      of: .single(
        .stridedSlice, MovementCase.slice(), x: [4], outputs: [[1]], operands: [[2], [3], [0]]),
      "operator 0 STRIDED_SLICE 'y0': slices axis 0 in steps of 0"),
    QuantizedRefusal(
      "uneven parts",
      of: .single(
        .split, .split(count: 2), x: [3], outputs: [[1], [2]], operands: [[0]], operandsFirst: true),
      "operator 0 SPLIT 'y0': splits axis 0 of [3] into 2 parts for 2 outputs"),
    QuantizedRefusal(
      "a shape of other elements",
      of: .single(.reshape, .reshape(shape: [5]), x: [4], outputs: [[5]]),
      "operator 0 RESHAPE 'y0': gives 4 elements the shape [5]"),
    QuantizedRefusal(
      "a resize beyond all images",
      of: .single(
        .resizeNearestNeighbor, .resize(alignCorners: false, halfPixelCenters: false),
        x: [1, 1, 1, 1], outputs: [[1, 1 << 30, 1, 1]], operands: [[1 << 30, 1]]),
      "operator 0 RESIZE_NEAREST_NEIGHBOR 'y0': resizes to an extent of 1073741824; the limit is "
        + "1048576"),
    QuantizedRefusal(
      "a block of 0",
      of: .single(.depthToSpace, .blockSize(0), x: [1, 1, 1, 4], outputs: [[1, 2, 2, 1]]),
      "operation 0 'y0' (depth to space): block size 0 is outside 1…32767"),
  ]
}

@Suite("A quantized .tflite model is refused with the reason")
struct QuantizedRefusalTests {
  @Test(
    "where it does not hold together",
    arguments: QuantizedRefusal.quantization + QuantizedRefusal.structure
      + QuantizedRefusal.operators)
  func refusal(known: QuantizedRefusal) {
    do {
      _ = try known.sketch.graph()
      Issue.record("it was taken over")
    } catch {
      #expect(error.description == known.message)
    }
  }

  @Test("where two QUANTIZE make different codes of one float input")
  func twoQuantizations() throws {
    var sketch = QuantizedSketch.convolution
    let real = sketch.tensor("image", [1, 2, 2, 1], .float32, scale: nil)
    let other = sketch.tensor("other", [1, 2, 2, 1], scale: 0.125)
    sketch.append(.quantize, .none, [real], [0])
    sketch.append(.quantize, .none, [real], [other])
    sketch.model.inputs = [real]
    do {
      _ = try sketch.graph()
      Issue.record("it was taken over")
    } catch {
      #expect(
        error.description
          == "operator 2 QUANTIZE 'other': quantizes the float input 'image' in another way than the "
          + "one before it; convert the model with integer inputs (inference_input_type)")
    }
  }
}
