import Foundation
import IntegerModel
import IntegerRuntime
import TensorFiles
import TestSupport
import Testing

@Suite(
  "Whole models have LiteRT's bits in every tensor",
  .enabled(if: Python.isAvailable && TestData.isPresent, LiteRTOracle.missing))
struct LiteRTModelTests {
  /// A model, and how many of its tensors LiteRT shows.
  struct Model: CustomTestStringConvertible, Sendable {
    var name: String
    var tensors: Int
    var testDescription: String { name }
  }

  /// One of each family: uint8 and int8; dense, separable, residual; resized, concatenated.
  static let models = [
    Model(name: "coral_mobilenet_v1_0.25_128_quant", tensors: 31),
    Model(name: "kws_demo_mbnetv3-8b-92.37", tensors: 17),
    Model(name: "mlperf_tiny_ad01_int8", tensors: 10),
    Model(name: "mlperf_tiny_kws_ref_model", tensors: 13),
    Model(name: "mlperf_tiny_pretrainedResnet_quant", tensors: 16),
    Model(name: "mlperf_tiny_vww_96_int8", tensors: 31),
    Model(name: "stm_miniresnetv2_1stacks_64x50_int8", tensors: 23),
    Model(name: "stm_st_mnist_v1_28_tfs_int8", tensors: 9),
  ]

  @Test("on random codes", arguments: models, LiteRTOracle.profiles)
  func bits(_ model: Model, _ profile: ArithmeticProfile) throws {
    let folder = try TemporaryFolder()
    let path = TestData.file("models/int8/\(model.name).tflite")
    let inputs = 3
    try LiteRTOracle.run(
      "litert_model.py", [path, profile.name, "11", "\(inputs)", folder.file("out.npz")])
    let names = String(decoding: try #require(folder.read("out.npz.names")), as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var arrays: [String: NumericArray] = [:]
    for array in try NPZFile.read(path: folder.file("out.npz")) {
      arrays[names[try #require(Int(array.name.dropFirst()))]] = array
    }
    let graph = try LiteRTOracle.graph(path)
    let interpreter = try Interpreter(
      graph: graph, options: RunOptions(arithmetic: profile, preservesAllTensors: true))
    var compared: Set<String> = []
    for number in 0..<inputs {
      for input in graph.inputs {
        let tensor = graph.tensors[input]
        let array = try #require(arrays[tensor.name])
        interpreter.mutableBytes(of: input).copyBytes(
          from: array.bytes[number * tensor.byteCount..<(number + 1) * tensor.byteCount])
      }
      interpreter.run()
      for operation in graph.operations {
        let tensor = graph.tensors[operation.outputs[0]]
        guard let array = arrays[tensor.name] else { continue }
        try #require(array.bytes.count == inputs * tensor.byteCount)
        let differing = array.differingBytes(
          from: interpreter.bytes(of: operation.outputs[0]), at: number * tensor.byteCount)
        #expect(
          differing == 0,
          "\(operation.kind.name) '\(tensor.name)': \(differing) of \(tensor.byteCount) bytes")
        compared.insert(tensor.name)
      }
    }
    #expect(compared.count == model.tensors)
  }
}
