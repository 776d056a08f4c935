import Foundation
import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import TestSupport
import Testing

@Suite(
  "Graphs of one operator, drawn at random, give the bits of TFLite",
  .enabled(if: Python.isAvailable, Python.missing))
struct ConformanceTests {
  static let caseCount = 200
  static let sampleCount = 3

  @Test(
    "exported, in TFLite Micro and in LiteRT's reference kernels", arguments: OperatorFamily.all)
  func operators(family: OperatorFamily) throws {
    var batch = try OracleBatch()
    for seed in 0..<UInt64(ConformanceTests.caseCount) {
      var sketch = OperatorSketch(seed: seed)
      try family.draw(&sketch)
      let graph = sketch.graph
      let samples = (0..<ConformanceTests.sampleCount).map { _ in
        graph.inputs.map { index in
          sketch.random.codes(graph.tensors[index].elementCount, in: -128...127).map {
            UInt8(truncatingIfNeeded: $0)
          }
        }
      }
      try batch.add(OracleBatch.Case(name: "seed\(seed)", graph: graph, samples: samples))
    }
    try batch.run(TFLiteOracle.allCases)
    for oracle in TFLiteOracle.allCases {
      let differences = try batch.differences(oracle)
      #expect(
        differences.isEmpty,
        """
        \(family.name), \(oracle): \(differences.count) of \(ConformanceTests.caseCount) graphs
        \(differences.prefix(5).joined(separator: "\n"))
        """)
    }
  }
}
