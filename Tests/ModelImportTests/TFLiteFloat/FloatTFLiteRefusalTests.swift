import Diagnostics
import FloatModel
import IntegerModel
import ModelImport
import TFLiteFormat
import Testing

@Suite("Float .tflite models that are not read say why")
struct FloatTFLiteRefusalTests {
  /// x → `code` → y
  private func model(
    _ code: TFLiteOperatorCode, _ options: TFLiteOptions = .none, shape: [Int] = [1, 4, 4, 2],
    _ constants: (inout FloatTFLiteSketch) -> [Int] = { _ in [] }
  ) -> FloatTFLiteSketch {
    var sketch = FloatTFLiteSketch()
    let x = sketch.input("x", shape)
    sketch.outputs(sketch.add(code, options, [x] + constants(&sketch)))
    return sketch
  }

  private func expect(
    _ diagnostic: Diagnostic, from sketch: FloatTFLiteSketch,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: diagnostic, sourceLocation: sourceLocation) { try sketch.imported() }
  }

  private static let window = TFLiteWindow(
    stride: TFLitePair(height: 1, width: 1), padding: .same)
  private static let convolution = TFLiteOptions.convolution(
    window, dilation: TFLitePair(height: 1, width: 1), activation: .none)
  private static let layer = TFLiteOptions.fullyConnected(
    activation: .none, keepsDimensions: false, hasDefaultWeights: true)

  // MARK: Operators

  @Test("an operator that float models do not have here, with a list of those they may have")
  func unknownOperator() {
    #expect {
      try model(.argMax, .argument(outputType: .int32)).imported()
    } throws: { error in
      let diagnostic = error as? Diagnostic
      return diagnostic?.place == "operator 0 ARG_MAX 'y'"
        && diagnostic?.problem == "the operator ARG_MAX is not supported in float models"
        && diagnostic?.remedy.hasPrefix("supported are ADD, AVERAGE_POOL_2D, CAST,") == true
    }
  }

  @Test("a custom operator by its own name")
  func customOperator() {
    var model = model(.custom).model
    model.operators[0].customName = "TFLite_Detection_PostProcess"
    #expect(
      throws: Diagnostic(
        place: "operator 0 CUSTOM 'y'",
        problem: "the custom operator 'TFLite_Detection_PostProcess' is not supported",
        remedy: "convert the model without custom operators")
    ) { try TFLiteFloatImporter.graph(of: model) }
  }

  @Test("a model that quantizes values itself")
  func quantize() {
    expect(
      Diagnostic(
        place: "operator 0 QUANTIZE 'y'",
        problem: "the model quantizes values itself: it comes from quantization-aware training or "
          + "is quantized in parts",
        remedy: "give the float model it was made from, or convert it to integers throughout"),
      from: model(.quantize))
  }

  @Test("options of another operator")
  func options() {
    expect(
      Diagnostic(
        place: "operator 0 CONV_2D 'y'", problem: "has no options of a CONV_2D",
        remedy: "the file is damaged; convert the model again"),
      from: model(.conv2D, .softmax(beta: 1)))
  }

  @Test("shuffled weights")
  func shuffledWeights() {
    expect(
      Diagnostic(
        place: "operator 0 FULLY_CONNECTED 'y'",
        problem: "has weights in the shuffled 4x16 format, which is not supported",
        remedy: "convert the model with weights in the default format"),
      from: model(
        .fullyConnected,
        .fullyConnected(activation: .none, keepsDimensions: false, hasDefaultWeights: false)))
  }

  @Test("a stride of 0, a filter that does not fit, an axis outside the input")
  func parameters() {
    let zero = TFLiteWindow(stride: TFLitePair(height: 0, width: 1), padding: .same)
    expect(
      Diagnostic(
        place: "operator 0 MAX_POOL_2D 'y'", problem: "stride 0×1 is outside 1…2147483647"),
      from: model(
        .maxPool2D, .pool(zero, filter: TFLitePair(height: 1, width: 1), activation: .none)))
    expect(
      Diagnostic(
        place: "operator 0 CONV_2D 'y'",
        problem: "the filter [1, 1, 1, 3] takes 3 channels, which do not divide the 2 of the input"
      ),
      from: model(.conv2D, Self.convolution) { [$0.floats("w", [1, 1, 1, 3], [1, 2, 3])] })
    expect(
      Diagnostic(
        place: "operator 0 MEAN 'y'", problem: "axis 4 is outside a value of rank 4"),
      from: model(.mean, .reduction(keepsDimensions: true)) { [$0.vector("axes", 4)] })
  }

  @Test("a filter that the network computes")
  func computedFilter() {
    var sketch = FloatTFLiteSketch()
    let x = sketch.input("x", [1, 4, 4, 2])
    sketch.outputs(sketch.add(.conv2D, Self.convolution, [x, x]))
    expect(
      Diagnostic(
        place: "operator 0 CONV_2D 'y'", problem: "input 1 (filter) is not a float constant",
        remedy: "convert the model with constant parameters"),
      from: sketch)
  }

  @Test("integers among the values of the network")
  func integers() {
    expect(
      Diagnostic(
        place: "operator 0 ADD 'y'",
        problem: "input 1 is the int32 tensor 'c', but only float values flow through the network",
        remedy: "integers may only compute shapes and indices, or be weights with scales"),
      from: model(.add, .add(activation: .none, potScaleInt16: true)) { [$0.vector("c", 1, 2)] })
  }

  // MARK: Tensors

  @Test("weights that hold NaN or infinity", arguments: [Float.nan, -.infinity])
  func notFinite(element: Float) {
    expect(
      Diagnostic(
        place: "tensor 'w'",
        problem: "holds \(element.isNaN ? "NaN" : "infinity") at element 1",
        remedy: "train or export the model again; no quantizer can represent it"),
      from: model(.fullyConnected, Self.layer) { [$0.floats("w", [1, 32], oneBad(element))] })
  }

  private func oneBad(_ element: Float) -> [Float] {
    [0, element] + Array(repeating: 1, count: 30)
  }

  @Test("a constant with another number of bytes than its shape")
  func byteCount() {
    expect(
      Diagnostic(
        place: "tensor 'w'", problem: "holds 8 bytes, but its shape [1, 32] asks for 128",
        remedy: "the file is damaged; convert the model again"),
      from: model(.fullyConnected, Self.layer) { [$0.floats("w", [1, 32], [1, 2])] })
  }

  @Test(
    "codes with scales that are no scales, or another number of them",
    arguments: [
      ([0], [0], 0, "has the scale 0.0, which is not positive"),
      ([-1], [0], 0, "has the scale -1.0, which is not positive"),
      ([.infinity], [0], 0, "has the scale inf, which is not positive"),
      ([.nan], [0], 0, "has the scale nan, which is not positive"),
      ([1, 1], [0, 0], 0, "has 2 scales and 2 zero points for 3 channels"),
      ([1, 1, 1], [0, 0], 0, "has 3 scales and 2 zero points for 3 channels"),
      ([1, 1, 1], [0], 2, "has scales along axis 2, outside its shape [3, 32]"),
      ([1], [1 << 40], 0, "has the zero point 1099511627776, outside 32 bits"),
      ([], [], 0, "holds int8 without a scale where real numbers are needed"),
    ] as [([Float], [Int64], Int, String)])
  func scales(scales: [Float], zeroPoints: [Int64], axis: Int, problem: String) {
    expect(
      Diagnostic(place: "tensor 'w'", problem: problem),
      from: model(.fullyConnected, Self.layer) {
        [
          $0.codes(
            "w", [3, 32], Array(repeating: 1, count: 96), scales: scales, zeroPoints: zeroPoints,
            axis: axis)
        ]
      })
  }

  // MARK: Inputs and outputs

  @Test("an integer input, a variable extent, an absurd shape")
  func inputs() {
    var integer = TFLiteModel(description: "")
    integer.tensors = [TFLiteTensor(name: "x", shape: [1, 2], elementType: .int8)]
    integer.inputs = [0]
    integer.outputs = [0]
    #expect(
      throws: Diagnostic(
        place: "input 'x'", problem: "holds int8, but a float model takes float32 inputs",
        remedy: "give the model from before it was quantized")
    ) { try TFLiteFloatImporter.graph(of: integer) }

    var variable = FloatTFLiteSketch()
    variable.input("x", [1, 1, 3], signature: [-1, -1, 3])
    expect(
      Diagnostic(
        place: "input 'x'", problem: "axis 1 has a variable extent",
        remedy: "convert the model with fixed input shapes; only the batch may vary"),
      from: variable)

    var absurd = FloatTFLiteSketch()
    absurd.input("x", [1, 1 << 30, 1 << 30])
    expect(
      Diagnostic(
        place: "input 'x'",
        problem: "it has shape [1, 1073741824, 1073741824], more than 2147483647 elements"),
      from: absurd)
  }

  @Test("tensors read before they are computed, written twice, or never")
  func order() {
    var early = FloatTFLiteSketch()
    let x = early.input("x", [1, 2])
    let later = early.tensor(TFLiteTensor(name: "later", shape: [1, 2], elementType: .float32))
    early.outputs(
      early.add(.add, .add(activation: .none, potScaleInt16: true), [x, later]))
    expect(
      Diagnostic(
        place: "operator 0 ADD 'y'", problem: "reads tensor 'later' before it is computed",
        remedy: "the file is damaged; convert the model again"),
      from: early)

    var twice = model(.relu).model
    twice.operators.append(twice.operators[0])
    #expect(
      throws: Diagnostic(
        place: "operator 1 RELU 'y'", problem: "defines tensor 'y' a second time")
    ) { try TFLiteFloatImporter.graph(of: twice) }

    var never = model(.relu)
    never.outputs(never.tensor(TFLiteTensor(name: "z", shape: [1], elementType: .float32)))
    expect(Diagnostic(place: "output 'z'", problem: "no operator computes it"), from: never)
  }

  @Test("an output that no input reaches")
  func constantOutput() {
    var sketch = FloatTFLiteSketch()
    sketch.input("x", [1, 2])
    let constant = sketch.floats("c", [1, 2], [1, 2])
    sketch.outputs(sketch.add(.relu, [constant]))
    expect(
      Diagnostic(
        place: "output 'y'", problem: "does not depend on any input of the network",
        remedy: "remove it from the model's outputs"),
      from: sketch)
  }

  @Test("more constants than a small file should make")
  func amplification() {
    var sketch = FloatTFLiteSketch()
    let x = sketch.input("x", [1, 2])
    var value = sketch.floats("c", [4, 4], Array(repeating: 1, count: 16))
    for _ in 0..<3 {
      value = sketch.add(.tile, [value, sketch.vector("counts", 1024, 1024)])
    }
    sketch.outputs(sketch.add(.add, .add(activation: .none, potScaleInt16: true), [x, value]))
    expect(
      Diagnostic(
        place: "operator 1 TILE 'y'",
        problem: "the output has shape [4194304, 4096], more than 2147483647 elements"),
      from: sketch)
  }
}
