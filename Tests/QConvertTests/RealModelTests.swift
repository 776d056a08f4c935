import Foundation
import TestSupport
import Testing

@Suite(
  "Real models, converted and evaluated by the integer runtime",
  .enabled(if: TestData.isPresent, "\(TestData.skipMessage)"))
struct RealModelTests {
  /// What `qconvert evaluate --format json` prints.
  private struct Evaluation: Decodable {
    var images: Int
    var floatTop1: Double
    var integerTop1: Double
    var agreement: Double
    var sqnr: Double
  }

  private func evaluation(of model: String, _ options: [String]) throws -> Evaluation {
    let folder = try TemporaryFolder()
    let source = TestData.file("models/float/\(model)")
    let converted = try BuiltCommand("qconvert").run(
      [
        source, "--calibration", TestData.file("images/imagenet-train"), "--calibration-count",
        "30", "--resize", "224", "--labels", TestData.file("images/synset_words.txt"), "-o",
        folder.file("model.fbq"),
      ] + normalization + options)
    #expect(converted.status == 0, "\(converted.errors)")
    let images = TestData.file("images/imagenet-val")
    let evaluated = try BuiltCommand("qconvert").run([
      "evaluate", folder.file("model.fbq"), "--reference", source, "--images", images, "--labels",
      images + "/labels.txt", "--count", "60", "--format", "json",
    ])
    #expect(evaluated.status == 0, "\(evaluated.errors)")
    return try JSONDecoder().decode(Evaluation.self, from: Data(evaluated.output.utf8))
  }

  @Test(
    "keep their accuracy with per-channel weights",
    arguments: [
      ("mobilenet_v2_1.0_224.onnx", 0.85), ("mobilenet_v1_0.25_224.onnx", 0.7),
    ], ["symmetric", "asymmetric"])
  func perChannel(model: (name: String, agreement: Double), thresholds: String) throws {
    let result = try evaluation(of: model.name, ["--thresholds", thresholds])
    #expect(result.images == 60)
    #expect(result.floatTop1 > 0.5)
    #expect(result.agreement > model.agreement)
    #expect(result.integerTop1 > result.floatTop1 - 0.1)
    #expect(result.sqnr > 11)
  }

  @Test("collapse with per-tensor weights, as the paper's Table 1 says they do untrained")
  func perTensor() throws {
    let result = try evaluation(
      of: "mobilenet_v2_1.0_224.onnx", ["--preset", "plain", "--weights", "per-tensor"])
    #expect(result.floatTop1 > 0.5)
    #expect(result.integerTop1 < 0.3)
    #expect(result.sqnr < 3)
  }

  @Test("per-tensor weights recover by cross-layer equalization and bias correction alone")
  func equalized() throws {
    let result = try evaluation(
      of: "mobilenet_v2_1.0_224.onnx",
      ["--weights", "per-tensor", "--equalize", "cross-layer", "--bias-correction", "empirical"])
    #expect(result.integerTop1 > result.floatTop1 - 0.15)
    #expect(result.agreement > 0.85)
    #expect(result.sqnr > 12)
  }

  @Test(
    "bias correction lifts per-channel weights by several dB",
    arguments: [("mobilenet_v2_1.0_224.onnx", 17.5), ("mobilenet_v1_0.25_224.onnx", 20.5)])
  func corrected(model: String, sqnr: Double) throws {
    let result = try evaluation(of: model, ["--bias-correction", "empirical"])
    #expect(result.sqnr > sqnr)
  }
}
