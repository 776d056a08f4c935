import FloatModel
import Foundation
import IntegerModel
import ModelImport
import TFLiteFormat
import TestSupport
import Testing

/// A model of FBQ_TEST_DATA and the range of its inputs.
private struct RealModel: CustomTestStringConvertible {
  let file: String
  var range: ClosedRange<Float> = -1...1
  var testDescription: String { file }

  var path: String { TestData.file("models/\(file)") }
  var name: String { URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent }

  static let all = [
    RealModel(file: "float/mediapipe_face_detection_front.tflite"),
    RealModel(file: "float/mlperf_ad01_fp32.tflite", range: -10...10),
    RealModel(file: "float/mlperf_pretrainedResnet.tflite", range: 0...255),
    RealModel(file: "float/mlperf_vww_96_float.tflite", range: 0...1),
    RealModel(file: "int8/aiedge_branching_conv_fc.tflite"),
    RealModel(file: "int8/aiedge_mnist_quantized.tflite", range: 0...1),
  ]
  static let hybrid = RealModel(
    file: "float/mlperf_kws_ref_model_float32.tflite", range: -100...100)
}

@Suite(
  "Real float .tflite models",
  .enabled(if: LiteRT.isAvailable, LiteRT.missing),
  .enabled(if: TestData.isPresent, "\(TestData.skipMessage)"))
struct FloatTFLiteRealModelTests {
  @Test("give what LiteRT gives, as imported and simplified", arguments: RealModel.all)
  fileprivate func agreement(model: RealModel) throws {
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(
      atPath: model.path, toPath: folder.file("\(model.name).tflite"))
    try check(model, read: model.path, in: folder)
  }

  @Test("with int8 filters in place of float ones give what their real filters give in LiteRT")
  func hybrid() throws {
    let model = RealModel.hybrid
    let folder = try TemporaryFolder()
    var dequantized = try TFLiteFile.read(path: model.path)
    var replaced = 0
    for index in dequantized.tensors.indices {
      let tensor = dequantized.tensors[index]
      guard tensor.elementType == .int8, let codes = tensor.constant?.array(of: Int8.self),
        let scales = tensor.quantization?.scales
      else { continue }
      let size = codes.count / scales.count
      dequantized.tensors[index].elementType = .float32
      dequantized.tensors[index].quantization = nil
      dequantized.tensors[index].constant = ConstantBytes(
        copying: codes.indices.map { (Float(codes[$0]) * scales[$0 / size]).bitPattern })
      replaced += 1
    }
    #expect(replaced == 5)
    try TFLiteFile.write(dequantized, to: folder.file("\(model.name).tflite"))
    try check(model, read: model.path, in: folder)
  }

  private func check(_ model: RealModel, read path: String, in folder: TemporaryFolder) throws {
    let graph = try TFLiteFloatImporter.load(path: path)
    for seed in 1...2 {
      let run = try #require(
        try LiteRT.run([model.name], in: folder, seed: seed, range: model.range).first)
      for candidate in [graph, try graph.simplified()] {
        let disagreement = try LiteRT.disagreement(of: candidate, from: run, in: folder)
        #expect(disagreement <= 1e-4, "\(model.file), seed \(seed)")
      }
    }
  }
}
