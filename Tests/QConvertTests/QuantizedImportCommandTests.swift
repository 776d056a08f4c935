import FBQFormat
import Foundation
import IntegerModel
import TFLiteFormat
import TestSupport
import Testing

@Suite("qconvert takes quantized .tflite models over")
struct QuantizedImportCommandTests {
  /// A 1 × 1 convolution of one pixel of three channels; its weights are those of a luminance.
  private func model(in folder: TemporaryFolder) throws -> String {
    let per = TFLiteQuantization(scales: [1], zeroPoints: [-128])
    let path = folder.file("tiny.tflite")
    let model = TFLiteModel(
      description: "tiny",
      tensors: [
        TFLiteTensor(name: "image", shape: [1, 2, 2, 3], elementType: .int8, quantization: per),
        TFLiteTensor(
          name: "w", shape: [1, 2, 2, 3], elementType: .int8,
          quantization: TFLiteQuantization(scales: [0.01], zeroPoints: [0]),
          constant: ConstantBytes(copying: [Int8](repeating: 7, count: 12))),
        TFLiteTensor(name: "y", shape: [1, 1, 1, 1], elementType: .int8, quantization: per),
      ],
      operators: [
        TFLiteOperator(
          code: .conv2D,
          options: .convolution(
            TFLiteWindow(stride: TFLitePair(height: 1, width: 1), padding: .valid),
            dilation: TFLitePair(height: 1, width: 1), activation: .none), inputs: [0, 1, -1],
          outputs: [2])
      ], inputs: [0], outputs: [2])
    try TFLiteFile.write(model, to: path)
    return path
  }

  @Test("without calibration, and says what it wrote")
  func summary() throws {
    let folder = try TemporaryFolder()
    let output = folder.file("tiny.fbq")
    let outcome = try BuiltCommand("qconvert").run([try model(in: folder), "-o", output])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n").map(String.init)
    #expect(lines.first?.hasPrefix("\(output): 1 operations, ") == true)
    #expect(lines.contains("  weights      int8 per-tensor, 12 of them, as in the source"))
    #expect(lines.contains("  arithmetic   tflm"))
    #expect(
      lines.contains(
        "  accumulators proven not to overflow, at least 16 bits of headroom"))
    let graph = try FBQFile.read(path: output)
    #expect(graph.name == "tiny")
    #expect(graph.record?.sourceName == "tiny.tflite")
    #expect(graph.record?.options == ["arithmetic=tflm"])
    #expect(graph.inputPipeline == nil)
    let inspected = try BuiltCommand("qconvert").run(["inspect", output])
    #expect(inspected.status == 0)
    #expect(inspected.output.contains("image int8 1×2×2×3, scale 1.0, zero point -128"))
  }

  @Test("recording how images become its input where the command line says so")
  func pipeline() throws {
    let folder = try TemporaryFolder()
    let output = folder.file("tiny.fbq")
    let outcome = try BuiltCommand("qconvert").run([
      try model(in: folder), "-o", output, "--mean", "0", "--std", "1", "--resize", "4", "--color",
      "bgr",
    ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let pipeline = try #require(try FBQFile.read(path: output).inputPipeline)
    #expect(pipeline.resizeShortSide == 4)
    #expect(pipeline.channelOrder == .bgr)
    // Pixel values are the reals of codes −128…127.
    #expect(pipeline.codeTables[0] == (0..<256).map { Int16($0 - 128) })
  }

  @Test("and refuses options of calibration, which would change nothing")
  func uselessOptions() throws {
    let folder = try TemporaryFolder()
    let path = try model(in: folder)
    for option in [
      ["--calibration", folder.path], ["--equalize", "none"], ["--epochs", "3"],
      ["--output-type", "int16"], ["--int16", "conv1"], ["--int16-share", "20"],
    ] {
      let outcome = try BuiltCommand("qconvert").run(
        [path, "-o", folder.file("out.fbq")] + option)
      #expect(outcome.status == 2)
      #expect(
        outcome.errors
          == "qconvert: error: \(option[0]) does not apply: \(path) is quantized already, its own "
          + "scales are taken over; see 'qconvert --help'\n")
    }
  }

  @Test("naming the file and the operator that it cannot take over")
  func refusal() throws {
    let folder = try TemporaryFolder()
    let path = try model(in: folder)
    var model = try TFLiteFile.read(path: path)
    model.operators[0].code = .custom
    model.operators[0].customName = "Magic"
    model.operators[0].options = .none
    try TFLiteFile.write(model, to: path)
    let outcome = try BuiltCommand("qconvert").run([path, "-o", folder.file("out.fbq")])
    #expect(outcome.status == 1)
    #expect(
      outcome.errors
        == "qconvert: error: \(path): operator 0 CUSTOM 'Magic' 'y': is a custom operator; cut the "
        + "model before it, or convert it with built-in operators alone\n")
  }
}
