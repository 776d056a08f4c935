import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import ModelExport
import TestSupport
import Testing

@Suite(
  "Graphs of one operator, drawn at random, give the bits of TFLite",
  .enabled(if: Python.isAvailable, Python.missing))
struct ConformanceTests {
  /// Graphs of each family, and runs of each graph.
  static let (graphCount, sampleCount) = (200, 3)

  @Test(
    "exported, in TFLite Micro, in LiteRT's reference kernels and in LiteRT with XNNPACK",
    arguments: OperatorGroup.all)
  func operators(group: OperatorGroup) throws {
    var batch = try OracleBatch()
    for (number, family) in group.families.enumerated() {
      for seed in 0..<UInt64(ConformanceTests.graphCount) {
        var sketch = OperatorSketch(
          seed: seed, type: family.types.activations, weightType: family.types.weights)
        try family.draw(&sketch)
        let graph = sketch.graph
        let samples = (0..<ConformanceTests.sampleCount).map { _ in
          graph.inputs.map { sketch.random.bytes(of: graph.tensors[$0]) }
        }
        try batch.add(
          OracleBatch.Case(
            name: "f\(number)s\(seed)", graph: graph, samples: samples, oracles: family.oracles))
      }
    }
    try batch.run()
    for (number, family) in group.families.enumerated() {
      for oracle in family.oracles {
        let differences = try batch.differences(oracle) { $0.hasPrefix("f\(number)s") }
        #expect(
          differences.isEmpty,
          """
          \(family.description), \(oracle): \(differences.count) of \(ConformanceTests.graphCount) \
          graphs differ; the number behind 's' is the seed
          \(differences.prefix(5).joined(separator: "\n"))
          """)
      }
    }
  }
}

extension SplitMix64 {
  /// Random codes over the full range of a tensor's type, as bytes.
  mutating func bytes(of tensor: TensorDescription) -> [UInt8] {
    let type = tensor.elementType
    let values = codes(tensor.elementCount, in: Int(type.minimumCode)...Int(type.maximumCode))
    return ConstantBytes(values, as: type).withUnsafeBytes { [UInt8]($0) }
  }
}
