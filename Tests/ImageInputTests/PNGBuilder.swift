/// Writes PNG files with stored (uncompressed) deflate blocks, so that tests say each bit themselves.
struct PNGBuilder {
  enum ColorType: UInt8 {
    case gray = 0
    case color = 2
    case palette = 3
    case grayAlpha = 4
    case colorAlpha = 6

    var sampleCount: Int {
      switch self {
      case .gray, .palette: 1
      case .grayAlpha: 2
      case .color: 3
      case .colorAlpha: 4
      }
    }
  }

  var width: Int
  var height: Int
  var bitDepth: Int
  var colorType: ColorType
  /// Row-major, channels innermost, each below 2^bitDepth.
  var samples: [Int]
  var palette: [UInt8] = []
  var transparency: [UInt8] = []
  var isInterlaced = false

  static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

  func encoded() -> [UInt8] {
    let header =
      PNGBuilder.bigEndian(UInt32(width)) + PNGBuilder.bigEndian(UInt32(height))
      + [UInt8(bitDepth), colorType.rawValue, 0, 0, isInterlaced ? 1 : 0]
    var file = PNGBuilder.signature + PNGBuilder.chunk("IHDR", header)
    if !palette.isEmpty { file += PNGBuilder.chunk("PLTE", palette) }
    if !transparency.isEmpty { file += PNGBuilder.chunk("tRNS", transparency) }
    file += PNGBuilder.chunk("IDAT", PNGBuilder.stored(rows()))
    return file + PNGBuilder.chunk("IEND", [])
  }

  /// Filtered rows of all passes, each with filter type 0.
  private func rows() -> [UInt8] {
    let passes = isInterlaced ? PNGBuilder.adam7 : [(0, 0, 1, 1)]
    var result: [UInt8] = []
    for (left, top, stepRight, stepDown) in passes where left < width {
      for row in stride(from: top, to: height, by: stepDown) {
        var bits = BitString()
        for column in stride(from: left, to: width, by: stepRight) {
          let pixel = (row * width + column) * colorType.sampleCount
          for sample in samples[pixel..<pixel + colorType.sampleCount] {
            bits.append(sample, count: bitDepth)
          }
        }
        result += [0] + bits.bytes
      }
    }
    return result
  }

  /// Left, top, step right, step down.
  private static let adam7 = [
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
    (0, 1, 1, 2),
  ]

  static func bigEndian(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + data
    return bigEndian(UInt32(data.count)) + body + bigEndian(checksum(body))
  }

  /// CRC-32 of the PNG specification, annex D.
  static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var checksum: UInt32 = 0xffff_ffff
    for byte in bytes {
      checksum ^= UInt32(byte)
      for _ in 0..<8 { checksum = checksum & 1 == 1 ? 0xedb8_8320 ^ checksum >> 1 : checksum >> 1 }
    }
    return ~checksum
  }

  /// A zlib stream (RFC 1950) of stored blocks.
  private static func stored(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = [0x78, 0x01]
    var position = 0
    repeat {
      let count = min(bytes.count - position, 0xffff)
      let length = UInt16(count)
      result.append(position + count == bytes.count ? 1 : 0)
      for half in [length, ~length] {
        result += [UInt8(truncatingIfNeeded: half), UInt8(half >> 8)]
      }
      result += bytes[position..<position + count]
      position += count
    } while position < bytes.count
    var low: UInt32 = 1
    var high: UInt32 = 0
    for byte in bytes {
      low = (low + UInt32(byte)) % 65521
      high = (high + low) % 65521
    }
    return result + bigEndian(high << 16 | low)
  }
}

/// Bits, most significant first, the last byte filled with ones or zeros.
struct BitString {
  private(set) var bytes: [UInt8] = []
  private var usedBits = 0
  private let filler: UInt8
  /// A zero byte after each FF, as in the coded data of a JPEG file.
  private let isStuffed: Bool

  init(filler: Bool = false, isStuffed: Bool = false) {
    self.filler = filler ? 1 : 0
    self.isStuffed = isStuffed
  }

  mutating func append(_ value: Int, count: Int) {
    for shift in (0..<count).reversed() {
      if usedBits == 0 { bytes.append(filler == 1 ? 0xff : 0) }
      let bit = UInt8(value >> shift & 1)
      let mask = UInt8(0x80) >> usedBits
      let last = bytes.count - 1
      bytes[last] = bit == 1 ? bytes[last] | mask : bytes[last] & ~mask
      usedBits = (usedBits + 1) % 8
      if usedBits == 0, isStuffed, bytes[last] == 0xff { bytes.append(0) }
    }
  }

  /// Fills the last byte up.
  mutating func finish() {
    while usedBits != 0 { append(Int(filler), count: 1) }
  }
}
