import CTFLiteSchema
import Diagnostics
import IntegerModel

/// A model as the bytes of a file.
final class ModelWriter {
  private let model: TFLiteModel
  private let builder: OpaquePointer
  private var operatorCodes = DistinctCodes()

  /// The whole file.
  private(set) var bytes: [UInt8] = []

  /// A FlatBuffer's limit, less what the tables of the largest model could take.
  private static let maximumByteCount = Int(tfl_maximum_size) - 1 << 26

  /// Builds the file. Throws a ``Diagnostic`` when the model does not fit the format.
  init(model: TFLiteModel) throws(Diagnostic) {
    self.model = model
    let constants = DistinctConstants(of: model)
    let byteCount = constants.contents.reduce(0) { $0 + $1.count + 64 }
    guard byteCount <= ModelWriter.maximumByteCount else {
      throw Diagnostic(
        problem: "its constants take \(byteCount) bytes, the limit is "
          + "\(ModelWriter.maximumByteCount)", remedy: "split the model")
    }
    guard let builder = tfl_builder_create(byteCount + 1 << 16) else {
      throw Diagnostic(problem: "not enough memory to write the file")
    }
    self.builder = builder
    try build(constants)
  }

  deinit { tfl_builder_destroy(builder) }

  private func build(_ constants: DistinctConstants) throws(Diagnostic) {
    tfl_builder_add_buffer(builder, nil, 0)
    for content in constants.contents {
      content.withUnsafeBytes { raw in
        // Not even the address of an empty constant may be null: that means no bytes at all.
        withUnsafeBytes(of: 0 as UInt8) { placeholder in
          let start = (raw.baseAddress ?? placeholder.baseAddress)?
            .assumingMemoryBound(to: UInt8.self)
          tfl_builder_add_buffer(builder, start, raw.count)
        }
      }
    }
    for (index, tensor) in model.tensors.enumerated() {
      try add(tensor, place: "tensor \(index) '\(tensor.name)'", buffer: constants.buffers[index])
    }
    for (index, operation) in model.operators.enumerated() {
      try add(operation, place: "operator \(index) \(operation.code)")
    }
    for code in operatorCodes.entries {
      tfl_builder_add_operator_code(
        builder, code.code.rawValue, code.customName.isEmpty ? 0 : text(code.customName),
        code.version)
    }
    let inputs = try indices(model.inputs, place: "model", what: "input")
    let outputs = try indices(model.outputs, place: "model", what: "output")
    let file = tfl_builder_finish(builder, inputs, outputs, text(model.description))
    bytes = [UInt8](UnsafeBufferPointer(start: file.bytes, count: file.count))
  }

  // MARK: - Tensors and operators

  private func add(
    _ tensor: TFLiteTensor, place: String, buffer: UInt32
  ) throws(Diagnostic) {
    var parts = TFLNewTensor()
    parts.name = text(tensor.name)
    parts.shape = try integers(tensor.shape, place: place)
    if !tensor.shapeSignature.isEmpty {
      parts.shape_signature = try integers(tensor.shapeSignature, place: place)
    }
    parts.type = tensor.elementType.rawValue
    parts.buffer = buffer
    parts.is_variable = tensor.isVariable ? 1 : 0
    if let quantization = tensor.quantization {
      parts.is_quantized = 1
      parts.scales = quantization.scales.withUnsafeBufferPointer {
        tfl_builder_add_floats(builder, $0.baseAddress, $0.count)
      }
      parts.zero_points = quantization.zeroPoints.withUnsafeBufferPointer {
        tfl_builder_add_longs(builder, $0.baseAddress, $0.count)
      }
      parts.quantized_dimension = try Int32(storing: quantization.axis, place: place)
    }
    tfl_builder_add_tensor(builder, parts)
  }

  private func add(_ operation: TFLiteOperator, place: String) throws(Diagnostic) {
    let code = OperatorVersion(
      code: operation.code, customName: operation.customName,
      version: try Int32(storing: operation.version, place: place))
    var parts = TFLNewOperator()
    parts.opcode_index = operatorCodes.index(of: code)
    parts.inputs = try indices(operation.inputs, place: place, what: "input", optional: true)
    parts.outputs = try indices(operation.outputs, place: place, what: "output")
    if !operation.intermediates.isEmpty {
      parts.intermediates = try indices(
        operation.intermediates, place: place, what: "intermediate", optional: true)
    }
    if let options = operation.customOptions {
      parts.custom_options = options.withUnsafeBytes { bytes in
        tfl_builder_add_bytes(
          builder, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
      }
    }
    var (fields, extents) = try OptionsWriter(code: operation.code, place: place)
      .fields(of: operation.options)
    extents.withUnsafeBufferPointer { extents in
      fields.extents = TFLIntegers(values: extents.baseAddress, count: extents.count)
      tfl_builder_add_operator(builder, parts, fields)
    }
  }

  // MARK: - Parts

  private func text(_ text: String) -> TFLPart {
    var text = text
    return text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        tfl_builder_add_text(builder, $0.baseAddress, $0.count)
      }
    }
  }

  private func integers(_ values: [Int], place: String) throws(Diagnostic) -> TFLPart {
    var narrow: [Int32] = []
    narrow.reserveCapacity(values.count)
    for value in values { narrow.append(try Int32(storing: value, place: place)) }
    return narrow.withUnsafeBufferPointer {
      tfl_builder_add_integers(builder, $0.baseAddress, $0.count)
    }
  }

  /// Tensor indices, checked; −1 is allowed where they are `optional`.
  private func indices(
    _ indices: [Int], place: String, what: String, optional: Bool = false
  ) throws(Diagnostic) -> TFLPart {
    for (position, index) in indices.enumerated() {
      guard index >= (optional ? -1 : 0), index < model.tensors.count else {
        throw Diagnostic(
          place: place,
          problem: "its \(what) \(position) is tensor \(index), the model has "
            + "\(model.tensors.count)", remedy: "this is a defect of fbq; please report the model")
      }
    }
    return try integers(indices, place: place)
  }
}

/// What an entry of the file's list of operator codes says.
private struct OperatorVersion: Hashable {
  var code: TFLiteOperatorCode
  var customName: String
  var version: Int32
}

/// The operator codes of a model, each once, in the order of their first use.
private struct DistinctCodes {
  private(set) var entries: [OperatorVersion] = []
  private var positions: [OperatorVersion: UInt32] = [:]

  mutating func index(of entry: OperatorVersion) -> UInt32 {
    if let known = positions[entry] { return known }
    let index = UInt32(entries.count)
    positions[entry] = index
    entries.append(entry)
    return index
  }
}

/// The constants of a model, equal ones once, in the order of their tensors.
private struct DistinctConstants {
  /// Bytes by buffer, from buffer 1.
  private(set) var contents: [ConstantBytes] = []
  /// Per tensor, its buffer; 0 for none.
  private(set) var buffers: [UInt32] = []
  private var candidates: [Int: [Int]] = [:]

  init(of model: TFLiteModel) {
    for tensor in model.tensors {
      buffers.append(tensor.constant.map { buffer(of: $0) } ?? 0)
    }
  }

  private mutating func buffer(of content: ConstantBytes) -> UInt32 {
    let digest = content.withUnsafeBytes { bytes in
      var hasher = Hasher()
      hasher.combine(bytes: bytes)
      return hasher.finalize()
    }
    for position in candidates[digest, default: []] where contents[position] == content {
      return UInt32(position + 1)
    }
    candidates[digest, default: []].append(contents.count)
    contents.append(content)
    return UInt32(contents.count)
  }
}
