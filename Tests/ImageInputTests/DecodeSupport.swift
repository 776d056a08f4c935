import Diagnostics
import ImageInput

/// Decodes bytes that lie in memory.
func decode(_ bytes: [UInt8]) throws(Diagnostic) -> Image {
  try bytes.withUnsafeBytes { buffer in
    Result { () throws(Diagnostic) in try ImageFile.decode(buffer) }
  }.get()
}

/// What is said of bytes that cannot be decoded; empty when they can be.
func complaint(about bytes: [UInt8]) -> String {
  message { () throws(Diagnostic) in _ = try decode(bytes) }
}

/// A random image.
func randomImage(
  width: Int, height: Int, channels: Int, using generator: inout some RandomNumberGenerator
) -> Image {
  let pixels = (0..<width * height * channels).map { _ in
    UInt8.random(in: 0...255, using: &generator)
  }
  return Image(width: width, height: height, channels: channels, pixels: pixels)
}

/// What `body` says when it throws; empty when it does not.
func message(_ body: () throws(Diagnostic) -> Void) -> String {
  do throws(Diagnostic) {
    try body()
    return ""
  } catch {
    return error.description
  }
}

/// What is said of a file of `byteCount` bytes that ends too early.
func truncationMessage(_ format: String, byteCount: Int) -> String {
  "the \(format) data is truncated: \(byteCount) bytes do not hold the whole image; get the file again"
}

/// What is said of a JPEG that uses `feature`.
func unsupportedJPEGMessage(_ feature: String) -> String {
  "this kind of JPEG is not supported (\(feature)); save the image again as ordinary 8-bit JPEG"
}
