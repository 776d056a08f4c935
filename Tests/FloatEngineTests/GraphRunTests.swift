import FloatEngine
import FloatModel
import TestSupport
import Testing

@Suite("An engine runs whole graphs")
struct GraphRunTests {
  @Test("buffers are reused only after their last reader", arguments: 0..<40 as Range<UInt64>)
  func reuse(seed: UInt64) throws {
    let graph = try RandomGraph(seed: seed, nodeCount: 25).graph
    var generator = SeededGenerator(seed: seed ^ 0xf00d)
    let batch = 2
    let kept = Set(graph.nodes.map(\.output).filter { _ in Bool.random(using: &generator) })
    let engine = try FloatEngine(graph: graph, batch: batch, keeping: kept, threads: 2)
    // Twice, so that nothing left over from a first run may matter in the second.
    for run in 0..<2 {
      let inputs = graph.randomInputs(batch: batch, in: -1...1, using: &generator)
      let expected = try graph.referenceValues(batch: batch, inputs: inputs)
      var observed: [ValueIndex] = []
      try engine.run(inputs: inputs) { index, values in
        observed.append(index)
        #expect(
          disagreement(values, expected[index] ?? []) < 1e-4,
          "seed \(seed), run \(run), value \(index) as observed")
      }
      #expect(observed == graph.inputs + graph.nodes.map(\.output))
      for index in kept.union(graph.outputs) {
        #expect(
          disagreement(engine.values(of: index), expected[index] ?? []) < 1e-4,
          "seed \(seed), run \(run), value \(index) after the run")
      }
    }
  }

  @Test("values that do not live together share memory")
  func arenaIsSmall() throws {
    let graph = chain(length: 20)
    let engine = try FloatEngine(graph: graph, batch: 1, threads: 1)
    let valueBytes = 8 * 8 * 16 * 4
    #expect(engine.arenaByteCount == 2 * valueBytes)
    let keeping = try FloatEngine(
      graph: graph, batch: 1, keeping: Set(graph.nodes.map(\.output)), threads: 1)
    // The input's own buffer is free again from the second node on.
    #expect(keeping.arenaByteCount == 20 * valueBytes)
  }

  @Test("a graph input, a constant and a reshape of either can be read after a run")
  func unusualOutputs() throws {
    var graph = FloatGraph(name: "unusual")
    graph.values = [
      FloatValue(name: "x", shape: [1, 2]),
      FloatValue(name: "k", constant: FloatTensor(shape: [1, 2], values: [5, 6])),
      FloatValue(name: "rx", shape: []), FloatValue(name: "rk", shape: []),
    ]
    graph.inputs = [0]
    graph.nodes = [
      FloatNode(name: "a", operation: .reshape([2]), inputs: [0], output: 2),
      FloatNode(name: "b", operation: .reshape([2, 1]), inputs: [1], output: 3),
    ]
    graph.outputs = [0, 1, 2, 3]
    let engine = try FloatEngine(graph: graph, batch: 2, threads: 1)
    try engine.run(inputs: [[1, 2, 3, 4]])
    #expect(Array(engine.values(of: 0)) == [1, 2, 3, 4])
    #expect(Array(engine.values(of: 1)) == [5, 6, 5, 6])
    #expect(Array(engine.values(of: 2)) == [1, 2, 3, 4])
    #expect(Array(engine.values(of: 3)) == [5, 6, 5, 6])
  }

  @Test("the same number of threads gives the same bits", arguments: [1, 2, 3])
  func deterministic(threads: Int) throws {
    let graph = try RandomGraph(seed: 7, nodeCount: 40).graph
    var generator = SeededGenerator(seed: 7)
    let inputs = graph.randomInputs(batch: 3, in: -1...1, using: &generator)
    var bits: Set<[UInt32]> = []
    for _ in 0..<4 {
      let engine = try FloatEngine(graph: graph, batch: 3, threads: threads)
      for _ in 0..<3 {
        try engine.run(inputs: inputs)
        bits.insert(engine.values(of: graph.outputs[0]).map(\.bitPattern))
      }
    }
    #expect(bits.count == 1)
  }

  @Test("an image's result does not depend on its neighbors in the batch")
  func imagesAreIndependent() throws {
    let graph = try RandomGraph(seed: 11, nodeCount: 30).graph
    var generator = SeededGenerator(seed: 11)
    let inputs = graph.randomInputs(batch: 4, in: -1...1, using: &generator)
    let output = graph.outputs[0]
    let together = try FloatEngine(graph: graph, batch: 4, threads: 2)
    try together.run(inputs: inputs)
    let alone = try FloatEngine(graph: graph, batch: 1, threads: 2)
    for image in 0..<4 {
      try alone.run(
        inputs: inputs.map { Array($0[image * $0.count / 4..<(image + 1) * $0.count / 4]) })
      let count = alone.values(of: output).count
      let expected = Array(together.values(of: output)[image * count..<(image + 1) * count])
      #expect(disagreement(alone.values(of: output), expected) < 1e-5, "image \(image)")
    }
  }

  @Test("NaN and infinity pass through clamps instead of vanishing")
  func nonFiniteValues() throws {
    let graph = chain(length: 1, shape: [1, 4])
    let engine = try FloatEngine(graph: graph, batch: 1, threads: 1)
    try engine.run(inputs: [[.nan, .infinity, -.infinity, 1]])
    let values = Array(engine.values(of: graph.outputs[0]))
    #expect(values[0].isNaN)
    #expect(Array(values[1...]) == [6, 0, 1])
  }

  /// `length` activations one after another.
  private func chain(length: Int, shape: [Int] = [1, 8, 8, 16]) -> FloatGraph {
    var graph = FloatGraph(name: "chain")
    graph.values = (0...length).map { FloatValue(name: "v\($0)", shape: shape) }
    graph.nodes = (0..<length).map {
      FloatNode(name: "n\($0)", operation: .activation(.clip(.relu6)), inputs: [$0], output: $0 + 1)
    }
    graph.inputs = [0]
    graph.outputs = [length]
    return graph
  }
}
