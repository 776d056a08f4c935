import FloatModel
import IntegerModel
import ModelImport
import TFLiteFormat

/// A float `.tflite` model written by hand: tensors by name, operators in order.
struct FloatTFLiteSketch {
  private(set) var model = TFLiteModel(description: "sketch")

  /// Adds a tensor and returns its index.
  @discardableResult
  mutating func tensor(_ tensor: TFLiteTensor) -> Int {
    model.tensors.append(tensor)
    return model.tensors.count - 1
  }

  /// Adds a float32 input of the network.
  @discardableResult
  mutating func input(_ name: String, _ shape: [Int], signature: [Int] = []) -> Int {
    let index = tensor(
      TFLiteTensor(
        name: name, shape: shape, shapeSignature: signature, elementType: .float32))
    model.inputs.append(index)
    return index
  }

  /// Adds a float32 constant.
  mutating func floats(_ name: String, _ shape: [Int], _ values: [Float]) -> Int {
    tensor(
      TFLiteTensor(
        name: name, shape: shape, elementType: .float32,
        constant: ConstantBytes(copying: values.map(\.bitPattern))))
  }

  /// Adds an int32 constant.
  mutating func integers(_ name: String, _ shape: [Int], _ values: [Int32]) -> Int {
    tensor(
      TFLiteTensor(
        name: name, shape: shape, elementType: .int32, constant: ConstantBytes(copying: values)))
  }

  /// Adds a vector of int32.
  mutating func vector(_ name: String, _ values: Int32...) -> Int {
    integers(name, [values.count], values)
  }

  /// Adds codes with scales.
  mutating func codes(
    _ name: String, _ shape: [Int], _ values: [Int8], scales: [Float], zeroPoints: [Int64],
    axis: Int = 0
  ) -> Int {
    tensor(
      TFLiteTensor(
        name: name, shape: shape, elementType: .int8,
        quantization: TFLiteQuantization(scales: scales, zeroPoints: zeroPoints, axis: axis),
        constant: ConstantBytes(copying: values)))
  }

  /// Adds an operator without options and with one output and returns the output's index.
  mutating func add(
    _ code: TFLiteOperatorCode, _ inputs: [Int], output name: String = "y", shape: [Int] = [1],
    type: TFLiteElementType = .float32
  ) -> Int {
    add(code, .none, inputs, output: name, shape: shape, type: type)
  }

  /// Adds an operator with one output and returns the output's index.
  mutating func add(
    _ code: TFLiteOperatorCode, _ options: TFLiteOptions, _ inputs: [Int],
    output name: String = "y", shape: [Int] = [1], type: TFLiteElementType = .float32
  ) -> Int {
    let output = tensor(TFLiteTensor(name: name, shape: shape, elementType: type))
    model.operators.append(
      TFLiteOperator(code: code, options: options, inputs: inputs, outputs: [output]))
    return output
  }

  /// Adds an operator with several outputs and returns their indices.
  mutating func add(
    _ code: TFLiteOperatorCode, _ options: TFLiteOptions, _ inputs: [Int], shapes: [[Int]]
  ) -> [Int] {
    let outputs = shapes.indices.map { index in
      tensor(TFLiteTensor(name: "y\(index)", shape: shapes[index], elementType: .float32))
    }
    model.operators.append(
      TFLiteOperator(code: code, options: options, inputs: inputs, outputs: outputs))
    return outputs
  }

  /// Declares outputs of the network.
  mutating func outputs(_ indices: Int...) { model.outputs = indices }

  /// Declares outputs of the network.
  mutating func outputs(_ indices: [Int]) { model.outputs = indices }

  /// The imported graph.
  func imported() throws -> FloatGraph { try TFLiteFloatImporter.graph(of: model) }
}
