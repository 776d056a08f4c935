import Foundation
import IntegerModel
import TFLiteFormat
import TensorFiles
import TestSupport
import Testing

@Suite("Float .tflite models")
struct FloatTFLiteTests {
  /// A fully connected layer of two classes: the sign of 2·x₀ − x₁ + 0.5.
  private func model(batch: Int = 1) -> TFLiteModel {
    func floats(_ name: String, _ shape: [Int], _ values: [Float]) -> TFLiteTensor {
      TFLiteTensor(
        name: name, shape: shape, elementType: .float32,
        constant: ConstantBytes(copying: values.map(\.bitPattern)))
    }
    return TFLiteModel(
      description: "two classes",
      tensors: [
        TFLiteTensor(name: "x", shape: [batch, 2], elementType: .float32),
        floats("w", [2, 2], [2, -1, -2, 1]), floats("b", [2], [0.5, -0.5]),
        TFLiteTensor(name: "logits", shape: [batch, 2], elementType: .float32),
      ],
      operators: [
        TFLiteOperator(
          code: .fullyConnected,
          options: .fullyConnected(
            activation: .none, keepsDimensions: false, hasDefaultWeights: true),
          inputs: [0, 1, 2], outputs: [3])
      ],
      inputs: [0], outputs: [3])
  }

  /// Samples around the border between both classes, and their labels.
  private func samples(in folder: TemporaryFolder) throws -> (arrays: String, labels: String) {
    var generator = SeededGenerator(seed: 7)
    let values = (0..<120).map { _ in Float.random(in: -1...1, using: &generator) }
    let path = folder.file("samples.npz")
    try NPZFile.write(
      [NumericArray(name: "x", shape: [60, 2], values: values)], to: path, compress: false)
    var lines = ""
    for sample in 0..<60 where sample != 3 {
      let margin = 2 * values[2 * sample] - values[2 * sample + 1] + 0.5
      lines += "\(sample) \(margin > 0 ? 0 : 1)\n"
    }
    return (path, try folder.write(Array(lines.utf8), to: "labels.txt"))
  }

  private func convert(_ model: String, _ options: [String]) throws -> Command.Outcome {
    try BuiltCommand("qconvert").run([model] + options)
  }

  @Test("are converted from arrays, and evaluated on arrays with labels by number")
  func arrays() throws {
    let folder = try TemporaryFolder()
    try TFLiteFile.write(model(), to: folder.file("model.tflite"))
    let (arrays, labels) = try samples(in: folder)
    let fbq = folder.file("model.fbq")
    let converted = try convert(
      folder.file("model.tflite"), ["--calibration", arrays, "-o", fbq])
    #expect(converted.status == 0 && converted.errors.isEmpty, "\(converted.errors)")

    struct Evaluation: Decodable {
      var images: Int
      var labeled: Int
      var floatTop1: Double
      var integerTop1: Double
      var sqnr: Double
    }
    let command = [
      "evaluate", fbq, "--reference", folder.file("model.tflite"), "--images", arrays, "--labels",
      labels,
    ]
    let outcome = try BuiltCommand("qconvert").run(command + ["--format", "json"])
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    let result = try JSONDecoder().decode(Evaluation.self, from: Data(outcome.output.utf8))
    #expect(result.images == 60 && result.labeled == 59)
    #expect(result.floatTop1 == 1, "the labels are the model's own")
    #expect(result.integerTop1 >= 0.95)
    #expect(result.sqnr > 35)

    let fewer = try BuiltCommand("qconvert").run(command + ["--count", "2"])
    #expect(fewer.output.hasPrefix("2 samples, arithmetic tflm\n  float top-1 "))
  }

  @Test("without their ending are known by their first bytes")
  func identifier() throws {
    let folder = try TemporaryFolder()
    try TFLiteFile.write(model(), to: folder.file("model"))
    let (arrays, _) = try samples(in: folder)
    let converted = try convert(
      folder.file("model"), ["--calibration", arrays, "-o", folder.file("model.fbq")])
    #expect(converted.status == 0, "\(converted.errors)")
  }

  @Test("with a fixed batch are refused")
  func batch() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("model.tflite")
    try TFLiteFile.write(model(batch: 3), to: path)
    let (arrays, _) = try samples(in: folder)
    let converted = try convert(
      path, ["--calibration", arrays, "-o", folder.file("model.fbq")])
    #expect(converted.status == 1)
    #expect(
      converted.errors
        == "qconvert: error: \(path): input 'x': has a fixed batch of 3; "
        + "convert the model with a batch of 1 or a variable one\n")
  }

  @Test("labels that number no sample are refused")
  func strangeLabels() throws {
    let folder = try TemporaryFolder()
    try TFLiteFile.write(model(), to: folder.file("model.tflite"))
    let (arrays, _) = try samples(in: folder)
    let fbq = folder.file("model.fbq")
    _ = try convert(folder.file("model.tflite"), ["--calibration", arrays, "-o", fbq])
    let labels = try folder.write(Array("cat.jpg 1\n".utf8), to: "labels.txt")
    let outcome = try BuiltCommand("qconvert").run([
      "evaluate", fbq, "--reference", folder.file("model.tflite"), "--images", arrays, "--labels",
      labels,
    ])
    #expect(outcome.status == 1)
    #expect(
      outcome.errors
        == "qconvert: error: \(labels): names none of the 60 samples in \(arrays); "
        + "number the samples from 0\n")
  }

  @Test(
    "of MLPerf Tiny for visual wake words keep their classes",
    .enabled(if: TestData.isPresent, "\(TestData.skipMessage)"))
  func visualWakeWords() throws {
    let folder = try TemporaryFolder()
    let source = TestData.file("models/float/mlperf_vww_96_float.tflite")
    let converted = try convert(
      source,
      [
        "--calibration", TestData.file("images/imagenet-train"), "--calibration-count", "30",
        "--mean", "0,0,0", "--std", "255,255,255", "-o", folder.file("vww.fbq"),
      ])
    #expect(converted.status == 0, "\(converted.errors)")
    let evaluated = try BuiltCommand("qconvert").run([
      "evaluate", folder.file("vww.fbq"), "--reference", source, "--images",
      TestData.file("images/imagenet-val"), "--count", "60", "--format", "json",
    ])
    struct Evaluation: Decodable {
      var agreement: Double
      var sqnr: Double
    }
    let result = try JSONDecoder().decode(Evaluation.self, from: Data(evaluated.output.utf8))
    #expect(result.agreement > 0.9)
    #expect(result.sqnr > 15)
  }
}
