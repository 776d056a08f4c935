/// The types that the elements of a ``NumericArray`` can have: those of NumPy that hold one number.
public enum ArrayElementType: Hashable, Sendable, CaseIterable {
  /// One byte, 0 or 1.
  case bool
  /// 8-bit signed.
  case int8
  /// 8-bit unsigned.
  case uint8
  /// 16-bit signed.
  case int16
  /// 16-bit unsigned.
  case uint16
  /// 32-bit signed.
  case int32
  /// 32-bit unsigned.
  case uint32
  /// 64-bit signed.
  case int64
  /// 64-bit unsigned.
  case uint64
  /// IEEE 754 binary32.
  case float32
  /// IEEE 754 binary64.
  case float64

  /// NumPy's name of the type.
  public var name: String {
    switch self {
    case .bool: "bool"
    case .int8: "int8"
    case .uint8: "uint8"
    case .int16: "int16"
    case .uint16: "uint16"
    case .int32: "int32"
    case .uint32: "uint32"
    case .int64: "int64"
    case .uint64: "uint64"
    case .float32: "float32"
    case .float64: "float64"
    }
  }

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .bool, .int8, .uint8: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    }
  }

  /// Whether the elements are whole numbers.
  public var isInteger: Bool { self != .float32 && self != .float64 }

  /// NumPy's type code without the byte order, as in `.npy` headers: `i4`.
  var code: String {
    switch self {
    case .bool: "b1"
    case .int8: "i1"
    case .uint8: "u1"
    case .int16: "i2"
    case .uint16: "u2"
    case .int32: "i4"
    case .uint32: "u4"
    case .int64: "i8"
    case .uint64: "u8"
    case .float32: "f4"
    case .float64: "f8"
    }
  }
}

/// A Swift type whose values are the elements of arrays of one ``ArrayElementType``.
public protocol ArrayElement: Sendable {
  /// Its type in files.
  static var arrayElementType: ArrayElementType { get }
}

extension Int8: ArrayElement {
  /// `int8`
  public static var arrayElementType: ArrayElementType { .int8 }
}
extension UInt8: ArrayElement {
  /// `uint8`
  public static var arrayElementType: ArrayElementType { .uint8 }
}
extension Int16: ArrayElement {
  /// `int16`
  public static var arrayElementType: ArrayElementType { .int16 }
}
extension UInt16: ArrayElement {
  /// `uint16`
  public static var arrayElementType: ArrayElementType { .uint16 }
}
extension Int32: ArrayElement {
  /// `int32`
  public static var arrayElementType: ArrayElementType { .int32 }
}
extension UInt32: ArrayElement {
  /// `uint32`
  public static var arrayElementType: ArrayElementType { .uint32 }
}
extension Int64: ArrayElement {
  /// `int64`
  public static var arrayElementType: ArrayElementType { .int64 }
}
extension UInt64: ArrayElement {
  /// `uint64`
  public static var arrayElementType: ArrayElementType { .uint64 }
}
extension Float: ArrayElement {
  /// `float32`
  public static var arrayElementType: ArrayElementType { .float32 }
}
extension Double: ArrayElement {
  /// `float64`
  public static var arrayElementType: ArrayElementType { .float64 }
}
