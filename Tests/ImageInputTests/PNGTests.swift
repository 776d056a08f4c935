import ImageInput
import TestSupport
import Testing

@Suite("PNG")
struct PNGTests {
  typealias ColorType = PNGBuilder.ColorType

  /// Every combination of color type and bit depth that the specification allows.
  static let kinds: [(ColorType, Int)] = [
    (.gray, 1), (.gray, 2), (.gray, 4), (.gray, 8), (.gray, 16), (.color, 8), (.color, 16),
    (.palette, 1), (.palette, 2), (.palette, 4), (.palette, 8), (.grayAlpha, 8), (.grayAlpha, 16),
    (.colorAlpha, 8), (.colorAlpha, 16),
  ]

  @Test("every color type and bit depth, interlaced or not", arguments: kinds, [false, true])
  func kind(_ kind: (type: ColorType, depth: Int), isInterlaced: Bool) throws {
    let seed = UInt64(kind.depth) << 8 | UInt64(kind.type.rawValue)
    var generator = SeededGenerator(seed: seed)
    // Sizes with empty interlacing passes and with rows that end inside a byte.
    for (width, height) in [(1, 1), (3, 5), (8, 8), (13, 9)] {
      let samples = (0..<width * height * kind.type.sampleCount).map { _ in
        Int.random(in: 0..<1 << kind.depth, using: &generator)
      }
      let palette = (0..<3 << min(kind.depth, 8)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      let file = PNGBuilder(
        width: width, height: height, bitDepth: kind.depth, colorType: kind.type, samples: samples,
        palette: kind.type == .palette ? palette : [], isInterlaced: isInterlaced
      ).encoded()
      let image = try decode(file)
      let expected = expectedPixels(samples, type: kind.type, depth: kind.depth, palette: palette)
      #expect(image.pixels == expected, "seed \(seed), \(width) × \(height)")
      #expect(image.width == width && image.height == height)
    }
  }

  /// The specification's rules: a gray sample v of d bits stands for v / (2^d − 1), rounded to
  /// nearest in 8 bits; a palette sample for three bytes; alpha does not count.
  private func expectedPixels(
    _ samples: [Int], type: ColorType, depth: Int, palette: [UInt8]
  ) -> [UInt8] {
    if type == .palette { return samples.flatMap { palette[3 * $0..<3 * $0 + 3] } }
    let colorCount = type == .gray || type == .grayAlpha ? 1 : 3
    let greatest = 1 << depth - 1
    return samples.enumerated().compactMap { index, sample in
      guard index % type.sampleCount < colorCount else { return nil }
      return UInt8((510 * sample + greatest) / (2 * greatest))
    }
  }

  @Test(
    "transparency leaves the colors as they are",
    arguments: [
      (ColorType.gray, [0, 1], [UInt8](), [UInt8]([0, 1]), 1),
      (ColorType.color, [0, 0, 1, 0, 0, 2], [], [0, 0, 0, 0, 0, 1], 3),
      (ColorType.palette, [0, 1], [9, 8, 7, 6, 5, 4], [0, 128], 3),
    ])
  func transparency(
    type: ColorType, samples: [Int], palette: [UInt8], transparency: [UInt8], channels: Int
  ) throws {
    let file = PNGBuilder(
      width: 2, height: 1, bitDepth: 8, colorType: type, samples: samples, palette: palette,
      transparency: transparency
    ).encoded()
    let image = try decode(file)
    #expect(image.channels == channels)
    #expect(image.pixels == (palette.isEmpty ? samples.map { UInt8($0) } : palette))
  }

  static let small = PNGBuilder(
    width: 3, height: 2, bitDepth: 8, colorType: .gray, samples: [1, 2, 3, 4, 5, 6])

  @Test("a file cut off anywhere is truncated, whatever follows a whole one does not matter")
  func truncation() throws {
    let whole = PNGTests.small.encoded()
    for count in 4..<whole.count {
      #expect(
        complaint(about: Array(whole.prefix(count)))
          == truncationMessage("PNG", byteCount: count)
      )
    }
    #expect(try decode(whole + [1, 2, 3]).pixels == [1, 2, 3, 4, 5, 6])
  }

  @Test("a damaged byte is noticed by its checksum")
  func damage() {
    var file = PNGTests.small.encoded()
    file[20] ^= 1
    #expect(
      complaint(about: file)
        == "the PNG data is damaged (libpng: IHDR: CRC error); get the file again")
  }

  @Test(
    "sizes over the limits are refused before anything is decoded",
    arguments: [
      (
        65_536, 1,
        "the image is 65536 × 1 pixels; the limit is 65535 on a side; make it smaller"
      ),
      (
        10_001, 10_000,
        "the image is 10001 × 10000 pixels; the limit is 100 million pixels; make it smaller"
      ),
      (
        10_000, 10_000,
        truncationMessage("PNG", byteCount: 76)
      ),
    ])
  func sizeLimits(width: Int, height: Int, message: String) {
    var file = PNGTests.small.encoded()
    let size = PNGBuilder.bigEndian(UInt32(width)) + PNGBuilder.bigEndian(UInt32(height))
    file.replaceSubrange(16..<24, with: size)
    file.replaceSubrange(29..<33, with: PNGBuilder.bigEndian(PNGBuilder.checksum(file[12..<29])))
    #expect(complaint(about: file) == message)
  }
}
