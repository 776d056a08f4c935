import Foundation
import TestSupport
import Testing

@Suite("qconvert evaluates")
struct EvaluateTests {
  private let command = BuiltCommand("qconvert")
  private let fixtures = TestData.repository + "/Fixtures"

  private func evaluate(_ more: [String]) throws -> Command.Outcome {
    try command.run(
      ["evaluate", fixtures + "/digits.fbq", "--images", fixtures + "/test"] + more)
  }

  @Test("the fixture: nearly the float model's accuracy, on the integer runtime")
  func fixture() throws {
    let outcome = try evaluate([
      "--reference", fixtures + "/digits.onnx", "--labels", fixtures + "/test/labels.txt",
      "--format", "json",
    ])
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect(object["images"] as? Int == 100 && object["labeled"] as? Int == 100)
    #expect(object["floatTop1"] as? Double == 0.98, "as Fixtures/README.md says")
    #expect(try #require(object["integerTop1"] as? Double) >= 0.97)
    #expect(try #require(object["agreement"] as? Double) >= 0.98)
    #expect(try #require(object["sqnr"] as? Double) > 25)
    let (lost, gained) = (
      try #require(object["top1Lost"] as? Int), try #require(object["top1Gained"] as? Int)
    )
    let integer = try #require(object["integerTop1"] as? Double)
    #expect(abs(0.98 - integer - Double(lost - gained) / 100) < 1e-9)
    let interval = try #require(object["top1DropInterval"] as? [Double])
    #expect(interval.count == 2 && interval[0] < interval[1])
    #expect((interval[0]...interval[1]).contains(Double(lost - gained) / 100))
  }

  @Test("a drop with its interval, for people")
  func drop() throws {
    let outcome = try evaluate([
      "--reference", fixtures + "/digits.onnx", "--labels", fixtures + "/test/labels.txt",
    ])
    let line = try #require(
      outcome.output.split(separator: "\n").first { $0.contains("drop of top-1") })
    #expect(
      line.contains(
        /^  drop of top-1 +-?\d\.\d points  \(95 % interval -\d\.\d to \d\.\d; \d lost, \d gained\)$/
      ),
      "\(line)")
  }

  @Test("without labels: agreement and SQNR alone")
  func unlabeled() throws {
    let outcome = try evaluate(["--reference", fixtures + "/digits.onnx", "--count", "10"])
    #expect(outcome.status == 0)
    #expect(outcome.output.hasPrefix("10 images, arithmetic tflm\n  agreement "))
    #expect(outcome.output.contains("SQNR of logits"))
    #expect(!outcome.output.contains("top-1"))
  }

  @Test("a model under another arithmetic to nearly the same result")
  func arithmetic() throws {
    let outcome = try evaluate([
      "--reference", fixtures + "/digits.onnx", "--count", "50", "--arithmetic", "tosa",
    ])
    #expect(outcome.status == 0)
    #expect(outcome.output.hasPrefix("50 images, arithmetic tosa\n"))
  }

  @Test("refusing labels that name none of the images")
  func strangeLabels() throws {
    let folder = try TemporaryFolder()
    let labels = try folder.write(Array("cat.jpg 3\n".utf8), to: "labels.txt")
    let outcome = try evaluate(["--reference", fixtures + "/digits.onnx", "--labels", labels])
    #expect(outcome.status == 1)
    #expect(
      outcome.errors
        == "qconvert: error: \(labels): names none of the 100 images in \(fixtures)/test; "
        + "write the file names as they are in the folder\n")
  }
}

@Suite("qconvert inspects")
struct InspectTests {
  private let model = TestData.repository + "/Fixtures/digits.fbq"

  @Test("every operation, and what the whole costs")
  func text() throws {
    let outcome = try BuiltCommand("qconvert").run(["inspect", model])
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
    let heading = try #require(lines.firstIndex { $0.hasPrefix("operation ") })
    #expect(lines[(heading + 1)...].filter { !$0.isEmpty }.count == 21)
    #expect(outcome.output.contains("MACs         0.93 million"))
    #expect(outcome.output.contains("bits in every accumulator"))
  }

  @Test("to JSON whose sums match its rows")
  func json() throws {
    struct Report: Decodable {
      struct Row: Decodable {
        var macs: Int
        var constantBytes: Int
        var headroomBits: Int?
      }
      var macs: Int
      var constantBytes: Int
      var headroomBits: Int
      var arenaBytes: Int
      var operations: [Row]
    }
    let outcome = try BuiltCommand("qconvert").run(["inspect", model, "--format", "json"])
    let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    #expect(report.macs == report.operations.reduce(0) { $0 + $1.macs })
    #expect(report.constantBytes == report.operations.reduce(0) { $0 + $1.constantBytes })
    #expect(report.headroomBits == report.operations.compactMap(\.headroomBits).min())
    #expect(report.arenaBytes > 0)
  }
}
