import CImageCodecs
import Diagnostics

/// A decoder of the system's that works in two steps: the header, so that the size can be checked
/// before memory is set aside, then the pixels.
struct CodecLibrary: Sendable {
  private let format: String
  private let library: String
  private let readHeader:
    @Sendable (UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<CImageHeader>?) -> CImageStatus
  private let readPixels:
    @Sendable (
      UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt8>?, Int,
      UnsafeMutablePointer<CImageHeader>?
    ) -> CImageStatus

  /// libpng. Palettes are looked up, 16-bit samples scaled to 8 bits with rounding.
  static let png = CodecLibrary(
    format: "PNG", library: "libpng", readHeader: CImagePNGReadHeader, readPixels: CImagePNGDecode)

  /// libjpeg-turbo, pinned to its accurate integer DCT and triangle upsampling.
  static let jpeg = CodecLibrary(
    format: "JPEG", library: "libjpeg", readHeader: CImageJPEGReadHeader,
    readPixels: CImageJPEGDecode)

  /// Decodes `bytes`, a whole file.
  func decode(_ bytes: UnsafeRawBufferPointer) throws(Diagnostic) -> Image {
    let start = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
    var header = CImageHeader()
    try check(readHeader(start, bytes.count, &header), header, byteCount: bytes.count)
    let size = try ImageSize(
      width: Int(header.width), height: Int(header.height), channels: Int(header.channels))
    guard header.minimumByteCount <= UInt64(bytes.count) else {
      throw .truncatedImage(format, byteCount: bytes.count)
    }
    var status = CImageStatusDone
    let pixels = [UInt8](unsafeUninitializedCapacity: size.sampleCount) { buffer, count in
      status = readPixels(start, bytes.count, buffer.baseAddress, size.sampleCount, &header)
      count = status == CImageStatusDone ? size.sampleCount : 0
    }
    try check(status, header, byteCount: bytes.count)
    return Image(width: size.width, height: size.height, channels: size.channels, pixels: pixels)
  }

  private func check(
    _ status: CImageStatus, _ header: CImageHeader, byteCount: Int
  ) throws(Diagnostic) {
    switch status {
    case CImageStatusDone:
      return
    case CImageStatusTruncated:
      throw .truncatedImage(format, byteCount: byteCount)
    case CImageStatusUnsupported:
      throw Diagnostic(
        problem: "this kind of \(format) is not supported (\(message(of: header)))",
        remedy: "save the image again as ordinary 8-bit \(format)")
    case CImageStatusOutOfMemory:
      throw Diagnostic(
        problem: "decoding \(header.width) × \(header.height) pixels takes too much memory",
        remedy: "make the image smaller")
    default:
      throw Diagnostic(
        problem: "the \(format) data is damaged (\(library): \(message(of: header)))",
        remedy: "get the file again")
    }
  }

  private func message(of header: CImageHeader) -> String {
    withUnsafeBytes(of: header.message) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
