import IntegerModel

extension ChannelOrder {
  /// Samples of a pixel in this order.
  var sampleCount: Int {
    switch self {
    case .rgb, .bgr: 3
    case .gray: 1
    }
  }
}

extension Image {
  /// The image with `count` channels, 1 or 3. Gray is repeated for red, green and blue. Color
  /// becomes the luma of ITU-R BT.601, 0.299·R + 0.587·G + 0.114·B, as
  /// ⌊(19595·R + 38470·G + 7471·B + 2^15) / 2^16⌋, the same as Pillow's `convert("L")`.
  func converted(toChannels count: Int) -> Image {
    guard count != channels else { return self }
    var result: [UInt8] = []
    result.reserveCapacity(width * height * count)
    if count == 3 {
      for sample in pixels {
        result.append(sample)
        result.append(sample)
        result.append(sample)
      }
    } else {
      for pixel in stride(from: 0, to: pixels.count, by: 3) {
        let red = UInt32(pixels[pixel])
        let green = UInt32(pixels[pixel + 1])
        let blue = UInt32(pixels[pixel + 2])
        let luma = (19595 * red + 38470 * green + 7471 * blue + 1 << 15) >> 16
        result.append(UInt8(truncatingIfNeeded: luma))
      }
    }
    return Image(width: width, height: height, channels: count, pixels: result)
  }
}
