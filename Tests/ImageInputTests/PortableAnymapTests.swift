import ImageInput
import Testing

@Suite("PPM and PGM")
struct PortableAnymapTests {
  struct Sample: CustomTestStringConvertible, Sendable {
    var name: String
    var file: [UInt8]
    var channels = 1
    var pixels: [UInt8]

    init(_ name: String, _ text: String, _ raster: [UInt8] = [], channels: Int = 1, pixels: [UInt8])
    {
      self.name = name
      self.file = Array(text.utf8) + raster
      self.channels = channels
      self.pixels = pixels
    }

    var testDescription: String { name }
  }

  static let samples = [
    Sample("plain gray", "P2\n2 1\n255\n0 255\n", pixels: [0, 255]),
    Sample("plain color", "P3 2 1 255 1 2 3 4 5 6", channels: 3, pixels: [1, 2, 3, 4, 5, 6]),
    Sample("raw gray", "P5\n2 1\n255\n", [7, 255], pixels: [7, 255]),
    Sample(
      "raw color", "P6\n2 1\n255\n", [1, 2, 3, 4, 5, 6], channels: 3, pixels: [1, 2, 3, 4, 5, 6]),
    Sample("a raster that begins with a #", "P5 2 1 255 ", [0x23, 0x0a], pixels: [0x23, 0x0a]),
    Sample("every kind of white space", "P5\t2\u{b}\u{c}1\r\n255\n", [9, 8], pixels: [9, 8]),
    Sample("no white space after the magic", "P52 1 255 ", [9, 8], pixels: [9, 8]),
    Sample("a comment after the magic", "P5 # made by hand\n2 1 255 ", [9, 8], pixels: [9, 8]),
    Sample("a comment that a return ends", "P5\n#a\r2 1 255 ", [9, 8], pixels: [9, 8]),
    Sample("comments between numbers", "P5\n2#a\n #b\n#c\n 1\n#\n255\n", [9, 8], pixels: [9, 8]),
    Sample("a comment inside a number", "P5 2 1 2#half\n55 ", [9, 8], pixels: [9, 8]),
    Sample("a comment in a plain raster", "P2 2 1 255 9 # nine\n8", pixels: [9, 8]),
    Sample("maxval 1", "P2 2 1 1 0 1", pixels: [0, 255]),
    // 255 · 7 / 15 = 119; 255 · 1 / 6 = 42.5 and 255 · 5 / 6 = 212.5, both rounded up.
    Sample("maxval 15, exact", "P2 2 1 15 7 15", pixels: [119, 255]),
    Sample("maxval 6, halves go up", "P2 2 1 6 1 5", pixels: [43, 213]),
    Sample("maxval 100, raw", "P5 4 1 100 ", [0, 1, 50, 100], pixels: [0, 3, 128, 255]),
    // 255 · 256 / 256 and 255 · 128 / 256 = 127.5.
    Sample("maxval 256, two bytes each", "P5 2 1 256 ", [1, 0, 0, 128], pixels: [255, 128]),
    // 128 / 257 = 0.498, 129 / 257 = 0.502.
    Sample(
      "maxval 65535", "P5 4 1 65535 ", [0, 128, 0, 129, 0xfe, 0xff, 0xff, 0xff],
      pixels: [0, 1, 254, 255]),
    Sample("maxval 65535, plain", "P2 2 1 65535 65535 32768", pixels: [255, 128]),
    Sample(
      "a second image after the first", "P5 1 1 255 ", [5] + Array("P5 1 1 255 ".utf8), pixels: [5]),
  ]

  @Test("reads", arguments: samples)
  func reads(sample: Sample) throws {
    let image = try decode(sample.file)
    #expect(image.pixels == sample.pixels)
    #expect(image.channels == sample.channels)
    #expect(image.width * image.height * image.channels == sample.pixels.count)
  }

  @Test("width is the first number and height the second")
  func axes() throws {
    let image = try decode(Array("P2 3 2 255 1 2 3 4 5 6".utf8))
    #expect(image == Image(width: 3, height: 2, channels: 1, pixels: [1, 2, 3, 4, 5, 6]))
  }

  @Test(
    "refuses, and says why",
    arguments: [
      (
        "P5 0 1 255 ",
        "the image is 0 × 1 pixels, so there is nothing to see; get the image again"
      ),
      (
        "P5 65536 1 255 ",
        "the image is 65536 × 1 pixels; the limit is 65535 on a side; make it smaller"
      ),
      (
        "P5 65535 65535 255 ",
        "the image is 65535 × 65535 pixels; the limit is 100 million pixels; make it smaller"
      ),
      (
        "P5 18446744073709551617 1 255 ",
        "byte 13: the width has too many digits; write the image again with another program"
      ),
      (
        "P5 1 1 0 ",
        "the maxval is 0; it must be 1 to 65535; write the image again with another program"
      ),
      (
        "P5 1 1 65536 ",
        "the maxval is 65536; it must be 1 to 65535; write the image again with another program"
      ),
      (
        "P5 -1 1 255 ",
        "byte 3: the width is not a number; write the image again with another program"
      ),
      (
        "P5 1 1.5 255 ",
        "byte 6: the height is not a number; write the image again with another program"
      ),
      (
        "P2 3 2 9 1 2 3 4 5 10 ",
        "row 1, column 2: the sample 10 exceeds the maxval 9; write the image again with another program"
      ),
      (
        "P2 1 1 9 x",
        "byte 9: the sample is not a number; write the image again with another program"
      ),
      (
        "P5 2 2 255 abc",
        "the PPM/PGM data is truncated: 14 bytes do not hold the whole image; get the file again"
      ),
      (
        "P2 2 2 255 1 2 3",
        "the PPM/PGM data is truncated: 16 bytes do not hold the whole image; get the file again"
      ),
      (
        "P6 9999 9999 65535 ",
        "the PPM/PGM data is truncated: 19 bytes do not hold the whole image; get the file again"
      ),
      (
        "P5 2",
        "the PPM/PGM data is truncated: 4 bytes do not hold the whole image; get the file again"
      ),
      (
        "P5 # no end",
        "the PPM/PGM data is truncated: 11 bytes do not hold the whole image; get the file again"
      ),
    ])
  func refuses(file: String, message: String) {
    #expect(complaint(about: Array(file.utf8)) == message)
  }

  @Test("a file cut off anywhere is an error", arguments: samples)
  func truncation(sample: Sample) {
    for count in 0..<sample.neededByteCount {
      #expect(complaint(about: Array(sample.file.prefix(count))) != "", "after \(count) bytes")
    }
  }

  @Test("what follows the image does not matter", arguments: samples)
  func trailingBytes(sample: Sample) throws {
    #expect(try decode(sample.file + [0x20, 0xff, 0x00, 0x23]).pixels == sample.pixels)
  }
}

extension PortableAnymapTests.Sample {
  /// The shortest beginning of the file that can be read. Of the last number of a plain raster one
  /// digit is enough, because nobody can tell that others are missing.
  fileprivate var neededByteCount: Int {
    if name == "a second image after the first" { return "P5 1 1 255 x".utf8.count }
    guard [UInt8(ascii: "2"), UInt8(ascii: "3")].contains(file[1]) else { return file.count }
    let lastNumber = file.reversed().drop { !isDigit($0) }.prefix(while: isDigit)
    return file.count - (file.reversed().prefix { !isDigit($0) }.count + lastNumber.count) + 1
  }

  private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
