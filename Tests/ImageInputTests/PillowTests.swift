import Foundation
import ImageInput
import IntegerModel
import TestSupport
import Testing

@Suite("Pillow sees the same pixels", .enabled(if: Python.isAvailable, Python.missing))
struct PillowTests {
  /// A folder in which `pillow_oracle.py` has written its images.
  private func oracle() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("pillow_oracle.py")
    try Python.run(try String(contentsOf: script, encoding: .utf8), [folder.path])
    return folder
  }

  private func text(_ folder: TemporaryFolder, _ name: String) throws -> String {
    String(decoding: try #require(folder.read(name)), as: UTF8.self)
  }

  private func greatestDifference(_ left: [UInt8], _ right: [UInt8]) -> Int {
    zip(left, right).map { abs(Int($0) - Int($1)) }.max() ?? 0
  }

  @Test("PNG, JPEG, PPM and PGM of every kind decode to what Pillow decodes")
  func decoding() throws {
    let folder = try oracle()
    let stems = try folder.contents().filter { $0.hasSuffix(".tolerance") }
      .map { String($0.dropLast(".tolerance".count)) }
    #expect(stems.count > 50)
    for name in try folder.contents() {
      let stem = String(name.prefix { $0 != "." })
      guard stems.contains(stem), !name.hasSuffix(".expected"), !name.hasSuffix(".tolerance") else {
        continue
      }
      let image = try ImageFile.read(path: folder.file(name))
      let expected = try ImageFile.read(path: folder.file(stem + ".expected"))
      let tolerance = try #require(Int(try text(folder, stem + ".tolerance")))
      #expect(image.width == expected.width && image.height == expected.height, "\(name)")
      #expect(image.channels == expected.channels, "\(name)")
      #expect(greatestDifference(image.pixels, expected.pixels) <= tolerance, "\(name)")
    }
  }

  @Test("resized and cropped pixels differ from Pillow's by at most 1, and hardly ever")
  func resizing() throws {
    let folder = try oracle()
    let names = try folder.contents().filter { $0.hasPrefix("resize-") && $0.hasSuffix(".ppm") }
    #expect(names.count == 30)
    var differing = 0
    var total = 0
    for name in names {
      let stem = String(name.dropLast(".ppm".count))
      let sizes = try text(folder, stem + ".sizes").split(separator: " ").compactMap { Int($0) }
      try #require(sizes.count == 3)
      let pipeline = InputPipeline(
        height: sizes[1], width: sizes[2], resizeShortSide: sizes[0], channelOrder: .rgb,
        codeTables: [[Int16]](repeating: [Int16](repeating: 0, count: 256), count: 3),
        meanBits: [], standardDeviationBits: [])
      let pixels = try pipeline.pixels(of: try ImageFile.read(path: folder.file(name)))
      let expected = try ImageFile.read(path: folder.file(stem + ".expected")).pixels
      #expect(pixels.count == expected.count, "\(name)")
      #expect(greatestDifference(pixels, expected) <= 1, "\(name)")
      differing += zip(pixels, expected).count { $0 != $1 }
      total += pixels.count
    }
    #expect(differing * 1000 < total, "\(differing) of \(total) samples")
  }
}
