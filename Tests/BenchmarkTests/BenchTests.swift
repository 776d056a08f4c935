import Foundation
import TestSupport
import Testing

@Suite("tools/bench")
struct BenchTests {
  private static let folder = TestData.repository + "/Tests/BenchmarkTests"

  private func bench(_ arguments: [String]) throws -> Command.Outcome {
    try Command("python3", [TestData.repository + "/tools/bench"] + arguments).run()
  }

  @Test("turns measurements into the page")
  func page() throws {
    let expected = try String(contentsOfFile: Self.folder + "/page.md", encoding: .utf8)
    let folder = try TemporaryFolder()
    let result = try bench([
      "--from", Self.folder + "/measurements.json", "--write", folder.file("page.md"),
    ])
    #expect(result.status == 0)
    #expect(result.output == expected)
    #expect(result.errors == "")
    #expect(folder.read("page.md") == Array(expected.utf8))
  }

  @Test("says when the machine was busy")
  func busy() throws {
    let folder = try TemporaryFolder()
    let text = try String(contentsOfFile: Self.folder + "/measurements.json", encoding: .utf8)
    let busy = text.replacingOccurrences(of: #""load": 0.25"#, with: #""load": 3.5"#)
    let path = try folder.write(Array(busy.utf8), to: "busy.json")
    #expect(
      try bench(["--from", path]).output.contains(
        "The machine did other work when the measurement began (load 3.5 on 4 cores): compare "
          + "within a table, trust no single number."))
  }

  @Test("names what it cannot read, write or find")
  func errors() throws {
    let folder = try TemporaryFolder()
    let empty = try folder.write(Array("{}".utf8), to: "empty.json")
    let sample = Self.folder + "/measurements.json"
    let missing = folder.file("missing")
    for (arguments, message) in [
      (["--from", missing], "bench: \(missing): No such file or directory\n"),
      (["--from", empty], "bench: \(empty): not the expected JSON (KeyError('machine'))\n"),
      (
        ["--from", sample, "--write", missing + "/page.md"],
        "bench: \(missing)/page.md: its folder does not exist\n"
      ),
    ] {
      let result = try bench(arguments)
      #expect(result.status == 1)
      #expect(result.output == "")
      #expect(result.errors == message)
    }
  }
}
