import CFBQSchema
import FBQFormat
import IntegerModel

/// A file made with the C builder alone, so that it can say what no graph can.
struct RawFile {
  var header: FBQModelHeader
  var buffers: [FBQBuffer] = []
  var tensors: [FBQTensor] = []
  var operations: [FBQOperation] = []
  /// Those of the first operation.
  var scalings: [FBQProfileScaling] = []
  var labels: [FBQText] = []
  var pipeline: FBQInputPipeline?

  /// A file without any content.
  init() {
    header = FBQModelHeader()
    header.format_version = 1
  }

  /// The bytes, with the right size and checksum.
  func bytes() -> [UInt8] {
    let builder = fbq_builder_create(1024)
    defer { fbq_builder_destroy(builder) }
    for buffer in buffers.reversed() { fbq_builder_add_buffer(builder, buffer) }
    for tensor in tensors { fbq_builder_add_tensor(builder, tensor) }
    for scaling in scalings { fbq_builder_add_scaling(builder, scaling) }
    for operation in operations { fbq_builder_add_operation(builder, operation) }
    for label in labels { fbq_builder_add_label(builder, label) }
    if let pipeline { fbq_builder_set_input_pipeline(builder, pipeline) }
    var offset = 0
    let file = fbq_builder_finish(builder, header, &offset)
    var bytes = [UInt8](UnsafeBufferPointer(start: file.bytes, count: file.count))
    RawFile.seal(&bytes)
    return bytes
  }

  /// Where the checksum of the file stands: field 2 of the root table, found by hand.
  static func checksumOffset(_ bytes: [UInt8]) -> Int? {
    guard let root = word(bytes, 0), let back = word(bytes, root), back <= root,
      let entry = half(bytes, root - back + 4 + 2 * 2), entry > 0
    else { return nil }
    return root + entry + 4 <= bytes.count ? root + entry : nil
  }

  /// Corrects the checksum of a file that was changed. Returns whether it has one.
  @discardableResult
  static func seal(_ bytes: inout [UInt8]) -> Bool {
    guard let offset = checksumOffset(bytes) else { return false }
    bytes.replaceSubrange(offset..<offset + 4, with: [0, 0, 0, 0])
    let value = crc32(bytes)
    for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
    return true
  }

  /// CRC-32 bit by bit, as ISO 3309 defines it.
  static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var remainder: UInt32 = .max
    for byte in bytes {
      remainder ^= UInt32(byte)
      for _ in 0..<8 {
        remainder = (remainder >> 1) ^ (remainder & 1 == 1 ? 0xedb8_8320 : 0)
      }
    }
    return ~remainder
  }

  private static func word(_ bytes: [UInt8], _ offset: Int) -> Int? {
    guard offset >= 0, offset + 4 <= bytes.count else { return nil }
    return (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
  }

  private static func half(_ bytes: [UInt8], _ offset: Int) -> Int? {
    guard offset >= 0, offset + 2 <= bytes.count else { return nil }
    return Int(bytes[offset]) | Int(bytes[offset + 1]) << 8
  }
}

/// Memory for the vectors of a ``RawFile``, alive as long as the object.
final class RawMemory {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit { for block in blocks { block.deallocate() } }

  func copy<Element>(_ values: [Element]) -> UnsafePointer<Element> {
    let block = UnsafeMutablePointer<Element>.allocate(capacity: max(values.count, 1))
    block.initialize(from: values, count: values.count)
    blocks.append(UnsafeMutableRawPointer(block))
    return UnsafePointer(block)
  }

  func integers(_ values: [Int32]) -> FBQIntegers {
    FBQIntegers(values: copy(values), count: values.count)
  }

  func text(_ bytes: [UInt8]) -> FBQText {
    FBQText(bytes: copy(bytes.map { CChar(bitPattern: $0) }), count: bytes.count)
  }

  func text(_ text: String) -> FBQText { self.text([UInt8](text.utf8)) }

  func data(_ bytes: [UInt8]) -> FBQBytes { FBQBytes(bytes: copy(bytes), count: bytes.count) }
}
