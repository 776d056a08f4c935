/// Writes baseline or progressive JPEG files whose 8 × 8 blocks are flat, so that the decoded samples
/// are known exactly: with a quantization step of 8, the DC coefficient d gives the sample 128 + d.
struct JPEGBuilder {
  struct Component {
    var horizontalSampling = 1
    var verticalSampling = 1
    /// The sample value of each block, row-major, padded to whole units of the scan.
    var blocks: [Int]
  }

  var width: Int
  var height: Int
  var components: [Component]
  /// Segments between the start of the image and the tables, whole.
  var extraSegments: [[UInt8]] = []
  var precision: UInt8 = 8
  /// SOF0 for baseline, SOF2 for progressive, SOF9 for arithmetic coding.
  var frameMarker: UInt8 = 0xc0
  /// Progressive only: how many AC coefficients of each component get a scan of their own.
  var coefficientScanCount = 0

  static let end: [UInt8] = [0xff, 0xd9]

  func encoded() -> [UInt8] {
    var file: [UInt8] = [0xff, 0xd8]
    for segment in extraSegments { file += segment }
    file += JPEGBuilder.segment(0xdb, [0] + [UInt8](repeating: 8, count: 64))
    file += JPEGBuilder.segment(frameMarker, frame)
    // DC: twelve codes of four bits for the sizes 0 to 11. AC: one code of one bit, end of block.
    file += JPEGBuilder.segment(
      0xc4, [0x00] + [0, 0, 0, 12] + [UInt8](repeating: 0, count: 12) + (0..<12).map { $0 })
    file += JPEGBuilder.segment(0xc4, [0x10, 1] + [UInt8](repeating: 0, count: 15) + [0])
    file += scan()
    for coefficient in 1..<1 + UInt8(coefficientScanCount) {
      for component in components.indices {
        file += coefficientScan(of: component, coefficient)
      }
    }
    return file + JPEGBuilder.end
  }

  static func segment(_ marker: UInt8, _ content: [UInt8]) -> [UInt8] {
    let length = UInt16(content.count + 2)
    return [0xff, marker, UInt8(length >> 8), UInt8(truncatingIfNeeded: length)] + content
  }

  /// An Adobe segment; transform 0 for RGB and CMYK, 1 for YCbCr, 2 for YCCK.
  static func adobeSegment(transform: UInt8) -> [UInt8] {
    segment(0xee, Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0, transform])
  }

  /// An Exif segment that holds nothing but the orientation.
  static func exifSegment(orientation: UInt16, isBigEndian: Bool) -> [UInt8] {
    func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
      withUnsafeBytes(of: isBigEndian ? value.bigEndian : value.littleEndian) { Array($0) }
    }
    let byteOrder = Array((isBigEndian ? "MM" : "II").utf8)
    let header = byteOrder + bytes(UInt16(42)) + bytes(UInt32(8))
    let entry = bytes(UInt16(0x0112)) + bytes(UInt16(3)) + bytes(UInt32(1))
    let value = bytes(orientation) + [0, 0]
    return segment(
      0xe1, Array("Exif".utf8) + [0, 0] + header + bytes(UInt16(1)) + entry + value + [0, 0, 0, 0])
  }

  private var isProgressive: Bool { frameMarker == 0xc2 }

  private var frame: [UInt8] {
    let size = [height >> 8, height & 0xff, width >> 8, width & 0xff].map { UInt8($0) }
    var content = [precision] + size + [UInt8(components.count)]
    for (index, component) in components.enumerated() {
      let sampling = component.horizontalSampling << 4 | component.verticalSampling
      content += [UInt8(index + 1), UInt8(sampling), 0]
    }
    return content
  }

  /// All DC coefficients, and in baseline files an end of block after each.
  private func scan() -> [UInt8] {
    var header = [UInt8(components.count)]
    for index in components.indices { header += [UInt8(index + 1), 0] }
    header += isProgressive ? [0, 0, 0] : [0, 63, 0]
    var bits = BitString(filler: true, isStuffed: true)
    var previous = [Int](repeating: 128, count: components.count)
    for unit in 0..<unitColumns * unitRows {
      for (index, component) in components.enumerated() {
        for block in blocks(ofUnit: unit, component) {
          let difference = component.blocks[block] - previous[index]
          previous[index] = component.blocks[block]
          let size = Int.bitWidth - difference.magnitude.leadingZeroBitCount
          bits.append(size, count: 4)
          bits.append(difference < 0 ? difference - 1 : difference, count: size)
          if !isProgressive { bits.append(0, count: 1) }
        }
      }
    }
    bits.finish()
    return JPEGBuilder.segment(0xda, header) + bits.bytes
  }

  /// A scan that says of one coefficient that it is 0 in every block.
  private func coefficientScan(of component: Int, _ coefficient: UInt8) -> [UInt8] {
    let header = [1, UInt8(component + 1), 0, coefficient, coefficient, 0]
    var bits = BitString(filler: true, isStuffed: true)
    for _ in components[component].blocks { bits.append(0, count: 1) }
    bits.finish()
    return JPEGBuilder.segment(0xda, header) + bits.bytes
  }

  private var greatestHorizontal: Int { components.map(\.horizontalSampling).max() ?? 1 }
  private var greatestVertical: Int { components.map(\.verticalSampling).max() ?? 1 }
  private var unitColumns: Int { (width - 1) / (8 * greatestHorizontal) + 1 }
  private var unitRows: Int { (height - 1) / (8 * greatestVertical) + 1 }

  /// Positions in `component.blocks` of the blocks of a unit, in the order of the file.
  private func blocks(ofUnit unit: Int, _ component: Component) -> [Int] {
    let columnCount = unitColumns * component.horizontalSampling
    return (0..<component.verticalSampling).flatMap { down in
      (0..<component.horizontalSampling).map { right in
        (unit / unitColumns * component.verticalSampling + down) * columnCount
          + unit % unitColumns * component.horizontalSampling + right
      }
    }
  }
}
