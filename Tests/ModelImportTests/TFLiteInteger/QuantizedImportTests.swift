import IntegerModel
import ModelImport
import OperatorArithmetic
import TFLiteFormat
import Testing

@Suite("A quantized .tflite model becomes an integer graph")
struct QuantizedImportTests {
  @Test("with the file's own weights, biases, scales and names")
  func convolution() throws {
    let sketch = QuantizedSketch.convolution
    let graph = try sketch.graph()
    #expect(graph.tensors.map(\.name) == ["x", "w", "b", "y"])
    #expect(graph.arithmetic == .tflm)
    #expect(graph.tensors[0].quantization == Quantization(scaleBits: bits(0.5), zeroPoints: [-1]))
    #expect(
      graph.tensors[1].quantization
        == Quantization(scaleBits: bits(0.25, 0.5), zeroPoints: [0, 0], axis: 0))
    guard case .convolution(let parameters) = graph.operations[0].kind else {
      Issue.record("not a convolution: \(graph.operations[0].kind)")
      return
    }
    // 0.5 · 0.25 / 0.5 and 0.5 · 0.5 / 0.5.
    #expect(
      parameters.multipliers == [
        FixedPointMultiplier(multiplier: 1 << 30, shift: -1),
        FixedPointMultiplier(multiplier: 1 << 30, shift: 0),
      ])
    // x − z is 8: 8 · 3 + 4 = 28, a quarter of it is 7, plus 10; 8 · −2 − 4 = −20, half is −10.
    #expect(try sketch.run([[7, 7, 7, 7]]) == [[17, 0, 17, 0, 17, 0, 17, 0]])
  }

  @Test("with zeros where a layer has no bias")
  func missingBias() throws {
    var sketch = QuantizedSketch.convolution
    sketch.model.operators[0].inputs = [0, 1, -1]
    let graph = try sketch.graph()
    #expect(graph.tensors.map(\.name) == ["x", "w", "y_bias", "y"])
    #expect(try sketch.run([[7, 7, 7, 7]]) == [[16, 2, 16, 2, 16, 2, 16, 2]])
  }

  @Test("whose SAME padding has the odd row below and the odd column to the right")
  func samePadding() throws {
    var sketch = QuantizedSketch.convolution
    sketch.model.tensors[0].shape = [1, 4, 5, 1]
    sketch.model.tensors[1] = TFLiteTensor(
      name: "w", shape: [2, 2, 3, 1], elementType: .int8,
      quantization: sketch.model.tensors[1].quantization,
      constant: ConstantBytes(copying: [Int8](repeating: 1, count: 12)))
    sketch.model.tensors[3].shape = [1, 4, 3, 2]
    sketch.model.operators[0].options = .convolution(
      TFLiteWindow(stride: TFLitePair(height: 1, width: 2), padding: .same),
      dilation: TFLitePair(height: 1, width: 1), activation: .relu6)
    guard case .convolution(let parameters) = try sketch.graph().operations[0].kind else {
      Issue.record("not a convolution")
      return
    }
    #expect(parameters.padding == SpatialPadding(top: 0, left: 1, bottom: 1, right: 1))
    // 6 / 0.5 above the zero point.
    #expect(parameters.clamp == CodeRange(minimum: 10, maximum: 22))
  }

  @Test("whose fully connected layer takes rows out of any shape")
  func rows() throws {
    var sketch = QuantizedSketch()
    sketch.tensor("x", [1, 2, 2, 1])
    sketch.constant("w", [1, 4], .int8, [Int8(1), 2, 3, 4], scales: [1])
    sketch.tensor("y", [1, 1])
    sketch.append(
      .fullyConnected,
      .fullyConnected(activation: .none, keepsDimensions: false, hasDefaultWeights: true),
      [0, 1], [2])
    sketch.model.inputs = [0]
    sketch.model.outputs = [2]
    #expect(try sketch.graph().operations.map(\.kind.name) == ["reshape", "fully connected"])
    #expect(try sketch.run([[1, 2, 3, 4]]) == [[30]])
  }

  @Test("without the floats at its edges, which notes tell of")
  func islands() throws {
    var sketch = QuantizedSketch.convolution
    let real = sketch.tensor("image", [1, 2, 2, 1], .float32, scale: nil)
    let logits = sketch.tensor("logits", [1, 2, 2, 2], .float32, scale: nil)
    let probabilities = sketch.tensor("probabilities", [1, 2, 2, 2], .float32, scale: nil)
    sketch.model.operators.insert(
      TFLiteOperator(code: .quantize, inputs: [real], outputs: [0]), at: 0)
    sketch.append(.dequantize, .none, [3], [logits])
    sketch.append(.softmax, .softmax(beta: 1), [logits], [probabilities])
    sketch.model.inputs = [real]
    sketch.model.outputs = [probabilities]
    let graph = try sketch.graph()
    #expect(graph.inputs.map { graph.tensors[$0].name } == ["x"])
    #expect(graph.outputs.map { graph.tensors[$0].name } == ["y"])
    #expect(graph.operations.count == 1)
    #expect(
      graph.record?.layers.map(\.notes) == [
        [
          "takes codes: the float input 'image' and its QUANTIZE were left out",
          "gives codes: DEQUANTIZE, SOFTMAX before the float output 'probabilities' were left out",
        ]
      ])
  }

  @Test("whose shape computations are folded, a variable batch being 1")
  func shapeChain() throws {
    var sketch = QuantizedSketch()
    let x = sketch.tensor("x", [1, 2, 3])
    sketch.model.tensors[x].shapeSignature = [-1, 2, 3]
    let shape = sketch.tensor("shape", [3], .int32, scale: nil)
    let batch = sketch.tensor("batch", [], .int32, scale: nil)
    let wanted = sketch.tensor("wanted", [2], .int32, scale: nil)
    // The file may not know the shape of the result.
    let y = sketch.tensor("y", [-1, 6])
    let rest = sketch.constant("six", [], .int32, [Int32(6)])
    let operands = [[0], [1], [1]].map { (values: [Int32]) in sketch.vector("v", values) }
    sketch.append(.shape, .argument(outputType: .int32), [x], [shape])
    sketch.append(
      .stridedSlice,
      .stridedSlice(
        beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 1),
      [shape] + operands, [batch])
    sketch.append(.pack, .pack(count: 2, axis: 0), [batch, rest], [wanted])
    sketch.append(.reshape, .reshape(shape: []), [x, wanted], [y])
    sketch.model.inputs = [x]
    sketch.model.outputs = [y]
    let graph = try sketch.graph()
    #expect(graph.operations.map(\.kind) == [.reshape])
    #expect(graph.tensors[graph.outputs[0]].shape == [1, 6])
  }

  @Test("whose tensors get names of their own")
  func names() throws {
    var sketch = QuantizedSketch.convolution
    for index in sketch.model.tensors.indices { sketch.model.tensors[index].name = "" }
    sketch.model.tensors[1].name = "tensor_2"
    let graph = try sketch.graph()
    // Inputs and outputs come first.
    #expect(graph.tensors.map(\.name) == ["tensor", "tensor_2_2", "tensor_3", "tensor_2"])
  }

  @Test("where copies keep codes though the file gives other scales, as TFLite Micro does")
  func relabeling() throws {
    var sketch = QuantizedSketch.single(
      .reshape, .reshape(shape: [4]), x: [2, 2], outputs: [[4]])
    sketch.model.tensors[1].quantization = TFLiteQuantization(scales: [0.25], zeroPoints: [7])
    let graph = try sketch.graph()
    #expect(graph.operations.map(\.kind.name) == ["reshape", "lookup"])
    #expect(
      graph.record?.layers[1].notes
        == ["its input has other scales; its codes are taken over as they are"])
    #expect(try sketch.run([[-128, -1, 0, 127]]) == [[-128, -1, 0, 127]])
  }

  @Test("whose ReLU6 ignores the scale of its output, as TFLite Micro's does")
  func relu6() throws {
    var sketch = QuantizedSketch.single(.relu6, x: [4], outputs: [[4]])
    sketch.model.tensors[1].quantization = TFLiteQuantization(scales: [0.25], zeroPoints: [-100])
    // 6 is code 12 of the input.
    #expect(try sketch.run([[-5, 3, 12, 100]]) == [[0, 3, 12, 12]])
  }

  @Test("whose constants among the inputs are no inputs")
  func constantInputs() throws {
    var sketch = QuantizedSketch.convolution
    sketch.model.inputs = [2, 0]
    #expect(try sketch.graph().inputs == [0])
  }

  @Test("whose input for the shape of a transposed convolution is none, the shape being fixed")
  func shapeInput() throws {
    var sketch = QuantizedSketch()
    let shape = sketch.tensor("shape", [4], .int32, scale: nil)
    let w = sketch.constant("w", [1, 2, 2, 1], .int8, [Int8(1), 2, 3, 4], scales: [1])
    let x = sketch.tensor("x", [1, 1, 1, 1])
    let y = sketch.tensor("y", [1, 2, 2, 1])
    sketch.append(
      .transposeConv,
      .transposeConvolution(
        TFLiteWindow(stride: TFLitePair(height: 2, width: 2), padding: .valid),
        activation: .none), [shape, w, x], [y])
    sketch.model.inputs = [shape, x]
    sketch.model.outputs = [y]
    let graph = try sketch.graph()
    #expect(graph.inputs.map { graph.tensors[$0].name } == ["x"])
    #expect(
      graph.record?.layers.map(\.notes)
        == [["its shape is fixed: the input 'shape' for it was left out"]])
    #expect(try sketch.run([[10]]) == [[10, 20, 30, 40]])
  }

  @Test("is told from a float model by what its operators compute with")
  func kind() {
    var sketch = QuantizedSketch.convolution
    #expect(TFLiteModelKind(of: sketch.model) == .quantized)
    // Dynamic range quantization: int8 weights of a layer that reads and gives floats.
    sketch.model.tensors[0].elementType = .float32
    sketch.model.tensors[3].elementType = .float32
    #expect(TFLiteModelKind(of: sketch.model) == .float)
    // Codes that only pass by.
    let codes = sketch.tensor("codes", [1, 2, 2, 2])
    sketch.append(.quantize, .none, [3], [codes])
    #expect(TFLiteModelKind(of: sketch.model) == .float)
  }

  @Test("where its one operator gives indices of codes")
  func indices() throws {
    var sketch = QuantizedSketch()
    let x = sketch.tensor("x", [1, 4])
    let axis = sketch.constant("axis", [], .int32, [Int32(1)])
    let y = sketch.tensor("y", [1], .int32, scale: nil)
    sketch.append(.argMax, .argument(outputType: .int32), [x, axis], [y])
    sketch.model.inputs = [x]
    sketch.model.outputs = [y]
    #expect(TFLiteModelKind(of: sketch.model) == .quantized)
    #expect(try sketch.run([[3, -7, 9, 9]]) == [[2, 0, 0, 0]])
    // The same of reals, and of an image that is only made real.
    sketch.model.tensors[x].elementType = .float32
    #expect(TFLiteModelKind(of: sketch.model) == .float)
    let image = sketch.tensor("image", [1, 4], .uint8)
    sketch.append(.cast, .none, [image], [x])
    #expect(TFLiteModelKind(of: sketch.model) == .float)
  }

  private func bits(_ scales: Float...) -> [UInt32] { scales.map(\.bitPattern) }
}
