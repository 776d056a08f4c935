import CTFLiteSchema
import Diagnostics
import IntegerModel

/// Turns a verified file into a model, checking what the verifier does not: indices, enum values,
/// byte ranges, and that nothing is passed over that changes what the model means.
struct ModelReader {
  private let model: TFLModelRef
  private let storage: ByteStorage
  private var budget: ContentBudget
  private var operatorCodes: [KnownOperatorCode] = []
  private var tensorCount = 0

  /// An operator code whose operator is one of those known, or its name.
  private struct KnownOperatorCode {
    var code: TFLiteOperatorCode?
    /// The format's name for the operator.
    var name: String
    var customName: String
    var version: Int
  }

  /// The operators that run other subgraphs.
  private static let callers: Set = [
    "CALL", "CALL_ONCE", "IF", "WHILE", "STABLEHLO_CASE", "STABLEHLO_COMPOSITE",
    "STABLEHLO_REDUCE", "STABLEHLO_REDUCE_WINDOW", "STABLEHLO_SCATTER", "STABLEHLO_SORT",
    "STABLEHLO_WHILE",
  ]

  /// Prepares to read `model`, which lies in `storage`.
  init(model: TFLModelRef, storage: ByteStorage) {
    self.model = model
    self.storage = storage
    budget = ContentBudget(fileByteCount: storage.bytes.count)
  }

  /// The whole model.
  consuming func read() throws(Diagnostic) -> TFLiteModel {
    let version = tfl_version(model)
    guard version == 3 else {
      throw Diagnostic(
        problem: "its schema version is \(version), this version reads 3",
        remedy: "convert the model with a current TensorFlow")
    }
    try readOperatorCodes()
    try checkSubgraphs()
    tensorCount = tfl_tensor_count(model)
    var result = TFLiteModel(description: try budget.text(tfl_description(model)))
    for index in 0..<tensorCount { result.tensors.append(try tensor(index)) }
    for index in 0..<tfl_operator_count(model) {
      result.operators.append(try operation(index))
    }
    result.inputs = try indices(tfl_inputs(model), place: "model", what: "input")
    result.outputs = try indices(tfl_outputs(model), place: "model", what: "output")
    return result
  }

  // MARK: - Operators

  private mutating func readOperatorCodes() throws(Diagnostic) {
    for index in 0..<tfl_operator_code_count(model) {
      try budget.table()
      let source = tfl_operator_code(model, index)
      let name = tfl_operator_name(source.code).map { String(cString: $0) }
      operatorCodes.append(
        KnownOperatorCode(
          code: TFLiteOperatorCode(rawValue: source.code),
          name: name ?? "operator of number \(source.code)",
          customName: try budget.text(source.custom_code), version: Int(source.version)))
    }
  }

  private func checkSubgraphs() throws(Diagnostic) {
    let count = tfl_subgraph_count(model)
    guard count > 0 else {
      throw Diagnostic(problem: "it has no graph", remedy: TFLiteFile.damageRemedy)
    }
    guard count == 1 else {
      // Which operator calls them helps to find it in the source.
      let names = operatorCodes.map(\.name).filter(ModelReader.callers.contains)
      let list = names.isEmpty ? "" : ", for \(names.joined(separator: ", "))"
      throw Diagnostic(
        problem: "it has \(count) subgraphs\(list); models of one are supported",
        remedy: "export one signature, without control flow")
    }
  }

  private mutating func operation(_ index: Int) throws(Diagnostic) -> TFLiteOperator {
    try budget.table()
    let source = tfl_operator(model, index)
    guard source.opcode_index < operatorCodes.count else {
      throw Diagnostic(
        place: "operator \(index)",
        problem: "its operator code is \(source.opcode_index), the file has \(operatorCodes.count)",
        remedy: TFLiteFile.damageRemedy)
    }
    let known = operatorCodes[Int(source.opcode_index)]
    let place = "operator \(index) \(known.name)"
    guard let code = known.code else {
      throw Diagnostic(
        place: "operator \(index)", problem: "\(known.name) is not supported",
        remedy: "replace it in the source model, or cut the model before it")
    }
    var result = TFLiteOperator(
      code: code, customName: known.customName, version: known.version, inputs: [], outputs: [])
    result.options = try OptionsReader(
      code: code, source: source.options, place: place
    ).options(extents: try budget.integers(source.options.extents))
    let options = source.custom_options
    if options.bytes != nil {
      result.customOptions = try part(options)
    }
    result.inputs = try indices(source.inputs, place: place, what: "input", optional: true)
    result.outputs = try indices(source.outputs, place: place, what: "output")
    result.intermediates = try indices(
      source.intermediates, place: place, what: "intermediate", optional: true)
    return result
  }

  /// Tensor indices, checked; −1 is allowed where they are `optional`.
  private mutating func indices(
    _ source: TFLIntegers, place: String, what: String, optional: Bool = false
  ) throws(Diagnostic) -> [Int] {
    let indices = try budget.integers(source)
    for (position, index) in indices.enumerated() {
      guard index >= (optional ? -1 : 0), index < tensorCount else {
        throw Diagnostic(
          place: place,
          problem: "its \(what) \(position) is tensor \(index), the file has \(tensorCount)",
          remedy: TFLiteFile.damageRemedy)
      }
    }
    return indices
  }

  // MARK: - Tensors

  private mutating func tensor(_ index: Int) throws(Diagnostic) -> TFLiteTensor {
    try budget.table()
    let source = tfl_tensor(model, index)
    let name = try budget.text(source.name)
    let place = "tensor \(index) '\(name)'"
    try refuseExtras(of: source, place: place)
    guard let type = TFLiteElementType(rawValue: source.type) else {
      let name = tfl_element_type_name(source.type).map { String(cString: $0) }
      throw Diagnostic(
        place: place,
        problem: "its element type \(name ?? "of number \(source.type)") is not supported",
        remedy: "convert the model with float32, int8, uint8 or int16 tensors")
    }
    var tensor = TFLiteTensor(
      name: name, shape: try budget.integers(source.shape),
      shapeSignature: try budget.integers(source.shape_signature), elementType: type,
      isVariable: source.is_variable != 0)
    if source.is_quantized != 0 {
      tensor.quantization = TFLiteQuantization(
        scales: try budget.floats(source.scales),
        zeroPoints: try budget.longs(source.zero_points), axis: Int(source.quantized_dimension))
    }
    let bufferCount = tfl_buffer_count(model)
    // A tensor without a buffer has number 0, also in a file without buffers.
    guard source.buffer < max(bufferCount, 1) else {
      throw Diagnostic(
        place: place,
        problem: "its buffer is \(source.buffer), the file has \(bufferCount)",
        remedy: TFLiteFile.damageRemedy)
    }
    if source.buffer < bufferCount {
      let holdsNothing = tensor.shape.contains(0)
      tensor.constant = try constant(in: Int(source.buffer), holdsNothing: holdsNothing)
    }
    return tensor
  }

  private func refuseExtras(of tensor: TFLTensor, place: String) throws(Diagnostic) {
    let extras = [
      (tensor.has_quantization_details, "its quantization is not by scales along one axis"),
      (tensor.has_sparsity, "it is sparse"),
      (tensor.has_variant_tensors, "it is a list of tensors"),
      (tensor.has_external_buffer, "its bytes lie in another file"),
    ]
    for (isPresent, problem) in extras where isPresent != 0 {
      throw Diagnostic(
        place: place, problem: problem + ", which is not supported",
        remedy: "convert the model to a plain .tflite file")
    }
  }

  /// The bytes of a buffer; `nil` for one that is empty, which marks activations, unless a constant
  /// that `holdsNothing` is expected and the file has its zero bytes.
  private func constant(
    in index: Int, holdsNothing: Bool
  ) throws(Diagnostic) -> ConstantBytes? {
    let buffer = tfl_buffer(model, index)
    if buffer.offset > 1 {
      let count = UInt64(storage.bytes.count)
      guard buffer.offset <= count, buffer.size <= count - buffer.offset else {
        throw Diagnostic(
          place: "buffer \(index)",
          problem: "its \(buffer.size) bytes start at byte \(buffer.offset), "
            + "the file has \(count)", remedy: TFLiteFile.damageRemedy)
      }
      return ConstantBytes(
        storage: storage, offset: Int(buffer.offset), count: Int(buffer.size))
    }
    guard buffer.data.bytes != nil, buffer.data.count > 0 || holdsNothing else { return nil }
    return try part(buffer.data)
  }

  /// A vector of bytes of the file, which the verifier has seen to lie inside.
  private func part(_ bytes: TFLBytes) throws(Diagnostic) -> ConstantBytes {
    guard let start = storage.bytes.baseAddress, let data = bytes.bytes else {
      return ConstantBytes(storage: storage, offset: 0, count: 0)
    }
    return ConstantBytes(
      storage: storage, offset: UnsafeRawPointer(data) - start, count: bytes.count)
  }
}
