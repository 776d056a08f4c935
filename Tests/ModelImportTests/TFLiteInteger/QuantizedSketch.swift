import Diagnostics
import IntegerModel
import IntegerRuntime
import ModelImport
import TFLiteFormat

/// A quantized `.tflite` model made by hand.
struct QuantizedSketch {
  var model = TFLiteModel(description: "sketch")

  /// Adds a tensor of the given scale, or none where it is `nil`.
  @discardableResult
  mutating func tensor(
    _ name: String, _ shape: [Int], _ type: TFLiteElementType = .int8, scale: Float? = 0.5,
    zeroPoint: Int64 = 0
  ) -> Int {
    model.tensors.append(
      TFLiteTensor(
        name: name, shape: shape, elementType: type,
        quantization: scale.map { TFLiteQuantization(scales: [$0], zeroPoints: [zeroPoint]) }))
    return model.tensors.count - 1
  }

  /// Adds a constant of integers.
  @discardableResult
  mutating func constant<Element: FixedWidthInteger>(
    _ name: String, _ shape: [Int], _ type: TFLiteElementType, _ values: [Element],
    scales: [Float] = [], axis: Int = 0
  ) -> Int {
    model.tensors.append(
      TFLiteTensor(
        name: name, shape: shape, elementType: type,
        quantization: scales.isEmpty
          ? nil
          : TFLiteQuantization(scales: scales, zeroPoints: scales.map { _ in 0 }, axis: axis),
        constant: ConstantBytes(copying: values)))
    return model.tensors.count - 1
  }

  /// Adds a vector of int32.
  mutating func vector(_ name: String, _ values: [Int32]) -> Int {
    constant(name, [values.count], .int32, values)
  }

  mutating func append(
    _ code: TFLiteOperatorCode, _ options: TFLiteOptions = .none, _ inputs: [Int],
    _ outputs: [Int]
  ) {
    model.operators.append(
      TFLiteOperator(code: code, options: options, inputs: inputs, outputs: outputs))
  }

  /// Imported under the name "sketch".
  func graph() throws(Diagnostic) -> IntegerGraph {
    try TFLiteIntegerImporter.graph(of: model, name: "sketch")
  }

  /// The codes of all outputs for `codes` of the inputs, one after the other.
  func run(_ codes: [[Int8]]) throws(Diagnostic) -> [[Int8]] {
    let interpreter = try Interpreter(graph: try graph())
    for (input, values) in zip(interpreter.graph.inputs, codes) {
      let bytes = interpreter.mutableBytes(of: input)
      for (position, value) in values.enumerated() {
        bytes[position] = UInt8(bitPattern: value)
      }
    }
    interpreter.run()
    return interpreter.graph.outputs.map { output in
      interpreter.bytes(of: output).map { Int8(bitPattern: $0) }
    }
  }

  /// One operator between an input `x` of that shape, and outputs of those.
  static func single(
    _ code: TFLiteOperatorCode, _ options: TFLiteOptions = .none, x shape: [Int],
    outputs: [[Int]], operands: [[Int32]] = [], operandsFirst: Bool = false
  ) -> QuantizedSketch {
    var sketch = QuantizedSketch()
    let x = sketch.tensor("x", shape)
    let constants = operands.enumerated().map { position, values in
      sketch.constant(
        "operand\(position)", values.count == 1 ? [] : [values.count], .int32, values)
    }
    let ys = outputs.enumerated().map { sketch.tensor("y\($0)", $1) }
    sketch.append(code, options, operandsFirst ? constants + [x] : [x] + constants, ys)
    sketch.model.inputs = [x]
    sketch.model.outputs = ys
    return sketch
  }

  /// A 1 × 1 convolution of two filters with a scale each; the model most tests of refusals damage.
  ///
  /// Tensors: 0 x, 1 weights, 2 bias, 3 y.
  static var convolution: QuantizedSketch {
    var sketch = QuantizedSketch()
    sketch.tensor("x", [1, 2, 2, 1], zeroPoint: -1)
    sketch.constant("w", [2, 1, 1, 1], .int8, [Int8(3), -2], scales: [0.25, 0.5])
    sketch.constant("b", [2], .int32, [Int32(4), -4], scales: [0.125, 0.25])
    sketch.tensor("y", [1, 2, 2, 2], scale: 0.5, zeroPoint: 10)
    sketch.append(
      .conv2D,
      .convolution(
        TFLiteWindow(stride: TFLitePair(height: 1, width: 1), padding: .same),
        dilation: TFLitePair(height: 1, width: 1), activation: .none), [0, 1, 2], [3])
    sketch.model.inputs = [0]
    sketch.model.outputs = [3]
    return sketch
  }
}
