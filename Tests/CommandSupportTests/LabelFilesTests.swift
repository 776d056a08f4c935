import CommandSupport
import Diagnostics
import Foundation
import Testing

@Suite("Label files")
struct LabelFilesTests {
  private func file(_ text: String) throws -> String {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("fbq-labels-\(UUID().uuidString).txt").path
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test("names lose a WordNet identifier and keep everything else")
  func names() throws {
    let path = try file("n01440764 tench, Tinca tinca\r\nnew york\nbackground\n\n")
    #expect(try LabelFiles.names(path: path) == ["tench, Tinca tinca", "new york", "background"])
  }

  @Test("file names may hold blanks; the class is the last word")
  func classes() throws {
    let path = try file("# comment\na cat.jpg 281\n\nb.png\t3\n")
    #expect(
      try LabelFiles.classes(path: path, classCount: 1000) == ["a cat.jpg": 281, "b.png": 3])
  }

  @Test(
    "errors name the line and the mend",
    arguments: [
      ("a.jpg\n", "line 1: does not end in a class number; write lines like 'cat.jpg 281'"),
      (
        "a.jpg 1\nb.jpg 10\n",
        "line 2: class 10 is outside 0…9; count classes from 0 in the order of the model's outputs"
      ),
      ("a.jpg 1\na.jpg 2\n", "line 2: 'a.jpg' already has class 1; assign each file once"),
      ("# nothing\n", "assigns no image to a class; write lines like 'cat.jpg 281'"),
    ])
  func errors(text: String, expected: String) throws {
    let path = try file(text)
    let error = #expect(throws: Diagnostic.self) {
      try LabelFiles.classes(path: path, classCount: 10)
    }
    #expect(error?.description == "\(path): \(expected)")
  }

  @Test("a blank line between names is an error, because it would shift all that follow")
  func blankName() throws {
    let path = try file("cat\n\ndog\n")
    let error = #expect(throws: Diagnostic.self) { try LabelFiles.names(path: path) }
    #expect(error?.description == "\(path): line 2: is blank; write one class name per line")
  }
}
