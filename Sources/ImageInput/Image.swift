/// A decoded image: 8-bit samples, row-major, channels innermost (`[height, width, channels]`).
public struct Image: Equatable, Sendable {
  /// Pixels in a row, at least 1.
  public let width: Int
  /// Rows, at least 1.
  public let height: Int
  /// 1 for gray, 3 for red, green and blue in that order.
  public let channels: Int
  /// `height · width · channels` samples, 0…255.
  public let pixels: [UInt8]

  /// Creates an image.
  ///
  /// - Precondition: `channels` is 1 or 3, the extents are 1…``ImageLimits/greatestExtent``, and
  ///   `pixels` holds `height · width · channels` samples.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(channels == 1 || channels == 3)
    let extents = 1...ImageLimits.greatestExtent
    precondition(extents.contains(width) && extents.contains(height))
    precondition(pixels.count == height * width * channels)
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }
}

/// Bounds on what is decoded, so that a few hostile bytes cannot claim the machine's memory.
public enum ImageLimits {
  /// The most pixels on a side.
  public static let greatestExtent = 65_535
  /// The most pixels of an image.
  public static let greatestPixelCount = 100_000_000
}
