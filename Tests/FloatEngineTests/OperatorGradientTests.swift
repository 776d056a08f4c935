import FloatEngine
import FloatModel
import TestSupport
import Testing

@Suite("Each operation's gradients are those of its definition")
struct OperatorGradientTests {
  @Test("alone, for 1 to 3 images, on 1 and 2 threads", arguments: OperatorCase.all)
  func agrees(with operatorCase: OperatorCase) throws {
    try expectAgreement(operatorCase, seed: 20_261_122)
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
    for (batch, threads) in [(1, 1), (2, 2), (3, 1)] {
      var generator = SeededGenerator(seed: seed)
      let graph = operatorCase.graph(using: &generator)
      let check = try GradientCheck(graph, batch: batch, threads: threads, using: &generator)
      try check.run()
      for finding in try check.findings(using: &generator) {
        #expect(
          finding.disagreement < 1e-4 && finding.compared >= 3,
          "\(operatorCase.name), seed \(seed), batch \(batch), \(threads) threads: \(finding)")
      }
    }
  }
}
