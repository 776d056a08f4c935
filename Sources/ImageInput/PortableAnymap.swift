import Diagnostics

/// The Netpbm formats PGM (P2 in plain text, P5 raw) and PPM (P3, P6), by the specifications at
/// netpbm.sourceforge.net: comments may stand anywhere before the raster, even inside a number, and
/// exactly one white-space byte ends the header. As Netpbm's own programs do, comments are skipped
/// in a plain raster too. Only the first image of a file is read.
///
/// Samples of `maxval` m become 8-bit ones as ⌊(255·v + ⌊m/2⌋)/m⌋.
enum PortableAnymap {
  /// Decodes a file that begins with `P2`, `P3`, `P5` or `P6`.
  static func decode(_ bytes: UnsafeRawBufferPointer) throws(Diagnostic) -> Image {
    let kind = bytes[1]
    let isRaw = kind == UInt8(ascii: "5") || kind == UInt8(ascii: "6")
    let isColor = kind == UInt8(ascii: "3") || kind == UInt8(ascii: "6")
    var reader = AnymapReader(bytes: bytes, position: 2)
    let width = try reader.number("width")
    let height = try reader.number("height")
    let size = try ImageSize(width: width, height: height, channels: isColor ? 3 : 1)
    let maximum = try reader.number("maxval")
    guard (1...65535).contains(maximum) else {
      throw Diagnostic(
        problem: "the maxval is \(maximum); it must be 1 to 65535",
        remedy: "write the image again with another program")
    }
    let scale = SampleScale(maximum: maximum)
    let pixels =
      isRaw
      ? try rawSamples(of: size, from: &reader, scale: scale)
      : try plainSamples(of: size, from: &reader, scale: scale)
    return Image(width: width, height: height, channels: size.channels, pixels: pixels)
  }

  private static func rawSamples(
    of size: ImageSize, from reader: inout AnymapReader, scale: SampleScale
  ) throws(Diagnostic) -> [UInt8] {
    let sampleWidth = scale.maximum > 255 ? 2 : 1
    let raster = try reader.raster(byteCount: size.sampleCount * sampleWidth)
    guard scale.maximum != 255 else { return [UInt8](raster) }
    return try samples(of: size) { index throws(Diagnostic) in
      let value =
        sampleWidth == 1
        ? Int(raster[index]) : Int(raster[2 * index]) << 8 | Int(raster[2 * index + 1])
      return try scale.eightBits(value, sample: index, of: size)
    }
  }

  private static func plainSamples(
    of size: ImageSize, from reader: inout AnymapReader, scale: SampleScale
  ) throws(Diagnostic) -> [UInt8] {
    // A digit each, and white space between them.
    guard reader.remainingByteCount >= 2 * size.sampleCount - 1 else {
      throw reader.truncated
    }
    return try samples(of: size) { index throws(Diagnostic) in
      try scale.eightBits(try reader.sample(), sample: index, of: size)
    }
  }

  private static func samples(
    of size: ImageSize, _ sample: (Int) throws(Diagnostic) -> UInt8
  ) throws(Diagnostic) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(size.sampleCount)
    for index in 0..<size.sampleCount { result.append(try sample(index)) }
    return result
  }
}

/// From samples of any depth to 8 bits.
private struct SampleScale {
  let maximum: Int
  private let table: [UInt8]

  init(maximum: Int) {
    self.maximum = maximum
    table = (0...maximum).map { UInt8(($0 * 255 + maximum / 2) / maximum) }
  }

  /// The 8-bit form of `value`, the sample number `index`.
  func eightBits(_ value: Int, sample index: Int, of size: ImageSize) throws(Diagnostic) -> UInt8 {
    guard value <= maximum else {
      let pixel = index / size.channels
      throw Diagnostic(
        place: "row \(pixel / size.width), column \(pixel % size.width)",
        problem: "the sample \(value) exceeds the maxval \(maximum)",
        remedy: "write the image again with another program")
    }
    return table[value]
  }
}

/// Reads a Netpbm file from front to back.
private struct AnymapReader {
  let bytes: UnsafeRawBufferPointer
  var position: Int

  var remainingByteCount: Int { bytes.count - position }

  var truncated: Diagnostic { .truncatedImage("PPM/PGM", byteCount: bytes.count) }

  /// The next byte outside comments, or `nil` at the end of the file.
  private mutating func nextByte() -> UInt8? {
    var isInComment = false
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if isInComment {
        isInComment = byte != UInt8(ascii: "\n") && byte != UInt8(ascii: "\r")
      } else if byte == UInt8(ascii: "#") {
        isInComment = true
      } else {
        return byte
      }
    }
    return nil
  }

  /// The next number of the header, and the white space byte that ends it.
  mutating func number(_ name: String) throws(Diagnostic) -> Int {
    guard let value = try token(name, endsWithFile: false) else { throw truncated }
    return value
  }

  /// The next number of a plain raster; the last one may end with the file.
  mutating func sample() throws(Diagnostic) -> Int {
    guard let value = try token("sample", endsWithFile: true) else { throw truncated }
    return value
  }

  /// The next number, or `nil` when the file ends before it is complete.
  private mutating func token(_ name: String, endsWithFile: Bool) throws(Diagnostic) -> Int? {
    var byte = nextByte()
    while let space = byte, AnymapReader.isSpace(space) { byte = nextByte() }
    var value: Int?
    while let digit = byte, !AnymapReader.isSpace(digit) {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else {
        throw Diagnostic(
          place: "byte \(position - 1)", problem: "the \(name) is not a number",
          remedy: "write the image again with another program")
      }
      value = (value ?? 0) * 10 + Int(digit - UInt8(ascii: "0"))
      guard let value, value < 1 << 32 else {
        throw Diagnostic(
          place: "byte \(position - 1)", problem: "the \(name) has too many digits",
          remedy: "write the image again with another program")
      }
      byte = nextByte()
    }
    return byte == nil && !endsWithFile ? nil : value
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0d).contains(byte)
  }

  /// The next `byteCount` bytes as they stand.
  mutating func raster(byteCount: Int) throws(Diagnostic) -> UnsafeRawBufferPointer {
    guard remainingByteCount >= byteCount else { throw truncated }
    defer { position += byteCount }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + byteCount])
  }
}
