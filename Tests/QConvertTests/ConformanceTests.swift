import Foundation
import TestSupport
import Testing

@Suite(
  "Imported models compute the bits of their judges",
  .enabled(if: TestData.isPresent, "\(TestData.skipMessage)"),
  .enabled(if: Python.isAvailable, Python.missing))
struct ConformanceTests {
  /// The models whose tensors take some seconds; the page that tools/conformance writes has all.
  private static let models = [
    "coral_mobilenet_v1_0.25_128_quant", "coral_split_concat", "kws_demo_mbnetv3-8b-92.37",
    "mlperf_tiny_ad01_int8", "mlperf_tiny_kws_ref_model", "mlperf_tiny_pretrainedResnet_quant",
    "mlperf_tiny_str_ww_ref_model", "mlperf_tiny_vww_96_int8",
    "stm_miniresnetv2_1stacks_64x50_int8", "stm_resnet_v1_8_32_int8",
    "stm_ssd_mobilenet_v1_025_192_int8", "stm_st_efficientnet_lc_v1_128_tfs_int8",
    "stm_st_mnist_v1_28_tfs_int8", "tflm_micro_speech_quantized", "tflm_person_detect",
    "tflm_seanet_add0", "tflm_seanet_conv0", "tflm_seanet_leaky_relu0", "tflm_seanet_pad0",
    "tflm_seanet_transpose_conv0", "tinyengine_detection", "tinyengine_vww",
  ]

  @Test(
    "in every element of every tensor, under tflm and litert-reference",
    arguments: models)
  func conformance(model: String) throws {
    let binaries = URL(fileURLWithPath: BuiltCommand("qrun").path).deletingLastPathComponent().path
    let outcome = try Command(
      Python.interpreter ?? "python3",
      [
        TestData.repository + "/tools/conformance",
        TestData.file("models/int8/\(model).tflite"), "--inputs", "3", "--binaries", binaries,
      ]
    ).run()
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(
      outcome.output.contains(": equal"), "neither judge ran the model: \(outcome.output)")
  }
}
