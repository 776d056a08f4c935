import FloatModel
import FloatReference
import Quantizer
import Testing

@Suite("Cross-layer equalization")
struct CrossLayerEqualizationTests {
  /// x [1, 1, 1, 1] → two filters → one.
  private func chain(
    _ first: [Float], bias: [Float], clamp: ClampRange, _ second: [Float]
  ) throws -> FloatGraph {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 1, 1, 1])
    let value = try sketch.pointwise(
      "a", x, weights: first.map { [$0] }, bias: bias, clamp: clamp)
    sketch.output(try sketch.pointwise("b", value, weights: [second], bias: [0]))
    return sketch.graph
  }

  private func equalized(_ graph: FloatGraph, _ samples: [Float]...) throws -> QuantizationState {
    try graph.applying(
      CrossLayerEqualizationStep(samples: graph.sampleSet(samples.map { [$0] })))
  }

  @Test("gives each channel the geometric mean of both ranges on both sides")
  func ranges() throws {
    let graph = try chain([8, 1], bias: [-8, 0.5], clamp: .relu, [2, -4])
    // √(2 / 8) = 1/2 and √(4 / 1) = 2; the second channel never falls below 0.5 · 2 = 1.
    let state = try equalized(graph, [1], [0], [3])
    #expect(state.graph.elements("a_w") == [4, 2])
    #expect(state.graph.elements("b_w") == [4, -2])
    #expect(state.notes == ["cross-layer equalization: 0 of 2 channels of 1 chain locked"])
    #expect(state.reference == state.graph)
  }

  @Test("moves what a channel never falls below into the next bias")
  func absorption() throws {
    let graph = try chain([1, 1], bias: [3, -1], clamp: .relu, [1, 1])
    // The first channel is 4 and 5, the second 0 and 1.
    let state = try equalized(graph, [1], [2])
    #expect(state.graph.elements("a_b") == [-1, -1])
    #expect(state.graph.elements("b_b") == [4])
    #expect(state.graph.elements("a_w") == [1, 1])
  }

  @Test("absorbs nothing into a layer that pads, which would see 0 and not the shift")
  func paddedReader() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 1, 1, 1])
    let value = try sketch.pointwise("a", x, weights: [[1]], bias: [3], clamp: .relu)
    let one = SpatialExtent(height: 1, width: 1)
    sketch.output(
      try sketch.node(
        "b",
        .convolution(FloatConvolution(stride: one, padding: EdgePadding(left: 1, right: 1))),
        value, sketch.constant("b_w", [1, 1, 1, 1], [1])))
    let state = try equalized(sketch.graph, [1])
    #expect(state.graph.elements("a_b") == [3])
  }

  @Test("respects ReLU6: locked channels stay, others stop at 5.9")
  func relu6() throws {
    let graph = try chain([1, 1], bias: [0, 0], clamp: .relu6, [4, 100])
    let state = try equalized(graph, [0], [5.95])
    #expect(state.graph == graph)
    let free = try equalized(graph, [0], [2])
    // √4 = 2 brings 2 to 4; √100 = 10 would bring it to 20.
    let limited: Float = 5.9 / 2
    #expect(free.graph.elements("a_w") == [2, limited])
    #expect(free.graph.elements("b_w") == [2, 100 / limited])
  }

  @Test("a graph without chains gets a note")
  func nothingToDo() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 1, 1, 1])
    sketch.output(try sketch.pointwise("a", x, weights: [[1]], bias: [0]))
    let state = try equalized(sketch.graph, [1])
    #expect(state.graph == sketch.graph)
    #expect(state.notes == ["no layer is followed by layers alone: nothing to equalize"])
  }

  @Test(
    "keeps the function of stacked blocks and balances every free channel",
    arguments: 1...40 as ClosedRange<UInt64>)
  func property(seed: UInt64) throws {
    let clamp: ClampRange = seed % 2 == 0 ? .relu6 : .relu
    let graph = try randomBlocks(seed: seed, clamp: clamp)
    var source = TensorSource(seed: seed)
    let samples = graph.samples(6, in: [-3...3], &source)
    let state = try graph.applying(CrossLayerEqualizationStep(samples: graph.sampleSet(samples)))
    #expect(state.graph.elements("depthwise0_w") != graph.elements("depthwise0_w"))
    let difference = relativeDifference(
      try graph.outputs(for: samples), try state.graph.outputs(for: samples))
    #expect(difference < 1e-4, "seed \(seed)")
    // Nothing clamps what the projections put out: filter c of one and input c of the next meet.
    let filters = state.graph.elements("project0_w").map(abs)
    let inputs = state.graph.elements("expand1_w").map(abs)
    for channel in 0..<4 {
      let first = filters[channel * 8..<channel * 8 + 8].max() ?? 0
      let second = stride(from: channel, to: inputs.count, by: 4).map { inputs[$0] }.max() ?? 0
      #expect(abs(first / second - 1) < 0.01, "seed \(seed), channel \(channel)")
    }
  }

  @Test("keeps the function of any network", arguments: 1...120 as ClosedRange<UInt64>)
  func networks(seed: UInt64) throws {
    var network = RandomNetwork(seed: seed)
    let graph = try network.make().simplified()
    var source = TensorSource(seed: seed)
    let samples = graph.samples(4, in: [-2...2], &source)
    let set = try graph.sampleSet(samples)
    let state = try graph.applying(
      DepthwiseRescalingStep(samples: set), CrossLayerEqualizationStep(samples: set))
    for (before, after) in zip(
      try graph.outputs(for: samples), try state.graph.outputs(for: samples))
    {
      for (first, second) in zip(before, after) {
        #expect(relativeDifference([[first]], [[second]]) < 1e-3, "seed \(seed)")
      }
    }
  }
}
