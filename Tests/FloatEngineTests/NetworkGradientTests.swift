import Dispatch
import FloatEngine
import FloatModel
import FloatReference
import TestSupport
import Testing

@Suite("The gradients of whole networks")
struct NetworkGradientTests {
  @Test("of random graphs whose values are read several times", arguments: 0..<40 as Range<UInt64>)
  func randomGraphs(seed: UInt64) throws {
    let graph = try RandomGraph(seed: seed, nodeCount: 20).graph
    var generator = SeededGenerator(seed: seed ^ 0xbeef)
    let check = try GradientCheck(
      graph, batch: 2, threads: 1 + Int(seed % 2), range: -1...1, using: &generator)
    try expectAgreement(check, seed: seed, &generator)
  }

  @Test("of random networks as exporters write them", arguments: 0..<40 as Range<UInt64>)
  func randomNetworks(seed: UInt64) throws {
    var network = RandomNetwork(seed: seed)
    let graph = try network.make()
    var generator = SeededGenerator(seed: seed ^ 0xcafe)
    let check = try GradientCheck(graph, batch: 2, threads: 1, range: -1...1, using: &generator)
    try expectAgreement(check, seed: seed, &generator)
  }

  @Test("with losses on values in the middle", arguments: 0..<20 as Range<UInt64>)
  func interiorSeeds(seed: UInt64) throws {
    let graph = try RandomGraph(seed: seed, nodeCount: 20).graph
    var generator = SeededGenerator(seed: seed ^ 0xf00d)
    let seeded = (graph.inputs + graph.nodes.map(\.output)).filter { _ in
      Int.random(in: 0..<4, using: &generator) == 0
    }
    let check = try GradientCheck(
      graph, batch: 3, threads: 1, range: -1...1, seeded: seeded, using: &generator)
    try expectAgreement(check, seed: seed, &generator)
  }

  @Test("of weights that several layers share")
  func sharedWeights() throws {
    var generator = SeededGenerator(seed: 5)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 5, 5, 4])
    let weights = sketch.constant(
      "w", [4, 3, 3, 4], FloatTensor.random([4, 3, 3, 4], using: &generator).values)
    let bias = sketch.constant("b", [4], FloatTensor.random([4], using: &generator).values)
    let same = FloatConvolution(
      stride: SpatialExtent(height: 1, width: 1),
      padding: EdgePadding(top: 1, left: 1, bottom: 1, right: 1))
    let first = try sketch.node("first", .convolution(same), x, weights, bias)
    let second = try sketch.node("second", .convolution(same), first, weights, bias)
    // The same constants as operands: both of one array for all images and of one per image.
    let flat = try sketch.node("flat", .reshape([144]), weights)
    let scaled = try sketch.node("scaled", .multiply(clamp: .none), weights, weights)
    let shifted = try sketch.node("shifted", .add(clamp: .none), second, bias)
    for output in [flat, scaled, shifted] { sketch.output(output) }
    let check = try GradientCheck(sketch.graph, batch: 2, threads: 1, using: &generator)
    try expectAgreement(check, seed: 5, &generator)
  }

  @Test("forward equals the forward engine bit by bit", arguments: 0..<20 as Range<UInt64>)
  func forward(seed: UInt64) throws {
    let graph = try RandomGraph(seed: seed, nodeCount: 25).graph
    var generator = SeededGenerator(seed: seed)
    let inputs = graph.randomInputs(batch: 2, in: -1...1, using: &generator)
    let computed = graph.inputs + graph.nodes.map(\.output)
    let engine = try FloatEngine(graph: graph, batch: 2, keeping: Set(computed), threads: 1)
    try engine.run(inputs: inputs)
    let training = try TrainingEngine(
      graph: graph, batch: 2, parameters: graph.trainable, threads: 1)
    try training.forward(inputs)
    for index in computed {
      #expect(
        training.values(of: index).map(\.bitPattern) == engine.values(of: index).map(\.bitPattern),
        "seed \(seed), value \(index)")
    }
  }

  @Test("engines on threads of their own find the same bits as one after the other")
  func concurrentEngines() throws {
    let graph = try RandomGraph(seed: 3, nodeCount: 30).graph
    let alone = try (0..<2).map { try gradientBits(of: graph, seed: $0, repetitions: 1) }
    let slots = Slots(count: 2)
    DispatchQueue.concurrentPerform(iterations: 2) { thread in
      slots[thread] = try? gradientBits(of: graph, seed: UInt64(thread), repetitions: 20)
    }
    #expect(slots[0] == alone[0])
    #expect(slots[1] == alone[1])
    #expect(alone[0] != alone[1])
  }

  /// The bits of all gradients; of the last repetition.
  private func gradientBits(
    of graph: FloatGraph, seed: UInt64, repetitions: Int
  ) throws -> [UInt32] {
    var generator = SeededGenerator(seed: seed)
    let check = try GradientCheck(
      graph, batch: 2, threads: 1, range: -1...1, using: &generator)
    for _ in 0..<repetitions {
      check.engine.clearGradients()
      try check.run()
    }
    return check.bits
  }

  private func expectAgreement(
    _ check: GradientCheck, seed: UInt64, _ generator: inout SeededGenerator
  ) throws {
    try check.run()
    var (compared, kinks) = (0, 0)
    for finding in try check.findings(elements: 3, using: &generator) {
      #expect(finding.disagreement < 1e-3, "seed \(seed): \(finding)")
      compared += finding.compared
      kinks += finding.kinks
    }
    #expect(compared > 3 * kinks, "seed \(seed): \(kinks) kinks, \(compared) compared")
  }
}

/// Results of concurrent iterations, each of which writes its own.
private final class Slots: @unchecked Sendable {
  private var results: [[UInt32]?]

  init(count: Int) { results = Array(repeating: nil, count: count) }

  subscript(index: Int) -> [UInt32]? {
    get { results[index] }
    set { results.withUnsafeMutableBufferPointer { $0[index] = newValue } }
  }
}

extension GradientCheck {
  /// The bits of the gradients of all parameters and inputs.
  var bits: [UInt32] {
    graph.trainable.sorted().flatMap { engine.gradient(of: $0).map(\.bitPattern) }
      + graph.inputs.flatMap { engine.gradient(ofInput: $0).map(\.bitPattern) }
  }
}
