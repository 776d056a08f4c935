import FloatEngine
import FloatModel
import TestSupport
import Testing

@Suite("Each operation computes what its definition says")
struct OperatorTests {
  @Test("alone, for 1 and 3 images, on 1 and 2 threads", arguments: OperatorCase.all)
  func agrees(with operatorCase: OperatorCase) throws {
    try expectAgreement(operatorCase, seed: 20_261_121)
  }

  @Test("convolutions of random shapes", arguments: 0..<60 as Range<UInt64>)
  func randomConvolution(seed: UInt64) throws {
    try expectAgreement(.randomConvolution(seed: seed), seed: seed)
  }

  @Test("pools of random shapes", arguments: 0..<30 as Range<UInt64>)
  func randomPool(seed: UInt64) throws {
    try expectAgreement(.randomPool(seed: seed), seed: seed)
  }

  @Test("sums of randomly broadcast operands", arguments: 0..<40 as Range<UInt64>)
  func randomBroadcast(seed: UInt64) throws {
    try expectAgreement(.randomBroadcast(seed: seed), seed: seed)
  }

  private func expectAgreement(_ operatorCase: OperatorCase, seed: UInt64) throws {
    for (batch, threads) in [(1, 1), (1, 2), (3, 2)] {
      var generator = SeededGenerator(seed: seed)
      let graph = operatorCase.graph(using: &generator)
      let inputs = graph.randomInputs(batch: batch, using: &generator)
      let engine = try FloatEngine(graph: graph, batch: batch, threads: threads)
      try engine.run(inputs: inputs)
      let output = graph.outputs[0]
      let expected = try graph.referenceValues(batch: batch, inputs: inputs)[output] ?? []
      #expect(
        disagreement(engine.values(of: output), expected) < 1e-5,
        "\(operatorCase.name), seed \(seed), batch \(batch), \(threads) threads")
    }
  }
}
