import Foundation
import TestSupport
import Testing

@Suite("qconvert sensitivity")
struct SensitivityCommandTests {
  private let command = BuiltCommand("qconvert")
  private let fixtures = TestData.repository + "/Fixtures"

  private func sensitivity(_ more: [String]) throws -> Command.Outcome {
    try command.run(
      ["sensitivity", fixtures + "/digits.onnx", "--calibration", fixtures + "/calibration"]
        + normalization + more)
  }

  private struct Report: Decodable {
    struct Layer: Decodable {
      struct Channel: Decodable {
        var channel: Int
        var sqnr: Double
      }
      var name: String
      var kind: String
      var alone: Double
      var cumulative: Double
      var drop: Double
      var noiseShare: Double
      var worstChannels: [Channel]
      var biasShare: Double
      var cumulativeBiasShare: Double
      var clippedShare: Double
      var roundingShare: Double
      var peakToMean: Double
      var filterSpread: Double?
      var mend: String?
    }
    struct Mend: Decodable {
      var mend: String
      var options: String
      var layers: Int
      var noiseShare: Double
    }
    var samples: Int
    var layers: [Layer]
    var mends: [Mend]
  }

  @Test("prints a ranked table of at most 100 columns, and mends")
  func text() throws {
    let outcome = try sensitivity(["--count", "10"])
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n").map(String.init)
    #expect(
      lines[0] == "10 images; SQNR of each layer, quantized alone and in the whole model")
    #expect(
      lines[1].split(whereSeparator: \.isWhitespace)
        == ["layer", "kind", "alone", "cumulative", "drop", "noise", "mend"])
    #expect(lines[2].hasPrefix(" 1  "))
    #expect(lines.allSatisfy { $0.count <= 100 })
    #expect(outcome.output.contains("\n\nworst channels, alone\n"))
    #expect(outcome.output.contains("\n\nmends\n"))
    #expect(!outcome.output.contains("softmax"))
  }

  @Test("prints JSON whose parts agree, and the logits' SQNR as evaluate does")
  func json() throws {
    let folder = try TemporaryFolder()
    let outcome = try sensitivity([
      "--images", fixtures + "/test", "--count", "40", "--preset", "plain", "--weights",
      "per-tensor", "--format", "json",
    ])
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    #expect(report.samples == 40)
    let shares = report.layers.map(\.noiseShare)
    #expect(abs(shares.reduce(0, +) - 1) < 1e-9 && shares == shares.sorted(by: >))
    for mend in report.mends {
      let concerned = report.layers.filter { $0.mend == mend.mend }
      #expect(concerned.count == mend.layers)
      #expect(abs(concerned.reduce(0) { $0 + $1.noiseShare } - mend.noiseShare) < 1e-9)
      #expect(mend.options.hasPrefix("--"))
    }
    for layer in report.layers where layer.kind.hasSuffix("convolution") {
      #expect(try #require(layer.filterSpread) >= 1)
    }
    let model = folder.file("digits.fbq")
    let converted = try command.run(
      [
        fixtures + "/digits.onnx", "--calibration", fixtures + "/calibration", "--preset",
        "plain", "--weights", "per-tensor", "-o", model,
      ] + normalization)
    #expect(converted.status == 0)
    struct Evaluation: Decodable { var sqnr: Double }
    let evaluated = try command.run([
      "evaluate", model, "--reference", fixtures + "/digits.onnx", "--images", fixtures + "/test",
      "--count", "40", "--format", "json",
    ])
    let sqnr = try JSONDecoder().decode(Evaluation.self, from: Data(evaluated.output.utf8)).sqnr
    #expect(report.layers.contains { abs($0.cumulative - sqnr) < 1e-4 })
  }

  @Test(
    "refuses in one line",
    arguments: [
      (
        ["--images", "/nowhere"], 1,
        "/nowhere: there is no such folder; check the path"
      ),
      (["--count", "0"], 2, "--count must be at least 1; see 'qconvert --help'"),
      (
        ["--percentile", "99"], 2,
        "--percentile applies to --calibrator percentile alone; see 'qconvert --help'"
      ),
    ] as [([String], Int32, String)])
  func errors(arguments: [String], status: Int32, message: String) throws {
    let outcome = try sensitivity(arguments)
    #expect(outcome.status == status)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors == "qconvert: error: \(message)\n")
  }

  @Test("refuses a folder without images")
  func noImages() throws {
    let folder = try TemporaryFolder()
    let outcome = try sensitivity(["--images", folder.path])
    #expect(outcome.status == 1)
    #expect(
      outcome.errors
        == "qconvert: error: \(folder.path): the folder holds no image; put files there that end "
        + "in .ppm, .pgm, .pnm, .png, .jpg or .jpeg\n")
  }
}
