import FloatModel
import FloatReference
import Quantizer
import Testing

@Suite("Channel-range equalization")
struct ChannelRangeEqualizationTests {
  /// x [1, 1, 1, 3] → a, 1×1, one weight per channel → reader.
  private func chain(
    _ weights: [Float] = [1, 1, 1], bias: [Float]? = nil, clamp: ClampRange,
    reader: (inout GraphSketch, ValueIndex) throws -> ValueIndex = {
      try $0.pointwise("dw", $1, weights: [[1], [2], [4]], groups: 3)
    }
  ) throws -> FloatGraph {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 1, 1, 3])
    let value = try sketch.pointwise(
      "a", x, weights: weights.map { [$0] }, bias: bias, groups: 3, clamp: clamp)
    sketch.output(try reader(&sketch, value))
    return sketch.graph
  }

  private func equalized(_ graph: FloatGraph, _ samples: [Float]...) throws -> QuantizationState {
    try graph.applying(
      ChannelRangeEqualizationStep(samples: graph.sampleSet(samples.map { [$0] })))
  }

  @Test("lifts each channel to the clamp, bias and all; the depthwise layer takes it back")
  func relu6() throws {
    let state = try equalized(try chain(bias: [0, 1, 0], clamp: .relu6), [6, 2, 1.5])
    #expect(state.graph.elements("a_w") == [1, 2, 4])
    #expect(state.graph.elements("a_b") == [0, 2, 0])
    #expect(state.graph.elements("dw_w") == [1, 1, 1])
    #expect(
      state.notes == ["channel-range equalization: 2 of 3 channels of 1 layer scaled"])
    #expect(state.reference == state.graph)
  }

  @Test("without an upper clamp, to the greatest magnitude of all channels")
  func unclamped() throws {
    let state = try equalized(try chain(clamp: .none), [-8, 4, 1])
    #expect(state.graph.elements("a_w") == [1, 2, 8])
    #expect(state.graph.elements("dw_w") == [1, 1, 0.5])
  }

  @Test("to the nearer limit of a clamp with two")
  func twoLimits() throws {
    let clamp = ClampRange(minimum: -2, maximum: 4)
    let state = try equalized(try chain(clamp: clamp), [4, -1, 0.5])
    #expect(state.graph.elements("a_w") == [1, 2, 4])
  }

  @Test("leaves room above channels that answer to few samples, and never shrinks any")
  func room() throws {
    let state = try equalized(
      try chain(clamp: .relu6), [3, 0, 5.9], [1, 0, 0], [1, 1.5, 0], [1, 0, 0])
    let scaled = state.graph.elements("a_w")
    // Means 1.5, 0.375 and 1.475 under maxima 3, 1.5 and 5.9: fourth roots of 2, 4 and 4.
    #expect(abs(scaled[0] - 6 / (3 * 1.189_207)) < 1e-5)
    #expect(abs(scaled[1] - 6 / (1.5 * 1.414_214)) < 1e-5)
    #expect(scaled[2] == 1)
  }

  @Test("a silent channel stays")
  func silent() throws {
    let state = try equalized(
      try chain([1, 0, 1], bias: [0, -9, 0], clamp: .relu6), [3, 4, 6])
    #expect(state.graph.elements("a_w") == [2, 0, 1])
    #expect(state.graph.elements("a_b") == [0, -9, 0])
  }

  /// What may read the channels besides depthwise layers.
  enum Obstacle: CaseIterable {
    case mixing, both, add, output
  }

  @Test("leaves alone what other layers read, and says so", arguments: Obstacle.allCases)
  func refusals(obstacle: Obstacle) throws {
    let graph = try chain(clamp: .relu6) { sketch, value in
      switch obstacle {
      case .mixing: return try sketch.pointwise("pw", value, weights: [[1, 2, 4]])
      case .both:
        sketch.output(try sketch.pointwise("pw", value, weights: [[1, 2, 4]]))
      case .add: sketch.output(try sketch.node("sum", .add(clamp: .none), value, value))
      case .output: sketch.output(value)
      }
      return try sketch.pointwise("dw", value, weights: [[1], [2], [4]], groups: 3)
    }
    let state = try equalized(graph, [3, 2, 1])
    #expect(state.graph == graph)
    #expect(
      state.notes == [
        "no layer is followed by depthwise layers alone: no channels to equalize"
      ])
  }

  @Test(
    "keeps the function, and the codes of per-channel weights",
    arguments: 1...20 as ClosedRange<UInt64>)
  func property(seed: UInt64) throws {
    let graph = try randomBlocks(seed: seed, clamp: seed % 2 == 0 ? .relu6 : .relu)
    var source = TensorSource(seed: seed)
    let samples = graph.samples(6, in: [-3...3], &source)
    let state = try graph.applying(
      ChannelRangeEqualizationStep(samples: graph.sampleSet(samples)))
    let difference = relativeDifference(
      try graph.outputs(for: samples), try state.graph.outputs(for: samples))
    #expect(difference < 1e-4, "seed \(seed)")
    #expect(state.graph.elements("expand0_w") != graph.elements("expand0_w"), "seed \(seed)")
    for (name, filterSize) in [("expand0", 3), ("depthwise0", 9)] {
      let (before, after) = (graph.elements("\(name)_w"), state.graph.elements("\(name)_w"))
      for start in stride(from: 0, to: before.count, by: filterSize) {
        let range = start..<start + filterSize
        let pairs = zip(shares(of: before[range]), shares(of: after[range]))
        #expect(
          pairs.allSatisfy { abs($0 - $1) < 1e-5 },
          "seed \(seed), \(name), \(start / filterSize)")
      }
    }
  }

  /// What the codes of a filter with a threshold of its own are made of.
  private func shares(of filter: ArraySlice<Float>) -> [Float] {
    let greatest = filter.reduce(0) { max($0, abs($1)) }
    return filter.map { $0 / greatest }
  }
}
