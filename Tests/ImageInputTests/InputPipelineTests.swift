import Diagnostics
import ImageInput
import IntegerModel
import TestSupport
import Testing

@Suite("From an image to the codes of the input tensor")
struct InputPipelineTests {
  /// A pipeline whose tables give code = pixel − 128.
  static func pipeline(
    _ height: Int, _ width: Int, resize: Int, _ order: ChannelOrder = .gray
  ) -> InputPipeline {
    let table = (0..<256).map { Int16($0 - 128) }
    return InputPipeline(
      height: height, width: width, resizeShortSide: resize, channelOrder: order,
      codeTables: [[Int16]](repeating: table, count: order == .gray ? 1 : 3), meanBits: [],
      standardDeviationBits: [])
  }

  @Test("shrinking weighs every pixel by a triangle two output pixels wide")
  func shrink() throws {
    // Weights of four pixels that become two: 6, 6, 2 of 14 and the same backward, so
    // (6 · 0 + 6 · 70 + 2 · 140) / 14 = 50 and (2 · 70 + 6 · 140 + 6 · 210) / 14 = 160.
    let rows = [UInt8]([0, 70, 140, 210])
    let wide = Image(width: 4, height: 4, channels: 1, pixels: (0..<4).flatMap { _ in rows })
    let tall = Image(
      width: 4, height: 4, channels: 1,
      pixels: rows.flatMap { [UInt8](repeating: $0, count: 4) })
    let pipeline = InputPipelineTests.pipeline(2, 2, resize: 2)
    #expect(try pipeline.pixels(of: wide) == [50, 160, 50, 160])
    #expect(try pipeline.pixels(of: tall) == [50, 50, 160, 160])
  }

  @Test("enlarging interpolates between pixel centers and repeats the edge")
  func enlarge() throws {
    let image = Image(width: 2, height: 2, channels: 1, pixels: [0, 100, 0, 100])
    let expected = (0..<4).flatMap { _ in [UInt8]([0, 25, 75, 100]) }
    #expect(try InputPipelineTests.pipeline(4, 4, resize: 4).pixels(of: image) == expected)
  }

  @Test("a tie between two pixel values is rounded up")
  func ties() throws {
    // Two columns that become one have equal weights: 10.5.
    let image = Image(width: 2, height: 2, channels: 1, pixels: [10, 11, 10, 11])
    #expect(try InputPipelineTests.pipeline(1, 1, resize: 1).pixels(of: image) == [11])
  }

  @Test("an image that has the right size already stays as it is")
  func identity() throws {
    var generator = SeededGenerator(seed: 11)
    for (width, height) in [(1, 1), (7, 7), (31, 17), (17, 40)] {
      let image = randomImage(width: width, height: height, channels: 3, using: &generator)
      let pipeline = InputPipelineTests.pipeline(
        height, width, resize: min(width, height), .rgb)
      #expect(try pipeline.pixels(of: image) == image.pixels, "\(width) × \(height)")
    }
  }

  @Test(
    "a constant image stays constant at every size", arguments: [0, 1, 127, 254, 255] as [UInt8])
  func constant(value: UInt8) throws {
    for (width, height) in [(1, 1), (3, 200), (40, 33), (640, 7)] {
      for size in [1, 2, 5, 32, 33, 100] {
        let image = Image(
          width: width, height: height, channels: 1,
          pixels: [UInt8](repeating: value, count: width * height))
        let pixels = try InputPipelineTests.pipeline(size, size, resize: size).pixels(of: image)
        #expect(pixels.allSatisfy { $0 == value }, "\(width) × \(height) to \(size)")
      }
    }
  }

  @Test("the middle is cut out, an odd rest at the bottom and the right")
  func crop() throws {
    let image = Image(width: 5, height: 4, channels: 1, pixels: (0..<20).map { $0 })
    // Of 5 columns 2: the rest 3 is cut 1 left and 2 right. Of 4 rows 3: 0 above and 1 below.
    #expect(
      try InputPipelineTests.pipeline(3, 2, resize: 4).pixels(of: image) == [1, 2, 6, 7, 11, 12])
  }

  @Test("the longer side is rounded down")
  func longerSide() throws {
    // 5 × 3 to shorter side 2 is 3 × 2, so that the columns shrink by 5/3 and rows by 3/2.
    let columns = [UInt8]([0, 50, 100, 150, 200])
    let image = Image(width: 5, height: 3, channels: 1, pixels: (0..<3).flatMap { _ in columns })
    // Weights of column 0 of 3: 10 − |3·(2i+1) − 5| = 8, 6, 0; of column 1: 4, 10, 4.
    // (8·0 + 6·50)/14 = 21.4; 100; (6·150 + 8·200)/14 = 178.6.
    let row = [UInt8]([21, 100, 179])
    #expect(try InputPipelineTests.pipeline(2, 3, resize: 2).pixels(of: image) == row + row)
    #expect(
      message { () throws(Diagnostic) in
        _ = try InputPipelineTests.pipeline(2, 4, resize: 2).pixels(of: image)
      } == """
        input pipeline: an image of 5 × 3 pixels becomes 3 × 2, from which 4 × 2 cannot be cut; \
        convert the model with a resize of at least 4
        """)
  }

  @Test("only what is cut out is computed, so the longest image is no danger")
  func extremeShapes() throws {
    let line = Image(
      width: 65_535, height: 1, channels: 1, pixels: [UInt8](repeating: 9, count: 65_535))
    let pixels = try InputPipelineTests.pipeline(2, 2, resize: 65_535).pixels(of: line)
    #expect(pixels == [9, 9, 9, 9])
    let square = try InputPipelineTests.pipeline(1, 1, resize: 1).pixels(of: line)
    #expect(square == [9])
  }

  @Test("a triangle over very many pixels still is their weighted mean")
  func longTriangle() throws {
    var generator = SeededGenerator(seed: 3)
    let image = randomImage(width: 300, height: 60_000, channels: 1, using: &generator)
    // Rows shrink by 300, with 600 coefficients each.
    let pixels = try InputPipelineTests.pipeline(4, 1, resize: 1).pixels(of: image)
    let expected = TriangleReference(inputExtent: 60_000, outputExtent: 200)
    let rows = (0..<60_000).map { row in
      let line = image.pixels[row * 300..<(row + 1) * 300].map(Double.init)
      return TriangleReference(inputExtent: 300, outputExtent: 1).sample(line, at: 0)
    }
    for (position, pixel) in pixels.enumerated() {
      #expect(abs(Double(pixel) - expected.sample(rows, at: 98 + position)) <= 1.01)
    }
  }

  @Test(
    "any size agrees with the formula in floating point to 1", arguments: 0..<40 as Range<UInt64>)
  func floatingPoint(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let width = Int.random(in: 1...90, using: &generator)
    let height = Int.random(in: 1...90, using: &generator)
    let resize = Int.random(in: 1...90, using: &generator)
    let image = randomImage(width: width, height: height, channels: 1, using: &generator)
    let resizedWidth = width * resize / min(width, height)
    let resizedHeight = height * resize / min(width, height)
    let pixels = try InputPipelineTests.pipeline(resizedHeight, resizedWidth, resize: resize)
      .pixels(of: image)
    let expected = TriangleReference.resize(image, resizedWidth, resizedHeight)
    let greatest = zip(pixels, expected).map { abs(Double($0) - $1) }.max() ?? 0
    // Half a unit for each of the two roundings, and a little for the coefficients.
    #expect(greatest <= 1.01, "seed \(seed)")
  }

  @Test("gray is repeated for a color model, color becomes luma for a gray one")
  func channels() throws {
    let gray = Image(width: 2, height: 1, channels: 1, pixels: [5, 250])
    let asColor = InputPipelineTests.pipeline(1, 2, resize: 1, .rgb)
    #expect(try asColor.pixels(of: gray) == [5, 5, 5, 250, 250, 250])
    // 0.299 · 255 = 76.2; 0.587 · 255 = 149.7; 0.114 · 255 = 29.1; all three 255.
    let color = Image(
      width: 4, height: 1, channels: 3, pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255])
    let asGray = InputPipelineTests.pipeline(1, 4, resize: 1)
    #expect(try asGray.pixels(of: color) == [76, 150, 29, 255])
  }

  @Test("channels come in the model's order")
  func channelOrder() throws {
    let image = Image(width: 2, height: 1, channels: 3, pixels: [1, 2, 3, 4, 5, 6])
    #expect(
      try InputPipelineTests.pipeline(1, 2, resize: 1, .rgb).pixels(of: image) == [
        1, 2, 3, 4, 5, 6,
      ])
    #expect(
      try InputPipelineTests.pipeline(1, 2, resize: 1, .bgr).pixels(of: image) == [
        3, 2, 1, 6, 5, 4,
      ])
  }
}

/// The triangle filter in floating point, written from the definition: positions in input pixels.
struct TriangleReference {
  var inputExtent: Int
  var outputExtent: Int

  func sample(_ values: [Double], at output: Int) -> Double {
    let scale = Double(inputExtent) / Double(outputExtent)
    let center = (Double(output) + 0.5) * scale
    let radius = max(scale, 1)
    var sum = 0.0
    var total = 0.0
    for (position, value) in values.enumerated() {
      let weight = max(0, 1 - abs(Double(position) + 0.5 - center) / radius)
      sum += weight * value
      total += weight
    }
    return sum / total
  }

  static func resize(_ image: Image, _ width: Int, _ height: Int) -> [Double] {
    let across = TriangleReference(inputExtent: image.width, outputExtent: width)
    let down = TriangleReference(inputExtent: image.height, outputExtent: height)
    let rows = (0..<image.height).map { row in
      let line = image.pixels[row * image.width..<(row + 1) * image.width].map(Double.init)
      return (0..<width).map { across.sample(line, at: $0) }
    }
    return (0..<height).flatMap { output in
      (0..<width).map { column in down.sample(rows.map { $0[column] }, at: output) }
    }
  }
}
