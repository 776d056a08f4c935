import CZlib
import Diagnostics

/// Raw deflate streams (RFC 1951, without zlib or gzip framing), as in zip files.
public enum Deflate {
  /// No deflate stream expands to more than this many times its own size: 258 bytes from two bits.
  public static let maximumRatio = 1032

  /// How hard to try.
  public enum Effort: Int32, Sendable {
    /// For data written in passing.
    case balanced = 6
    /// For data that is written once and read often; several times slower.
    case smallest = 9
  }

  /// The compressed form of `pieces`, taken one after the other. The same bytes always give the same
  /// result with the same effort and the same zlib.
  ///
  /// Throws a ``Diagnostic`` only when memory runs out.
  public static func compress(
    _ pieces: [UnsafeRawBufferPointer], effort: Effort = .balanced
  ) throws(Diagnostic) -> [UInt8] {
    var stream = z_stream()
    guard
      deflateInit2_(
        &stream, effort.rawValue, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw Diagnostic(problem: "not enough memory to compress") }
    defer { deflateEnd(&stream) }

    var result: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    for piece in pieces {
      stream.next_in = bytesPointer(piece)
      var rest = piece.count
      while rest > 0 {
        // zlib counts in 32 bits.
        let portion = min(rest, 1 << 30)
        stream.avail_in = UInt32(portion)
        rest -= portion
        while stream.avail_in > 0 { drain(&stream, Z_NO_FLUSH, through: &block, into: &result) }
      }
    }
    while drain(&stream, Z_FINISH, through: &block, into: &result) != Z_STREAM_END {}
    return result
  }

  /// The compressed form of `bytes`.
  public static func compress(
    _ bytes: UnsafeRawBufferPointer, effort: Effort = .balanced
  ) throws(Diagnostic) -> [UInt8] {
    try compress([bytes], effort: effort)
  }

  @discardableResult
  private static func drain(
    _ stream: inout z_stream, _ flush: Int32, through block: inout [UInt8],
    into result: inout [UInt8]
  ) -> Int32 {
    block.withUnsafeMutableBufferPointer { buffer in
      stream.next_out = buffer.baseAddress
      stream.avail_out = UInt32(buffer.count)
      let code = deflate(&stream, flush)
      result.append(contentsOf: buffer[..<(buffer.count - Int(stream.avail_out))])
      return code
    }
  }
}

/// zlib's input pointer is not const, but zlib does not write through it.
func bytesPointer(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutablePointer<UInt8>? {
  UnsafeMutableRawPointer(mutating: bytes.baseAddress)?.assumingMemoryBound(to: UInt8.self)
}
