import ImageInput
import Testing

@Suite("JPEG")
struct JPEGTests {
  typealias Component = JPEGBuilder.Component

  /// A gray image of `columns` blocks in a row for each value.
  static func gray(_ blocks: [Int], columns: Int) -> JPEGBuilder {
    JPEGBuilder(
      width: 8 * columns, height: 8 * blocks.count / columns,
      components: [Component(blocks: blocks)])
  }

  @Test("gray blocks")
  func gray() throws {
    let image = try decode(JPEGTests.gray([0, 255, 128], columns: 3).encoded())
    #expect(image.width == 24 && image.height == 8 && image.channels == 1)
    let row = [UInt8]([0, 255, 128]).flatMap { [UInt8](repeating: $0, count: 8) }
    let expected = (0..<8).flatMap { _ in row }
    #expect(image.pixels == expected)
  }

  @Test("a progressive file has the same pixels as a baseline file")
  func progressive() throws {
    var builder = JPEGTests.gray([0, 255, 128, 3], columns: 2)
    let baseline = try decode(builder.encoded())
    builder.frameMarker = 0xc2
    builder.coefficientScanCount = 63
    #expect(try decode(builder.encoded()) == baseline)
  }

  @Test(
    "colors of JFIF, by ITU-R BT.601",
    arguments: [
      ([128, 128, 128], [128, 128, 128]),
      // R = 100 + 1.402 · 32 = 144.9; G = 100 + 0.3441 · 38 − 0.7141 · 32 = 90.2;
      // B = 100 − 1.772 · 38 = 32.7.
      ([100, 90, 160], [145, 90, 33]),
      // R = 255 + 1.402 · 127 and B = 255 + 1.772 · 127 are cut off;
      // G = 255 − 0.3441 · 127 − 0.7141 · 127 = 120.6.
      ([255, 255, 255], [255, 121, 255]),
    ])
  func color(yCbCr: [Int], rgb: [UInt8]) throws {
    let file = JPEGBuilder(
      width: 8, height: 8, components: yCbCr.map { Component(blocks: [$0]) }
    ).encoded()
    let image = try decode(file)
    #expect(image.channels == 3)
    #expect(Array(image.pixels.prefix(3)) == rgb)
    let expected = (0..<64).flatMap { _ in rgb }
    #expect(image.pixels == expected)
  }

  @Test("RGB without conversion where an Adobe segment says so")
  func adobeRGB() throws {
    let file = JPEGBuilder(
      width: 8, height: 8, components: [10, 20, 30].map { Component(blocks: [$0]) },
      extraSegments: [JPEGBuilder.adobeSegment(transform: 0)]
    ).encoded()
    #expect(Array(try decode(file).pixels.prefix(3)) == [10, 20, 30])
  }

  @Test("halved chroma is interpolated with a triangle between pixel centers")
  func fancyUpsampling() throws {
    let file = JPEGBuilder(
      width: 32, height: 8,
      components: [
        Component(horizontalSampling: 2, blocks: [100, 100, 100, 100]),
        Component(blocks: [128, 128]),
        Component(blocks: [128, 168]),
      ]
    ).encoded()
    // Cr beside the edge: (3 · 128 + 168 + 2) / 4 = 138 and (3 · 168 + 128 + 1) / 4 = 158;
    // R = 100 + 1.402 · (Cr − 128).
    let red = try decode(file).pixels.enumerated().compactMap { $0 % 3 == 0 ? $1 : nil }
    #expect(Array(red[14...17]) == [100, 114, 142, 156])
  }

  @Test(
    "CMYK, stored inverted, becomes RGB",
    arguments: [
      ([255, 255, 255, 255], [255, 255, 255]),
      ([255, 255, 255, 0], [0, 0, 0]),
      // 200 · 100 / 255 = 78.4; 51 · 100 / 255 = 20; 3 · 100 / 255 = 1.2.
      ([200, 51, 3, 100], [78, 20, 1]),
    ])
  func cmyk(ink: [Int], rgb: [UInt8]) throws {
    let file = JPEGBuilder(
      width: 8, height: 8, components: ink.map { Component(blocks: [$0]) },
      extraSegments: [JPEGBuilder.adobeSegment(transform: 0)]
    ).encoded()
    let expected = (0..<64).flatMap { _ in rgb }
    #expect(try decode(file).pixels == expected)
  }

  /// Where the four quarters A B / C D of the stored image are after turning it upright.
  static let orientations: [(UInt16, [UInt8])] = [
    (1, [10, 20, 30, 40]), (2, [20, 10, 40, 30]), (3, [40, 30, 20, 10]), (4, [30, 40, 10, 20]),
    (5, [10, 30, 20, 40]), (6, [30, 10, 40, 20]), (7, [40, 20, 30, 10]), (8, [20, 40, 10, 30]),
    (0, [10, 20, 30, 40]), (9, [10, 20, 30, 40]),
  ]

  @Test("the orientation of the camera is applied", arguments: orientations, [false, true])
  func orientation(_ orientation: (tag: UInt16, quarters: [UInt8]), isBigEndian: Bool) throws {
    var builder = JPEGTests.gray([10, 20, 30, 40], columns: 2)
    builder.extraSegments = [
      JPEGBuilder.segment(0xe0, Array("JFIF".utf8) + [0, 1, 1, 0, 0, 1, 0, 1, 0, 0]),
      JPEGBuilder.exifSegment(orientation: orientation.tag, isBigEndian: isBigEndian),
    ]
    let image = try decode(builder.encoded())
    let corners = [0, 15, 240, 255].map { image.pixels[$0] }
    #expect(corners == orientation.quarters)
  }

  @Test("turning by a quarter exchanges width and height")
  func turnedSize() throws {
    var builder = JPEGTests.gray([10, 20, 30], columns: 3)
    builder.extraSegments = [JPEGBuilder.exifSegment(orientation: 6, isBigEndian: false)]
    let image = try decode(builder.encoded())
    #expect(image.width == 8 && image.height == 24)
    let blocks = [0, 8 * 8, 16 * 8].map { image.pixels[$0] }
    #expect(blocks == [10, 20, 30])
  }

  @Test("a broken Exif segment does not break the picture")
  func brokenExif() throws {
    let exif = JPEGBuilder.exifSegment(orientation: 3, isBigEndian: true)
    for count in 0..<exif.count - 4 {
      var builder = JPEGTests.gray([10, 20], columns: 2)
      builder.extraSegments = [JPEGBuilder.segment(0xe1, Array(exif[4..<4 + count]))]
      let image = try decode(builder.encoded())
      let isTurned = image.pixels[0] == 20
      // The tag's value ends 6 bytes before the end of the segment.
      #expect(isTurned == (count >= exif.count - 4 - 6), "after \(count) bytes")
    }
  }

  static let small = gray([10, 20, 30, 40], columns: 2)

  @Test("a file cut off anywhere is truncated, whatever follows a whole one does not matter")
  func truncation() throws {
    for marker: UInt8 in [0xc0, 0xc2] {
      var builder = JPEGTests.small
      builder.frameMarker = marker
      let whole = builder.encoded()
      for count in 2..<whole.count {
        #expect(
          complaint(about: Array(whole.prefix(count)))
            == truncationMessage("JPEG", byteCount: count))
      }
      #expect(try decode(whole + [1, 2, 3]) == decode(whole))
    }
  }

  @Test("stray bytes between segments are let pass, missing blocks are not")
  func damage() throws {
    var file = JPEGTests.small.encoded()
    file.insert(contentsOf: [0, 0], at: file.count - 2)
    #expect(try decode(file) == decode(JPEGTests.small.encoded()))

    var short = JPEGTests.small
    short.height = 160
    short.components[0].blocks += [Int](repeating: 128, count: 36)
    var shortened = short.encoded()
    shortened.removeSubrange(shortened.count - 8..<shortened.count - 2)
    let expected = """
      the JPEG data is damaged (libjpeg: Corrupt JPEG data: premature end of data segment); \
      get the file again
      """
    #expect(complaint(about: shortened) == expected)
  }

  @Test("too many scans are refused, because each costs time and few bytes")
  func scanLimit() {
    let blocks = Component(blocks: [128])
    let file = JPEGBuilder(
      width: 8, height: 8, components: [blocks, blocks, blocks], frameMarker: 0xc2,
      coefficientScanCount: 34
    ).encoded()
    #expect(
      complaint(about: file)
        == unsupportedJPEGMessage("more than 100 scans"))
  }

  @Test("a size that so few bytes cannot fill is refused before memory is set aside")
  func claimedSize() {
    var builder = JPEGTests.small
    builder.components[0].blocks = [10, 20, 30, 40]
    var file = builder.encoded()
    // Height and width stand 5 bytes after the frame marker.
    guard let frame = file.indices.first(where: { file[$0] == 0xff && file[$0 + 1] == 0xc0 }) else {
      Issue.record("no frame")
      return
    }
    file.replaceSubrange(frame + 5..<frame + 9, with: [0x27, 0x10, 0x27, 0x10])
    #expect(
      complaint(about: file)
        == truncationMessage("JPEG", byteCount: file.count))
    file.replaceSubrange(frame + 5..<frame + 9, with: [0x27, 0x10, 0x27, 0x11])
    #expect(
      complaint(about: file)
        == "the image is 10001 × 10000 pixels; the limit is 100 million pixels; make it smaller")
  }

  @Test("other kinds of JPEG are named")
  func unsupported() {
    var arithmetic = JPEGTests.small
    arithmetic.frameMarker = 0xc9
    #expect(
      complaint(about: arithmetic.encoded())
        == unsupportedJPEGMessage("arithmetic coding"))
    var deep = JPEGTests.small
    deep.precision = 12
    deep.frameMarker = 0xc1
    #expect(
      complaint(about: deep.encoded())
        == unsupportedJPEGMessage("Unsupported JPEG data precision 12"))
    var twoComponents = JPEGTests.small
    twoComponents.components = [Component(blocks: [1, 2, 3, 4]), Component(blocks: [1, 2, 3, 4])]
    #expect(
      complaint(about: twoComponents.encoded())
        == unsupportedJPEGMessage("unknown color space"))
  }
}
