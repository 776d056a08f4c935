import FBQFormat
import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import TestSupport
import Testing

@Suite("Whole models give the same bits with any kernels and any number of threads")
struct WholeModelTests {
  /// Every activation of `graph` after a run on seeded random codes, and what it is called.
  private func activations(
    of graph: IntegerGraph, _ options: RunOptions, seed: UInt64
  ) throws -> [(name: String, codes: [Int])] {
    var generator = SplitMix64(seed: seed)
    let inputs = graph.inputs.map { index in
      generator.codes(
        graph.tensors[index].elementCount, in: graph.tensors[index].elementType.codes)
    }
    let interpreter = try Interpreter(graph: graph, options: options)
    _ = interpreter.codes(for: inputs)
    return graph.operations.flatMap(\.outputs).map {
      (graph.tensors[$0].name, interpreter.codes(of: $0))
    }
  }

  /// Compares all tables of kernels on 1 to 4 threads with the reference kernels.
  private func compare(_ graph: IntegerGraph) throws {
    let seed: UInt64 = 20_261_121
    func options(_ kernels: KernelChoice, threads: Int) -> RunOptions {
      RunOptions(kernels: kernels, threads: threads, preservesAllTensors: true)
    }
    let expected = try activations(of: graph, options(.reference, threads: 1), seed: seed)
    for kernels in KernelChoice.available where kernels != .reference {
      for threads in 1...4 {
        let found = try activations(of: graph, options(kernels, threads: threads), seed: seed)
        let other = zip(found, expected).first { $0.codes != $1.codes }
        #expect(
          other == nil,
          "\(kernels.rawValue), \(threads) threads, seed \(seed): '\(other?.0.name ?? "")' differs")
      }
    }
  }

  @Test("the fixture")
  func fixture() throws {
    try compare(FBQFile.read(path: TestData.repository + "/Fixtures/digits.fbq"))
  }

  @Test(
    "real models: weights in uint8 with a zero point, and broadcast products",
    .enabled(if: TestData.isPresent, "\(TestData.skipMessage)"),
    arguments: ["coral_mobilenet_v1_0.25_128_quant", "stm_st_efficientnet_lc_v1_128_tfs_int8"])
  func realModel(_ name: String) throws {
    let folder = try TemporaryFolder()
    let converted = try BuiltCommand("qconvert").run([
      TestData.file("models/int8/\(name).tflite"), "-o", folder.file("model.fbq"),
    ])
    #expect(converted.status == 0, "\(converted.errors)")
    try compare(FBQFile.read(path: folder.file("model.fbq")))
  }
}
