import CZlib

/// The CRC-32 of zip, gzip and PNG (polynomial 0x04C11DB7 reflected; ISO 3309, ITU-T V.42): the
/// checksum of `.fbq` and `.npz` files.
public enum CRC32 {
  /// The checksum of `bytes`; with `previous`, that of the bytes it belongs to followed by `bytes`.
  public static func checksum(of bytes: UnsafeRawBufferPointer, after previous: UInt32 = 0)
    -> UInt32
  {
    // With a null pointer zlib would return the initial value and forget `previous`.
    guard let address = bytes.baseAddress, bytes.count > 0 else { return previous }
    let start = address.assumingMemoryBound(to: UInt8.self)
    return UInt32(truncatingIfNeeded: crc32_z(UInt(previous), start, bytes.count))
  }

  /// The checksum of `bytes`.
  public static func checksum(of bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBytes { checksum(of: $0) }
  }

  /// The checksum of two byte strings one after the other, from the checksum of each and the length
  /// of the second, without reading them again.
  public static func combined(_ first: UInt32, _ second: UInt32, secondCount: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: crc32_combine(UInt(first), UInt(second), secondCount))
  }
}
