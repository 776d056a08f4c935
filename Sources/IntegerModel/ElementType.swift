/// The integer types that a tensor's elements can have.
///
/// Raw values are those of the file format (`Schemas/fbq.fbs`); never renumber.
public enum ElementType: UInt8, Hashable, Sendable, CaseIterable {
  /// 8-bit signed codes, −128…127: activations and weights.
  case int8 = 0
  /// 8-bit unsigned codes, 0…255: legacy TFLite models and images.
  case uint8 = 1
  /// 16-bit signed codes: activations of 16x8 models.
  case int16 = 2
  /// 32-bit signed: biases, indices.
  case int32 = 3
  /// 64-bit signed: biases of 16x8 models.
  case int64 = 4
  /// Packed 4-bit signed weights, two per byte, low nibble first; constants only.
  case int4 = 5

  /// Bytes that `count` elements take, densely packed.
  public func byteCount(of count: Int) -> Int {
    switch self {
    case .int8, .uint8: count
    case .int16: count * 2
    case .int32: count * 4
    case .int64: count * 8
    case .int4: (count + 1) / 2
    }
  }

  /// The least code that the type can hold.
  public var minimumCode: Int64 {
    switch self {
    case .int8: -128
    case .uint8: 0
    case .int16: -32768
    case .int32: Int64(Int32.min)
    case .int64: Int64.min
    case .int4: -8
    }
  }

  /// The greatest code that the type can hold.
  public var maximumCode: Int64 {
    switch self {
    case .int8: 127
    case .uint8: 255
    case .int16: 32767
    case .int32: Int64(Int32.max)
    case .int64: Int64.max
    case .int4: 7
    }
  }

  /// The name that users read, the same as NumPy's (`int4` excepted).
  public var name: String {
    switch self {
    case .int8: "int8"
    case .uint8: "uint8"
    case .int16: "int16"
    case .int32: "int32"
    case .int64: "int64"
    case .int4: "int4"
    }
  }
}
