import FloatModel
import FloatReference
import ModelImport
import Quantizer
import TestSupport
import Testing

@Suite("The student answers as the integer model that is lowered")
struct StudentImitationTests {
  /// How far the codes of all logits are apart, in codes.
  private func differences(
    _ task: TrainingTask, _ training: TrainingOptions
  ) throws -> [Int] {
    var state = try task.start()
    let student = try StudentNetwork(state, options: training)
    let data = try task.data(for: state)
    let answers = try student.outputCodes(of: data)
    student.write(to: &state)
    let network = try LoweredNetwork(state)
    var result: [Int] = []
    for (sample, inputs) in task.values.enumerated() {
      try network.run(inputs)
      for (output, answer) in zip(task.graph.outputs, answers) {
        let codes = try network.codes(of: state.graph.logits(of: output))
        try #require(codes.count == answer.size)
        let imitated = answer.codes[sample * answer.size..<(sample + 1) * answer.size]
        result += zip(codes, imitated).map { abs(Int($0) - Int($1)) }
      }
    }
    return result
  }

  private func randomTask(_ seed: UInt64, _ form: ThresholdForm) throws -> TrainingTask {
    var network = RandomNetwork(seed: seed)
    return TrainingTask(
      try network.make().simplified(), samples: 5, seed: seed,
      options: QuantizationOptions(
        weights: seed % 2 == 0 ? .perChannel : .perTensor, thresholds: form))
  }

  @Test(
    "code for code, when the device computes it", arguments: 1...25 as ClosedRange<UInt64>,
    ThresholdForm.allCases)
  func device(seed: UInt64, form: ThresholdForm) throws {
    let task = try randomTask(seed, form)
    let found = try differences(task, TrainingOptions(student: .device))
    #expect(!found.isEmpty)
    #expect(found.allSatisfy { $0 == 0 }, "seed \(seed): up to \(found.max() ?? 0) codes")
  }

  @Test("nearly, when floats are rounded in its place", arguments: ThresholdForm.allCases)
  func fakeQuantized(form: ThresholdForm) throws {
    var found: [Int] = []
    for seed: UInt64 in 1...60 { found += try differences(randomTask(seed, form), .init()) }
    let different = found.count { $0 > 0 }
    #expect(Double(different) < 0.05 * Double(found.count))
    // Where a code differs inside the network, what follows may multiply the difference.
    #expect((found.max() ?? .max) <= 8)
  }

  @Test(
    "on a trained network of images", arguments: WeightGranularity.allCases,
    StudentArithmetic.allCases)
  func digits(weights: WeightGranularity, student: StudentArithmetic) throws {
    let graph = try ONNXImporter.loadModel(path: TestData.repository + "/Fixtures/digits.onnx")
      .graph.simplified()
    let task = TrainingTask(
      graph, samples: 6, seed: 9, options: QuantizationOptions(weights: weights))
    let found = try differences(task, TrainingOptions(student: student))
    #expect(found.count == 60)
    #expect((found.max() ?? .max) <= (student == .device ? 0 : 2))
    #expect(found.reduce(0, +) <= found.count)
  }
}
