import IntegerModel
import TensorFiles

extension ElementType {
  /// The same type in `.npz` files; `nil` for `int4`, which no activation has.
  public var arrayElementType: ArrayElementType? {
    switch self {
    case .int8: .int8
    case .uint8: .uint8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .int4: nil
    }
  }

  /// Element `index` of densely packed little-endian `bytes`, which must hold it.
  public func code(at index: Int, in bytes: UnsafeRawBufferPointer) -> Int {
    switch self {
    case .int8: Int(bytes.loadUnaligned(fromByteOffset: index, as: Int8.self))
    case .uint8: Int(bytes[index])
    case .int16:
      Int(Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 2, as: Int16.self)))
    case .int32:
      Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 4, as: Int32.self)))
    case .int64:
      Int(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: Int64.self)))
    case .int4:
      // Sign extension of the low or the high nibble.
      Int(Int8(bitPattern: index % 2 == 0 ? bytes[index / 2] << 4 : bytes[index / 2]) >> 4)
    }
  }
}

extension TensorDescription {
  /// How many inputs `array` holds, if it holds one or several values of this tensor: its shape is
  /// the tensor's own, or has a leading axis over the inputs, which may also take the place of a
  /// batch of 1. `nil` where the shapes do not belong together.
  public func inputCount(of array: NumericArray) -> Int? {
    if array.shape == shape { return 1 }
    if array.shape.count == shape.count + 1, [Int](array.shape.dropFirst()) == shape {
      return array.shape[0]
    }
    if shape.first == 1, array.shape.count == shape.count,
      array.shape.dropFirst() == shape.dropFirst()
    {
      return array.shape[0]
    }
    return nil
  }
}
