import Diagnostics
import ImageInput
import IntegerModel
import Testing

@Suite("Code tables")
struct InputCodeTests {
  /// A row of two pixels, with one table or three.
  private func pipeline(_ tables: [[Int16]]) -> InputPipeline {
    InputPipeline(
      height: 1, width: 2, resizeShortSide: 1, channelOrder: tables.count == 1 ? .gray : .rgb,
      codeTables: tables, meanBits: [], standardDeviationBits: [])
  }

  private func encode(
    _ pixels: [UInt8], _ tables: [[Int16]], as type: ElementType, byteCount: Int
  ) throws(Diagnostic) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xee, count: byteCount)
    let pipeline = pipeline(tables)
    try bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(Diagnostic) in try pipeline.encode(pixels, as: type, into: buffer) }
    }.get()
    return bytes
  }

  private let rising = (0..<256).map { Int16($0) - 128 }
  private let falling = (0..<256).map { 127 - Int16($0) }
  private let wide = (0..<256).map { Int16($0 * 256 - 32768) }

  @Test("each channel has its own table")
  func channels() throws {
    let constant = [Int16](repeating: 7, count: 256)
    let codes = try encode(
      [0, 0, 0, 255, 255, 255], [rising, falling, constant], as: .int8, byteCount: 6)
    #expect(codes.map { Int8(bitPattern: $0) } == [-128, 127, 7, 127, -128, 7])
  }

  @Test("unsigned codes and 16-bit codes")
  func elementTypes() throws {
    let unsigned = (0..<256).map { Int16($0) }
    #expect(try encode([3, 200], [unsigned], as: .uint8, byteCount: 2) == [3, 200])
    // 1 · 256 − 32768 = 0x8100, 255 · 256 − 32768 = 0x7f00, low byte first.
    #expect(try encode([1, 255], [wide], as: .int16, byteCount: 4) == [0x00, 0x81, 0x00, 0x7f])
  }

  @Test("what does not fit together is refused")
  func refusals() {
    let remedy = "convert the model again"
    #expect(
      message { () throws(Diagnostic) in
        _ = try encode([1, 2], [rising], as: .int32, byteCount: 8)
      } == "input pipeline: an input of type int32 cannot hold the codes of an image; \(remedy)")
    #expect(
      message { () throws(Diagnostic) in
        _ = try encode([1, 2], [rising], as: .int8, byteCount: 3)
      }
        == "input pipeline: 2 samples do not fill an input of 3 bytes, 1 × 2 pixels of 1; \(remedy)"
    )
    #expect(
      message { () throws(Diagnostic) in
        _ = try encode([1, 2, 3], [rising], as: .int8, byteCount: 3)
      }
        == "input pipeline: 3 samples do not fill an input of 3 bytes, 1 × 2 pixels of 1; \(remedy)"
    )
    #expect(
      message { () throws(Diagnostic) in
        _ = try encode([1, 2], [[1, 2, 3]], as: .int8, byteCount: 2)
      } == "input pipeline: 1 code tables of [3] codes; it must be 1 of 256; \(remedy)")
    #expect(
      message { () throws(Diagnostic) in
        _ = try encode([1, 2], [rising, rising], as: .int8, byteCount: 2)
      } == "input pipeline: 2 code tables of [256, 256] codes; it must be 3 of 256; \(remedy)")
  }

  @Test(
    "impossible extents are refused",
    arguments: [
      (0, 1, 1, "the height is 0"), (1, -4, 1, "the width is -4"),
      (1, 1, 65_536, "the resize is 65536"),
    ])
  func extents(height: Int, width: Int, resize: Int, problem: String) {
    var pipeline = pipeline([rising])
    pipeline.height = height
    pipeline.width = width
    pipeline.resizeShortSide = resize
    let image = Image(width: 1, height: 1, channels: 1, pixels: [0])
    #expect(
      message { () throws(Diagnostic) in _ = try pipeline.pixels(of: image) }
        == "input pipeline: \(problem); it must be 1 to 65535; convert the model again")
  }
}
