/// A part of a resized image.
struct ResizedRegion {
  /// Extents of the whole image after resizing.
  var resizedHeight: Int
  var resizedWidth: Int
  /// The rows and columns of the resized image that are wanted.
  var rows: Range<Int>
  var columns: Range<Int>
}

extension Image {
  /// The `region` of the image when resized with ``TriangleFilter``: first along rows, then along
  /// columns, rounding half up to 8 bits after each. Nothing outside the region is computed.
  func resized(_ region: ResizedRegion) -> Image {
    // The filter would copy each pixel.
    if region.resizedWidth == width, region.resizedHeight == height,
      region.columns == 0..<width, region.rows == 0..<height
    {
      return self
    }
    let horizontal = TriangleFilter(
      inputExtent: width, outputExtent: region.resizedWidth, range: region.columns)
    let vertical = TriangleFilter(
      inputExtent: height, outputExtent: region.resizedHeight, range: region.rows)
    guard let top = vertical.windows.map(\.first).min(),
      let bottom = vertical.windows.map({ $0.first + $0.count }).max()
    else { preconditionFailure("the region is empty") }
    let narrowed = resampledRows(top..<bottom, with: horizontal)
    return narrowed.resampledColumns(with: vertical, firstRow: top)
  }

  /// Each of `rows` resampled along its length.
  private func resampledRows(_ rows: Range<Int>, with filter: TriangleFilter) -> Image {
    let resultWidth = filter.windows.count
    let count = rows.count * resultWidth * channels
    let result = [UInt8](unsafeUninitializedCapacity: count) { output, initializedCount in
      pixels.withUnsafeBufferPointer { input in
        filter.coefficients.withUnsafeBufferPointer { coefficients in
          var position = 0
          for row in rows {
            for window in filter.windows {
              let source = (row * width + window.first) * channels
              for channel in 0..<channels {
                var sum = Image.half
                for tap in 0..<window.count {
                  sum +=
                    coefficients[window.start + tap]
                    * Int32(input[source + tap * channels + channel])
                }
                output[position] = UInt8(truncatingIfNeeded: sum >> Image.fractionBits)
                position += 1
              }
            }
          }
        }
      }
      initializedCount = count
    }
    return Image(width: resultWidth, height: rows.count, channels: channels, pixels: result)
  }

  /// The rows mixed by `filter`, whose windows count rows from `−firstRow`.
  private func resampledColumns(with filter: TriangleFilter, firstRow: Int) -> Image {
    let rowLength = width * channels
    let count = filter.windows.count * rowLength
    var sums = [Int32](repeating: 0, count: rowLength)
    let result = [UInt8](unsafeUninitializedCapacity: count) { output, initializedCount in
      sums.withUnsafeMutableBufferPointer { sums in
        pixels.withUnsafeBufferPointer { input in
          for (row, window) in filter.windows.enumerated() {
            sums.update(repeating: Image.half)
            for tap in 0..<window.count {
              let coefficient = filter.coefficients[window.start + tap]
              let source = (window.first - firstRow + tap) * rowLength
              for index in 0..<rowLength {
                sums[index] += coefficient * Int32(input[source + index])
              }
            }
            for index in 0..<rowLength {
              output[row * rowLength + index] = UInt8(
                truncatingIfNeeded: sums[index] >> Image.fractionBits)
            }
          }
        }
      }
      initializedCount = count
    }
    return Image(
      width: width, height: filter.windows.count, channels: channels, pixels: result)
  }

  private static let fractionBits = Int32(TriangleFilter.fractionBits)
  private static let half = Int32(1) << (fractionBits - 1)
}
