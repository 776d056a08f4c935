/// Little-endian integers in the records of zip files.
extension UnsafeRawBufferPointer {
  /// The integer at `offset`, or `nil` where it would reach past the end.
  func integer<Value: FixedWidthInteger>(at offset: Int, as _: Value.Type) -> Int? {
    guard offset >= 0, offset <= count - MemoryLayout<Value>.size else { return nil }
    return Int(exactly: Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: Value.self)))
  }
}

extension [UInt8] {
  /// Appends `value` in as many bytes as its type has.
  mutating func append<Value: FixedWidthInteger>(littleEndian value: Value) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
