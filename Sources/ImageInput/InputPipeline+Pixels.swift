import Diagnostics
import IntegerModel

extension InputPipeline {
  /// What the model sees of `image`, before the code tables: `[height, width, C]` samples, 0…255,
  /// with C = 3 or 1 by `channelOrder`.
  ///
  /// The image is resized so that its shorter side has `resizeShortSide` pixels and the longer one
  /// ⌊longer · `resizeShortSide` / shorter⌋ (as torchvision's `Resize`), with an antialiased triangle
  /// filter in integer arithmetic; then `height` × `width` pixels are cut out of the middle, the odd
  /// row or column being cut off at the bottom or right. Gray images feed color models and the other
  /// way around.
  ///
  /// Throws a ``Diagnostic`` when the pipeline itself is impossible: an extent outside
  /// 1…``ImageLimits/greatestExtent``, a crop larger than the resized image, or code tables that do
  /// not fit the channels.
  public func pixels(of image: Image) throws(Diagnostic) -> [UInt8] {
    try check()
    let shorter = min(image.width, image.height)
    let resizedWidth = image.width * resizeShortSide / shorter
    let resizedHeight = image.height * resizeShortSide / shorter
    guard height <= resizedHeight, width <= resizedWidth else {
      throw Diagnostic(
        place: "input pipeline",
        problem: "an image of \(image.width) × \(image.height) pixels becomes "
          + "\(resizedWidth) × \(resizedHeight), from which \(width) × \(height) cannot be cut",
        remedy: "convert the model with a resize of at least \(max(width, height))")
    }
    let top = (resizedHeight - height) / 2
    let left = (resizedWidth - width) / 2
    let region = ResizedRegion(
      resizedHeight: resizedHeight, resizedWidth: resizedWidth,
      rows: top..<top + height, columns: left..<left + width)
    var pixels = image.converted(toChannels: channelOrder.sampleCount).resized(region).pixels
    if channelOrder == .bgr {
      for pixel in stride(from: 0, to: pixels.count, by: 3) { pixels.swapAt(pixel, pixel + 2) }
    }
    return pixels
  }

  /// Looks `pixels`, as ``pixels(of:)`` returns them, up in the code tables and stores the codes into
  /// `bytes`, the memory of an input tensor of type `int8`, `uint8` or `int16`.
  ///
  /// Throws a ``Diagnostic`` for other element types, for code tables that do not fit the channels,
  /// and when the numbers of pixels and bytes do not belong together.
  public func encode(
    _ pixels: [UInt8], as elementType: ElementType, into bytes: UnsafeMutableRawBufferPointer
  ) throws(Diagnostic) {
    try check()
    guard pixels.count == height * width * channelOrder.sampleCount,
      bytes.count == elementType.byteCount(of: pixels.count)
    else {
      throw Diagnostic(
        place: "input pipeline",
        problem: "\(pixels.count) samples do not fill an input of \(bytes.count) bytes, "
          + "\(height) × \(width) pixels of \(channelOrder.sampleCount)",
        remedy: "convert the model again")
    }
    switch elementType {
    case .int8, .uint8:
      store(pixels) { index, code in bytes[index] = UInt8(truncatingIfNeeded: code) }
    case .int16:
      store(pixels) { index, code in
        bytes.storeBytes(of: code.littleEndian, toByteOffset: 2 * index, as: Int16.self)
      }
    case .int32, .int64, .int4:
      throw Diagnostic(
        place: "input pipeline",
        problem: "an input of type \(elementType) cannot hold the codes of an image",
        remedy: "convert the model again")
    }
  }

  private func store(_ pixels: [UInt8], _ body: (Int, Int16) -> Void) {
    let channelCount = codeTables.count
    for (channel, table) in codeTables.enumerated() {
      for index in stride(from: channel, to: pixels.count, by: channelCount) {
        body(index, table[Int(pixels[index])])
      }
    }
  }

  private func check() throws(Diagnostic) {
    let extents = 1...ImageLimits.greatestExtent
    for (name, extent) in [
      ("height", height), ("width", width), ("resize", resizeShortSide),
    ] where !extents.contains(extent) {
      throw Diagnostic(
        place: "input pipeline",
        problem: "the \(name) is \(extent); it must be 1 to \(ImageLimits.greatestExtent)",
        remedy: "convert the model again")
    }
    let channelCount = channelOrder.sampleCount
    guard codeTables.count == channelCount, codeTables.allSatisfy({ $0.count == 256 }) else {
      throw Diagnostic(
        place: "input pipeline",
        problem: "\(codeTables.count) code tables of \(codeTables.map(\.count)) codes; it must be "
          + "\(channelCount) of 256",
        remedy: "convert the model again")
    }
  }
}
