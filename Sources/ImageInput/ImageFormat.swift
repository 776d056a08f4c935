import Diagnostics

/// The image formats that can be read, told apart by their first bytes; file names do not count.
enum ImageFormat: Equatable {
  /// PGM or PPM; the digit after the `P` tells which.
  case portableAnymap
  /// Portable Network Graphics.
  case png
  /// JPEG in a JFIF, Exif or bare stream.
  case jpeg

  /// Recognizes `bytes`, or throws a diagnostic that says what they look like instead.
  init(recognizing bytes: UnsafeRawBufferPointer) throws(Diagnostic) {
    if bytes.starts(with: [0x89, 0x50, 0x4e, 0x47]) {
      self = .png
    } else if bytes.starts(with: [0xff, 0xd8]) {
      self = .jpeg
    } else if bytes.count >= 2, bytes[0] == UInt8(ascii: "P"),
      [UInt8](ascii: "2356").contains(bytes[1])
    {
      self = .portableAnymap
    } else {
      throw ImageFormat.unknown(bytes)
    }
  }

  private static func unknown(_ bytes: UnsafeRawBufferPointer) -> Diagnostic {
    guard !bytes.isEmpty else {
      return Diagnostic(problem: "the file is empty", remedy: "get the image again")
    }
    for signature in Signature.known where signature.matches(bytes) {
      return Diagnostic(
        problem: "this looks like \(signature.name), which is not read here",
        remedy: "convert it to \(ImageFormat.readable)")
    }
    let firstBytes = bytes.prefix(8).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    return Diagnostic(
      problem: "unknown format; the first bytes are \(firstBytes.joined(separator: " "))",
      remedy: "convert the image to \(ImageFormat.readable)")
  }

  private static let readable = "PPM, PGM, PNG or JPEG"
}

/// How a file that is no readable image begins.
private struct Signature {
  /// The name that users know, with an article where English wants one.
  let name: String
  /// Position of `bytes` in the file.
  var offset = 0
  /// What stands there.
  let bytes: [UInt8]

  init(_ name: String, at offset: Int = 0, _ text: String) {
    self.init(name, at: offset, [UInt8](text.utf8))
  }

  init(_ name: String, at offset: Int = 0, _ bytes: [UInt8]) {
    self.name = name
    self.offset = offset
    self.bytes = bytes
  }

  func matches(_ file: UnsafeRawBufferPointer) -> Bool {
    file.count >= offset && file[offset...].starts(with: bytes)
  }

  static let known = [
    Signature("a PBM bitmap", "P1"),
    Signature("a PBM bitmap", "P4"),
    Signature("a PAM image", "P7"),
    Signature("a PFM image of floats", "PF"),
    Signature("a PFM image of floats", "Pf"),
    Signature("a GIF image", "GIF8"),
    Signature("a WebP image", at: 8, "WEBP"),
    Signature("a TIFF image", [0x49, 0x49, 0x2a, 0x00]),
    Signature("a TIFF image", [0x4d, 0x4d, 0x00, 0x2a]),
    Signature("an AVIF image", at: 4, "ftypavif"),
    Signature("a HEIF image", at: 4, "ftyphei"),
    Signature("a HEIF image", at: 4, "ftypmif1"),
    Signature("an MP4 video", at: 4, "ftyp"),
    Signature("a JPEG XL image", [0xff, 0x0a]),
    Signature("a JPEG XL image", at: 4, "JXL "),
    Signature("a JPEG 2000 image", at: 4, "jP  "),
    Signature("a QOI image", "qoif"),
    Signature("a Photoshop image", "8BPS"),
    Signature("an OpenEXR image", [0x76, 0x2f, 0x31, 0x01]),
    Signature("an icon", [0x00, 0x00, 0x01, 0x00]),
    Signature("a BMP image", "BM"),
    Signature("a PDF document", "%PDF"),
    Signature("an SVG drawing", "<svg"),
    Signature("an XML or SVG file", "<?xml"),
    Signature("an HTML page", "<!DOCTYPE"),
    Signature("an HTML page", "<!doctype"),
    Signature("an HTML page", "<html"),
    Signature("a NumPy array", [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]),
    Signature("a ZIP or NumPy .npz archive", "PK\u{3}\u{4}"),
    Signature("gzip data", [0x1f, 0x8b]),
    Signature("an fbq model", at: 4, "FBQ1"),
    Signature("a TensorFlow Lite model", at: 4, "TFL3"),
  ]
}

extension [UInt8] {
  fileprivate init(ascii text: String) {
    self = [UInt8](text.utf8)
  }
}
