import FloatModel
import FloatReference
import Testing

@Suite("Simplified random networks")
struct RandomGraphTests {
  @Test("compute the same, are stable, and keep no batch normalization", arguments: 1...300)
  func property(seed: UInt64) throws {
    var network = RandomNetwork(seed: seed)
    let graph = try network.make()
    let simplified = try simplifiedAndChecked(graph, seed: seed)
    #expect(try simplified.simplified() == simplified, "seed \(seed)")
    #expect(!simplified.operationNames.contains("batch normalization"), "seed \(seed)")
    #expect(simplified.nodes.count <= graph.nodes.count + 1, "seed \(seed)")
    #expect(Set(simplified.values.map(\.name)).count == simplified.values.count, "seed \(seed)")
  }
}
