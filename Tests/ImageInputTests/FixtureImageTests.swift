import Foundation
import ImageInput
import TestSupport
import Testing

@Suite("The fixture's images")
struct FixtureImageTests {
  private let fixtures = TestData.repository + "/Fixtures"

  @Test("test images come in four formats, each with a label")
  func testImages() throws {
    let paths = try ImageFile.list(folder: fixtures + "/test")
    let labels = try String(contentsOfFile: fixtures + "/test/labels.txt", encoding: .utf8)
    let labeled = labels.split(separator: "\n").map { $0.split(separator: " ") }
    #expect(labeled.map { "\(fixtures)/test/\($0[0])" }.sorted() == paths)
    #expect(labeled.allSatisfy { $0.count == 2 && Int($0[1]).map((0..<10).contains) == true })
    for format in ["ppm", "pgm", "png", "jpg"] {
      #expect(paths.count { $0.hasSuffix(format) } == 25, "\(format)")
    }
  }

  @Test("every image can be read", arguments: ["calibration", "test"])
  func readable(folder: String) throws {
    for path in try ImageFile.list(folder: "\(fixtures)/\(folder)") {
      let image = try ImageFile.read(path: path)
      #expect(image.width >= 48 && image.height >= 48, "\(path)")
      #expect(image.channels == (path.hasSuffix("pgm") ? 1 : 3), "\(path)")
    }
  }
}
