import Diagnostics

/// The size that a file's header claims, checked against ``ImageLimits``.
struct ImageSize {
  let width: Int
  let height: Int
  let channels: Int

  init(width: Int, height: Int, channels: Int) throws(Diagnostic) {
    guard width > 0, height > 0 else {
      throw Diagnostic(
        problem: "the image is \(width) × \(height) pixels, so there is nothing to see",
        remedy: "get the image again")
    }
    let extent = ImageLimits.greatestExtent
    guard width <= extent, height <= extent else {
      throw Diagnostic(
        problem: "the image is \(width) × \(height) pixels; the limit is \(extent) on a side",
        remedy: "make it smaller")
    }
    guard width * height <= ImageLimits.greatestPixelCount else {
      throw Diagnostic(
        problem: "the image is \(width) × \(height) pixels; the limit is "
          + "\(ImageLimits.greatestPixelCount / 1_000_000) million pixels",
        remedy: "make it smaller")
    }
    self.width = width
    self.height = height
    self.channels = channels
  }

  /// Samples of the decoded image; at most three times the limit of pixels.
  var sampleCount: Int { width * height * channels }
}

extension Diagnostic {
  /// The bytes end before the image is complete.
  static func truncatedImage(_ format: String, byteCount: Int) -> Diagnostic {
    Diagnostic(
      problem: "the \(format) data is truncated: \(byteCount) bytes do not hold the whole image",
      remedy: "get the file again")
  }
}
