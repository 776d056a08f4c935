import Diagnostics

/// A named array of numbers as `.npy` and `.npz` files hold it.
public struct NumericArray: Equatable, Sendable {
  /// Name of the member of an `.npz` file, without `.npy`; for an `.npy` file its name.
  public var name: String
  /// Extents, row-major. Empty for a single number.
  public var shape: [Int]
  /// Type of the elements.
  public var elementType: ArrayElementType
  /// The elements, row-major, little-endian, densely packed.
  public var bytes: [UInt8]

  /// Creates an array. That `bytes` has as many elements as `shape` says is checked on writing.
  public init(name: String, shape: [Int], elementType: ArrayElementType, bytes: [UInt8]) {
    self.name = name
    self.shape = shape
    self.elementType = elementType
    self.bytes = bytes
  }

  /// Creates an array of the elements of `values`, of the given shape or along one axis.
  public init<Element: ArrayElement>(name: String, shape: [Int]? = nil, values: [Element]) {
    self.init(
      name: name, shape: shape ?? [values.count], elementType: Element.arrayElementType,
      bytes: values.withUnsafeBytes { [UInt8]($0) })
  }

  /// Number of elements held.
  public var elementCount: Int { bytes.count / elementType.byteCount }

  /// The elements, which must be of exactly this type.
  ///
  /// Throws a ``Diagnostic`` that names the array when they are of another type.
  public func values<Element: ArrayElement>(as _: Element.Type = Element.self)
    throws(Diagnostic) -> [Element]
  {
    let wanted = Element.arrayElementType
    guard elementType == wanted else {
      throw Diagnostic(
        place: "array '\(name)'", problem: "holds \(elementType.name), not \(wanted.name)",
        remedy: "convert it with .astype('\(wanted.name)')")
    }
    return elements(of: Element.self)
  }

  /// The elements as floats, whatever their type; the nearest float where there is no equal one.
  public func floats() -> [Float] {
    switch elementType {
    case .bool, .uint8: elements(of: UInt8.self).map { Float($0) }
    case .int8: elements(of: Int8.self).map { Float($0) }
    case .int16: elements(of: Int16.self).map { Float($0) }
    case .uint16: elements(of: UInt16.self).map { Float($0) }
    case .int32: elements(of: Int32.self).map { Float($0) }
    case .uint32: elements(of: UInt32.self).map { Float($0) }
    case .int64: elements(of: Int64.self).map { Float($0) }
    case .uint64: elements(of: UInt64.self).map { Float($0) }
    case .float32: elements(of: Float.self)
    case .float64: elements(of: Double.self).map { Float($0) }
    }
  }

  /// The elements as integers, from any integer type.
  ///
  /// Throws a ``Diagnostic`` that names the array when it holds floats or a number above `Int.max`.
  public func integers() throws(Diagnostic) -> [Int] {
    switch elementType {
    case .bool, .uint8: return elements(of: UInt8.self).map { Int($0) }
    case .int8: return elements(of: Int8.self).map { Int($0) }
    case .int16: return elements(of: Int16.self).map { Int($0) }
    case .uint16: return elements(of: UInt16.self).map { Int($0) }
    case .int32: return elements(of: Int32.self).map { Int($0) }
    case .uint32: return elements(of: UInt32.self).map { Int($0) }
    case .int64: return elements(of: Int64.self).map { Int($0) }
    case .uint64:
      let values = elements(of: UInt64.self)
      if let excess = values.first(where: { $0 > UInt64(Int.max) }) {
        throw Diagnostic(
          place: "array '\(name)'", problem: "holds \(excess), the limit is \(Int.max)")
      }
      return values.map { Int($0) }
    case .float32, .float64:
      throw Diagnostic(
        place: "array '\(name)'", problem: "holds \(elementType.name), not integers",
        remedy: "convert it with .astype('int32')")
    }
  }

  /// The bytes read as elements of a type of the same width.
  private func elements<Element: ArrayElement>(of _: Element.Type) -> [Element] {
    bytes.withUnsafeBytes { raw in
      let count = raw.count / MemoryLayout<Element>.stride
      return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: raw[..<(count * MemoryLayout<Element>.stride)]))
        initialized = count
      }
    }
  }

  /// Number of bytes that elements of `elementType` in `shape` take, or `nil` where that is no
  /// number this machine can address.
  static func byteCount(of shape: [Int], _ elementType: ArrayElementType) -> Int? {
    var count = elementType.byteCount
    for extent in shape {
      let (product, overflows) = count.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflows else { return nil }
      count = product
    }
    return count
  }
}
