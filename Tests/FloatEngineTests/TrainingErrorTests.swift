import Diagnostics
import FloatEngine
import FloatModel
import FloatReference
import TestSupport
import Testing

@Suite("A training engine refuses what it cannot do, and says why")
struct TrainingErrorTests {
  private func sketch() throws -> GraphSketch {
    var source = TensorSource(seed: 1)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 3])
    let scaled = try sketch.node(
      "scale", .multiply(clamp: .none), x, sketch.constant("k", [3], [1, 2, 3]))
    sketch.output(try sketch.batchNormalization("norm", scaled, &source))
    return sketch
  }

  private func message(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return (error as? Diagnostic)?.description
    }
  }

  private func refusal(
    batch: Int = 1, parameters: Set<ValueIndex> = [], inputs: Set<ValueIndex> = [],
    threads: Int = 1
  ) throws -> String? {
    let graph = try sketch().graph
    return message {
      _ = try TrainingEngine(
        graph: graph, batch: batch, parameters: parameters, inputGradients: inputs,
        threads: threads)
    }
  }

  @Test("settings out of range")
  func settings() throws {
    #expect(try refusal(batch: 0) == "batch 0 is outside 1…65536")
    #expect(try refusal(threads: 1025) == "1025 threads are outside 1…1024")
  }

  @Test("parameters that are none")
  func parameters() throws {
    #expect(
      try refusal(parameters: [0]) == "value 0 is no constant of the graph, so no parameter")
    #expect(
      try refusal(parameters: [1, 99]) == "value 99 is no constant of the graph, so no parameter")
    #expect(
      try refusal(parameters: [-1]) == "value -1 is no constant of the graph, so no parameter")
    #expect(
      try refusal(parameters: [3])
        == "node 'norm' (batch normalization): its parameter 'norm_gamma' cannot be trained; fold "
        + "the batch normalization into the layer before it first")
  }

  @Test("inputs that are none")
  func inputs() throws {
    #expect(
      try refusal(inputs: [1])
        == "the gradient of value 1 is wanted as that of a graph input, which it is not")
  }

  @Test("arrays of the wrong number, size or place")
  func arrays() throws {
    let graph = try sketch().graph
    let engine = try TrainingEngine(graph: graph, batch: 2, parameters: [1], threads: 1)
    let output = graph.outputs[0]
    #expect(
      message { try engine.backward([output: [1, 2, 3, 4, 5, 6]]) }
        == "a backward pass needs the values of a forward pass before it")
    #expect(message { try engine.forward([]) } == "the graph has 1 inputs, but 0 were given")
    #expect(
      message { try engine.forward([[1, 2]]) }
        == "value 'x': 2 elements were given instead of 6 (batch 2 of [1, 3])")
    try engine.forward([[1, 2, 3, 4, 5, 6]])
    #expect(
      message { try engine.backward([output: [1]]) }
        == "value 'norm': 1 elements were given instead of 6 (batch 2 of [1, 3])")
    #expect(
      message { try engine.backward([1: [1, 2, 3]]) }
        == "there is a seed for value 1, but the graph does not compute it")
    #expect(
      message { try engine.backward([77: [1]]) }
        == "there is a seed for value 77, but the graph does not compute it")
    #expect(
      message { try engine.load([1, 2], into: 1) }
        == "value 'k': 2 elements were given instead of 3 ([3])")
    #expect(
      message { try engine.load([1, 2], into: 0) }
        == "value 0 is no constant of the graph, so no parameter")
    #expect(
      message { try engine.load([1, 2, 3], into: 3) }
        == "node 'norm' (batch normalization): its parameter 'norm_gamma' cannot be trained; fold "
        + "the batch normalization into the layer before it first")
  }

  @Test("a forward pass that failed leaves nothing to run backward over")
  func failedForward() throws {
    let graph = try sketch().graph
    let engine = try TrainingEngine(graph: graph, batch: 1, parameters: [1], threads: 1)
    try engine.forward([[1, 2, 3]])
    #expect(message { try engine.forward([[1]]) } != nil)
    // Sizes are checked before anything is overwritten: the former values stand.
    #expect(message { try engine.backward([graph.outputs[0]: [1, 1, 1]]) } == nil)
  }
}
