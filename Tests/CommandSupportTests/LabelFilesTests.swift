import CommandSupport
import Diagnostics
import TestSupport
import Testing

@Suite("Label files")
struct LabelFilesTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func file(_ text: String) throws -> String {
    try folder.write([UInt8](text.utf8), to: "labels.txt")
  }

  @Test("names lose a WordNet identifier and keep everything else")
  func names() throws {
    let path = try file("n01440764 tench, Tinca tinca\r\nnew york\nbackground\n\n")
    #expect(try LabelFiles.names(path: path) == ["tench, Tinca tinca", "new york", "background"])
  }

  @Test("a byte order mark, as Windows editors write it, belongs to no name")
  func byteOrderMark() throws {
    #expect(try LabelFiles.names(path: file("\u{FEFF}tench\ncat\n")) == ["tench", "cat"])
    #expect(
      try LabelFiles.classes(path: file("\u{FEFF}a.jpg 1\n"), classCount: 2) == ["a.jpg": 1])
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
