/// How to turn the stored pixels so that the picture stands upright: the Exif tag `Orientation`
/// (Exif 2.32, tag 0x0112).
enum JPEGOrientation: UInt16 {
  /// As stored.
  case upright = 1
  /// Mirrored left to right.
  case mirrored = 2
  /// Turned by 180°.
  case upsideDown = 3
  /// Mirrored top to bottom.
  case flipped = 4
  /// Rows and columns exchanged.
  case transposed = 5
  /// To be turned by 90° clockwise.
  case turnedLeft = 6
  /// Rows and columns exchanged, and turned by 180°.
  case transverse = 7
  /// To be turned by 90° counterclockwise.
  case turnedRight = 8

  /// Looks through the segments of a JPEG file; `upright` wherever there is no readable tag,
  /// because a broken note about a picture does not break the picture.
  init(of file: UnsafeRawBufferPointer) {
    self = JPEGOrientation.exifSegment(of: file).flatMap(JPEGOrientation.tag(inExif:)) ?? .upright
  }

  /// Whether rows of the stored image become columns.
  var exchangesAxes: Bool { rawValue >= JPEGOrientation.transposed.rawValue }

  /// The TIFF structure inside the first Exif segment.
  private static func exifSegment(of file: UnsafeRawBufferPointer) -> Slice? {
    let file = Slice(bytes: file, isBigEndian: true)
    var position = 2
    // Each segment: FF, marker, length of what follows including itself.
    while let marker = file.integer16(at: position), marker >> 8 == 0xff {
      let startOfScan: UInt16 = 0xffda
      if marker == startOfScan { return nil }
      if marker == 0xffff {
        position += 1  // A fill byte.
        continue
      }
      guard let length = file.integer16(at: position + 2), length >= 2 else { return nil }
      let content = file.slice(at: position + 4, count: Int(length) - 2)
      let firstApplicationSegment: UInt16 = 0xffe1
      if marker == firstApplicationSegment, let content,
        content.bytes.starts(with: [0x45, 0x78, 0x69, 0x66, 0, 0])  // "Exif"
      {
        return content.slice(at: 6, count: content.bytes.count - 6)
      }
      position += 2 + Int(length)
    }
    return nil
  }

  private static func tag(inExif exif: Slice) -> JPEGOrientation? {
    var exif = exif
    guard let byteOrder = exif.integer16(at: 0), byteOrder == 0x4949 || byteOrder == 0x4d4d else {
      return nil
    }
    exif.isBigEndian = byteOrder == 0x4d4d
    guard exif.integer16(at: 2) == 42, let directory = exif.integer32(at: 4),
      let entryCount = exif.integer16(at: Int(directory))
    else { return nil }
    for index in 0..<Int(entryCount) {
      // Each entry: tag, type, count, value.
      let entry = Int(directory) + 2 + 12 * index
      guard let tag = exif.integer16(at: entry) else { return nil }
      guard tag == 0x0112 else { continue }
      let typeShort: UInt16 = 3
      guard exif.integer16(at: entry + 2) == typeShort else { return nil }
      return exif.integer16(at: entry + 8).flatMap(JPEGOrientation.init(rawValue:))
    }
    return nil
  }
}

/// Bytes read as integers, `nil` outside their bounds.
private struct Slice {
  let bytes: UnsafeRawBufferPointer
  var isBigEndian: Bool

  func slice(at position: Int, count: Int) -> Slice? {
    guard count >= 0, position <= bytes.count - count else { return nil }
    let part = UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    return Slice(bytes: part, isBigEndian: isBigEndian)
  }

  func integer16(at position: Int) -> UInt16? { integer(at: position, as: UInt16.self) }
  func integer32(at position: Int) -> UInt32? { integer(at: position, as: UInt32.self) }

  private func integer<Value: FixedWidthInteger>(at position: Int, as: Value.Type) -> Value? {
    guard position <= bytes.count - MemoryLayout<Value>.size else { return nil }
    let value = bytes.loadUnaligned(fromByteOffset: position, as: Value.self)
    return isBigEndian ? Value(bigEndian: value) : Value(littleEndian: value)
  }
}

extension Image {
  /// The image as it looks when turned upright.
  func oriented(by orientation: JPEGOrientation) -> Image {
    guard orientation != .upright else { return self }
    let exchangesAxes = orientation.exchangesAxes
    let resultWidth = exchangesAxes ? height : width
    let resultHeight = exchangesAxes ? width : height
    var result: [UInt8] = []
    result.reserveCapacity(pixels.count)
    for row in 0..<resultHeight {
      for column in 0..<resultWidth {
        let fromRight = resultWidth - 1 - column
        let fromBottom = resultHeight - 1 - row
        let (sourceRow, sourceColumn) =
          switch orientation {
          case .upright: (row, column)
          case .mirrored: (row, fromRight)
          case .upsideDown: (fromBottom, fromRight)
          case .flipped: (fromBottom, column)
          case .transposed: (column, row)
          case .turnedLeft: (fromRight, row)
          case .transverse: (fromRight, fromBottom)
          case .turnedRight: (column, fromBottom)
          }
        let position = (sourceRow * width + sourceColumn) * channels
        result.append(contentsOf: pixels[position..<position + channels])
      }
    }
    return Image(width: resultWidth, height: resultHeight, channels: channels, pixels: result)
  }
}
