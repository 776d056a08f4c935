import Diagnostics
import IntegerModel
import TFLiteFormat

/// A model in the making: its tensors under unique names, its operators with their versions.
struct ModelBuilder {
  private let graph: IntegerGraph
  var model: TFLiteModel
  /// The model's tensor of each tensor of the graph that is in use.
  private var positions: [TensorIndex: Int] = [:]
  private var names: UniqueNames

  init(graph: IntegerGraph) {
    self.graph = graph
    model = TFLiteModel(description: graph.name)
    names = UniqueNames(graph.tensors.map(\.name))
  }

  /// The model's tensor of a tensor of the graph, added on first use.
  mutating func tensor(_ index: TensorIndex) throws(Diagnostic) -> Int {
    if let known = positions[index] { return known }
    let source = graph.tensors[index]
    let position = add(
      TFLiteTensor(
        name: source.name, shape: source.shape,
        elementType: TFLiteElementType(source.elementType),
        quantization: source.quantization.map { TFLiteQuantization($0) },
        constant: source.constant, isVariable: source.isState))
    positions[index] = position
    return position
  }

  /// The model's tensors of an operation's inputs.
  mutating func tensors(_ indices: [TensorIndex]) throws(Diagnostic) -> [Int] {
    var result: [Int] = []
    for index in indices { result.append(try tensor(index)) }
    return result
  }

  /// Adds an activation that the graph does not have, in the codes of `original` under its name with
  /// a suffix.
  mutating func addIntermediate(
    like original: TensorDescription, suffix: String, shape: [Int]? = nil
  ) -> Int {
    add(
      TFLiteTensor(
        name: names.take(original.name + suffix), shape: shape ?? original.shape,
        elementType: TFLiteElementType(original.elementType),
        quantization: original.quantization.map { TFLiteQuantization($0) }))
  }

  /// Adds an activation of plain integers.
  mutating func addIntegers(named name: String, shape: [Int], type: TFLiteElementType) -> Int {
    add(TFLiteTensor(name: names.take(name), shape: shape, elementType: type))
  }

  /// Adds a tensor without elements, which only says how values inside an operator are scaled.
  mutating func addFormat(
    named name: String, type: TFLiteElementType, scale: Float, zeroPoint: Int64 = 0
  ) -> Int {
    add(
      TFLiteTensor(
        name: names.take(name), shape: [0], elementType: type,
        quantization: TFLiteQuantization(scales: [scale], zeroPoints: [zeroPoint])))
  }

  /// Adds a constant of int32, such as axes or a shape.
  mutating func addConstant(_ values: [Int], shape: [Int]? = nil, named name: String) -> Int {
    add(
      TFLiteTensor(
        name: names.take(name), shape: shape ?? [values.count], elementType: .int32,
        constant: ConstantBytes(copying: values.map { Int32(clamping: $0) })))
  }

  /// Adds constant codes of the type and quantization of `original`.
  mutating func addCodes(
    _ codes: [Int32], shape: [Int], like original: TensorDescription, named name: String
  ) -> Int {
    let constant =
      original.elementType == .int16
      ? ConstantBytes(copying: codes.map { Int16(truncatingIfNeeded: $0) })
      : ConstantBytes(copying: codes.map { UInt8(truncatingIfNeeded: $0) })
    return add(
      TFLiteTensor(
        name: names.take(name), shape: shape, elementType: TFLiteElementType(original.elementType),
        quantization: original.quantization.map { TFLiteQuantization($0) }, constant: constant))
  }

  /// Appends an operator in the least version that its operands allow.
  mutating func append(
    _ code: TFLiteOperatorCode, _ options: TFLiteOptions = .none, inputs: [Int], outputs: [Int]
  ) {
    var operation = TFLiteOperator(
      code: code, options: options, inputs: inputs, outputs: outputs)
    operation.version = operation.leastVersion(in: model)
    model.operators.append(operation)
  }

  private mutating func add(_ tensor: TFLiteTensor) -> Int {
    model.tensors.append(tensor)
    return model.tensors.count - 1
  }

}

extension TFLiteElementType {
  init(_ type: ElementType) {
    switch type {
    case .int8: self = .int8
    case .uint8: self = .uint8
    case .int16: self = .int16
    case .int32: self = .int32
    case .int64: self = .int64
    case .int4: self = .int4
    }
  }
}

extension TFLiteQuantization {
  /// As many zero points as scales, which LiteRT insists on.
  init(_ quantization: Quantization) {
    let count = quantization.scaleBits.count
    let zeroPoints = quantization.zeroPoints.map { Int64($0) }
    self.init(
      scales: quantization.scaleBits.map { Float(bitPattern: $0) },
      zeroPoints: zeroPoints.count == count
        ? zeroPoints : [Int64](repeating: Int64(quantization.zeroPoint), count: count),
      axis: quantization.axis ?? 0)
  }
}
