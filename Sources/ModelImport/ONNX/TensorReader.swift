import ONNXFormat
import Diagnostics
import FileAccess
import FloatModel
import Foundation

/// Turns tensors of an ONNX file into constants: from raw data, typed data, or a file beside the
/// model.
struct TensorReader {
  /// The folder of the model.
  private let folder: String
  private var files: [String: MappedFile] = [:]
  private var remainingElements: Int

  init(folder: String, limits: ImportLimits) {
    self.folder = folder
    remainingElements = limits.storedElements
  }

  /// The constant that `tensor` describes: real numbers as float32, integers as they are.
  ///
  /// - Throws: a diagnostic that names the tensor where its data does not fit its shape.
  mutating func read(_ tensor: ONNXTensorProto) throws(Diagnostic) -> ImportedValue {
    do {
      return try readUnplaced(tensor)
    } catch {
      guard error.place.isEmpty else { throw error }
      var placed = error
      placed.place = "tensor '\(tensor.name)'"
      throw placed
    }
  }

  private mutating func readUnplaced(_ tensor: ONNXTensorProto) throws(Diagnostic) -> ImportedValue
  {
    var shape: [Int] = []
    for extent in tensor.dims { shape.append(Int(clamping: extent)) }
    guard shape.count <= ShapeLimits.greatestRank, let count = ShapeLimits.elementCount(shape)
    else {
      throw Diagnostic(
        problem: "has shape \(tensor.dims): more than \(ShapeLimits.greatestRank) axes, "
          + "a negative extent, or more than \(ShapeLimits.greatestElementCount) elements")
    }
    remainingElements -= count
    guard remainingElements >= 0 else {
      throw Diagnostic(problem: "brings the tensors of the model over the limit of elements")
    }
    guard let code = ElementCode(rawValue: tensor.dataType) else {
      return .unavailable("holds elements of \(ElementCode.name(of: tensor.dataType))")
    }
    if tensor.dataLocation == 1 {
      return try external(tensor, code: code, shape: shape, count: count)
    }
    guard tensor.dataLocation == 0 else {
      throw Diagnostic(problem: "has data location \(tensor.dataLocation), neither 0 nor 1")
    }
    if tensor.hasRawData {
      let decoded = tensor.rawData.withUnsafeBytes { bytes in
        Result { () throws(Diagnostic) in
          try Self.decode(bytes, code: code, shape: shape, count: count)
        }
      }
      return try decoded.get()
    }
    return try Self.typed(tensor, code: code, shape: shape, count: count)
  }

  // MARK: Typed fields

  /// The field of the message that holds elements of this type, by the specification.
  private static func typed(
    _ tensor: ONNXTensorProto, code: ElementCode, shape: [Int], count: Int
  ) throws(Diagnostic) -> ImportedValue {
    func constant(_ values: [Float]) throws(Diagnostic) -> ImportedValue {
      try check(values.count, count, shape)
      return .constant(FloatTensor(shape: shape, values: values))
    }
    func integers(_ values: [Int64]) throws(Diagnostic) -> ImportedValue {
      try check(values.count, count, shape)
      return .integers(IntegerTensor(shape: shape, values: values))
    }
    switch code {
    case .float: return try constant(tensor.floatData)
    case .double: return try constant(tensor.doubleData.map { Float($0) })
    case .float16:
      return try constant(
        tensor.int32Data.map { Float(Float16(bitPattern: UInt16(truncatingIfNeeded: $0))) })
    case .bfloat16:
      return try constant(
        tensor.int32Data.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0) << 16) })
    case .uint8, .int8, .uint16, .int16, .int32, .bool:
      return try integers(tensor.int32Data.map { Int64($0) })
    case .int64: return try integers(tensor.int64Data)
    case .uint32, .uint64:
      return try integers(tensor.uint64Data.map { Int64(clamping: $0) })
    }
  }

  private static func check(_ actual: Int, _ expected: Int, _ shape: [Int]) throws(Diagnostic) {
    guard actual == expected else {
      throw Diagnostic(
        problem: "holds \(actual) elements, but its shape \(shape) asks for \(expected)",
        remedy: "the file is damaged; export the model again")
    }
  }

  // MARK: Bytes

  private static func decode(
    _ bytes: UnsafeRawBufferPointer, code: ElementCode, shape: [Int], count: Int
  ) throws(Diagnostic) -> ImportedValue {
    guard bytes.count == count * code.byteCount else {
      throw Diagnostic(
        problem: "holds \(bytes.count) bytes, but its shape \(shape) asks for "
          + "\(count * code.byteCount)",
        remedy: "the file is damaged; export the model again")
    }
    func elements<Element>(_: Element.Type) -> [Element] where Element: FixedWidthInteger {
      (0..<count).map {
        Element(
          littleEndian: bytes.loadUnaligned(
            fromByteOffset: $0 * MemoryLayout<Element>.size, as: Element.self))
      }
    }
    func constant(_ values: [Float]) -> ImportedValue {
      .constant(FloatTensor(shape: shape, values: values))
    }
    func integers(_ values: [some FixedWidthInteger]) -> ImportedValue {
      .integers(IntegerTensor(shape: shape, values: values.map { Int64(clamping: $0) }))
    }
    return switch code {
    case .float: constant(elements(UInt32.self).map { Float(bitPattern: $0) })
    case .double: constant(elements(UInt64.self).map { Float(Double(bitPattern: $0)) })
    case .float16: constant(elements(UInt16.self).map { Float(Float16(bitPattern: $0)) })
    case .bfloat16: constant(elements(UInt16.self).map { Float(bitPattern: UInt32($0) << 16) })
    case .uint8, .bool: integers(elements(UInt8.self))
    case .int8: integers(elements(Int8.self))
    case .uint16: integers(elements(UInt16.self))
    case .int16: integers(elements(Int16.self))
    case .int32: integers(elements(Int32.self))
    case .uint32: integers(elements(UInt32.self))
    case .int64: integers(elements(Int64.self))
    case .uint64: integers(elements(UInt64.self))
    }
  }

  // MARK: External files

  private mutating func external(
    _ tensor: ONNXTensorProto, code: ElementCode, shape: [Int], count: Int
  ) throws(Diagnostic) -> ImportedValue {
    var entries: [String: String] = [:]
    for entry in tensor.externalData { entries[entry.key] = entry.value }
    let location = entries["location"] ?? ""
    let file = try externalFile(location)
    let byteCount = count * code.byteCount
    guard let offset = Int(entries["offset"] ?? "0"),
      let length = Int(entries["length"] ?? "\(byteCount)"), offset >= 0, length >= 0
    else {
      throw Diagnostic(
        problem: "has external data at offset '\(entries["offset"] ?? "")' of length "
          + "'\(entries["length"] ?? "")', which are no counts of bytes")
    }
    guard length <= file.bytes.count, offset <= file.bytes.count - length else {
      throw Diagnostic(
        problem: "has \(length) bytes of external data at offset \(offset), but '\(location)' ends "
          + "at \(file.bytes.count)",
        remedy: "copy '\(location)' again; it is truncated or belongs to another model")
    }
    return try withExtendedLifetime(file) { () throws(Diagnostic) -> ImportedValue in
      try Self.decode(
        UnsafeRawBufferPointer(rebasing: file.bytes[offset..<offset + length]), code: code,
        shape: shape, count: count)
    }
  }

  private mutating func externalFile(_ location: String) throws(Diagnostic) -> MappedFile {
    if let file = files[location] { return file }
    let components = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.isEmpty, !location.hasPrefix("/"), !location.contains("\0"),
      !components.contains("..")
    else {
      throw Diagnostic(
        problem: "has external data in '\(location)', which is outside the model's folder",
        remedy: "keep weights in the folder of the model")
    }
    let path = "\(folder)/\(location)"
    do {
      let file = try MappedFile(path: path)
      files[location] = file
      return file
    } catch {
      throw error.inFile(path)
    }
  }
}
