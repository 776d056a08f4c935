import CZlib
import Diagnostics

/// Expands a raw deflate stream (RFC 1951) piece by piece into memory that the caller provides, so
/// that a hostile stream can never make it allocate.
public final class Inflater {
  private var stream = z_stream()
  private var rest: UnsafeRawBufferPointer
  private var isFinished = false

  /// Starts at the beginning of `compressed`, which must stay valid while the object is used.
  ///
  /// Throws a ``Diagnostic`` only when memory runs out.
  public init(compressed: UnsafeRawBufferPointer) throws(Diagnostic) {
    rest = compressed
    guard
      inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw Diagnostic(problem: "not enough memory to inflate") }
  }

  deinit { inflateEnd(&stream) }

  /// Fills `output` with the next bytes. Returns how many there were: fewer than `output` holds only
  /// where the stream ends.
  ///
  /// Throws a ``Diagnostic`` without a place when the stream is corrupted or cut short.
  public func read(into output: UnsafeMutableRawBufferPointer) throws(Diagnostic) -> Int {
    var position = 0
    while position < output.count && !isFinished {
      // zlib counts in 32 bits.
      let room = UnsafeMutableRawBufferPointer(
        rebasing: output[position..<min(output.count, position + 1 << 30)])
      stream.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.avail_out = UInt32(room.count)
      let portion = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
      stream.next_in = bytesPointer(portion)
      stream.avail_in = UInt32(portion.count)
      let code = inflate(&stream, Z_NO_FLUSH)
      let consumed = portion.count - Int(stream.avail_in)
      let produced = room.count - Int(stream.avail_out)
      rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
      position += produced
      switch code {
      case Z_STREAM_END: isFinished = true
      case Z_OK where consumed + produced > 0: break
      case Z_OK, Z_BUF_ERROR: throw Diagnostic(problem: "the compressed data is cut short")
      case Z_MEM_ERROR: throw Diagnostic(problem: "not enough memory to inflate")
      default: throw Diagnostic(problem: "the compressed data is corrupted")
      }
    }
    return position
  }

  /// Fills `output` completely with the rest of the stream and checks that nothing is left over:
  /// neither expanded bytes nor compressed ones.
  ///
  /// Throws a ``Diagnostic`` without a place when the stream is corrupted, shorter or longer.
  public func readAll(into output: UnsafeMutableRawBufferPointer) throws(Diagnostic) {
    let count = try read(into: output)
    guard count == output.count else {
      throw Diagnostic(problem: "the compressed data expands to fewer bytes than stated")
    }
    if !isFinished {
      // The end marker may still be unread, so look for one more byte.
      var extra: UInt8 = 0
      let surplus = try withUnsafeMutableBytes(of: &extra) { (byte) throws(Diagnostic) in
        try read(into: byte)
      }
      guard surplus == 0 else {
        throw Diagnostic(problem: "the compressed data expands to more bytes than stated")
      }
    }
    guard rest.isEmpty else {
      throw Diagnostic(problem: "\(rest.count) bytes follow the end of the compressed data")
    }
  }
}
