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

  @Test(
    "lifts channels half of the way to the clamp, bias and all; the depthwise layer takes it back")
  func relu6() throws {
    let state = try equalized(try chain(bias: [0, 1, 0], clamp: .relu6), [6, 0.5, 0.375])
    #expect(state.graph.elements("a_w") == [1, 2, 4])
    #expect(state.graph.elements("a_b") == [0, 2, 0])
    #expect(state.graph.elements("dw_w") == [1, 1, 1])
    #expect(
      state.notes == ["channel-range equalization: 2 of 3 channels of 1 tensor scaled"])
    #expect(state.reference == state.graph)
  }

  @Test("without an upper clamp, half of the way to the greatest magnitude of all channels")
  func unclamped() throws {
    let state = try equalized(try chain(clamp: .none), [-8, 2, 0.5])
    #expect(state.graph.elements("a_w") == [1, 2, 4])
    #expect(state.graph.elements("dw_w") == [1, 1, 1])
  }

  @Test("to the nearer limit of a clamp with two")
  func twoLimits() throws {
    let clamp = ClampRange(minimum: -2, maximum: 4)
    let state = try equalized(try chain(clamp: clamp), [4, -0.5, 0.125])
    #expect(state.graph.elements("a_w") == [1, 2, 4])
  }

  @Test("leaves room above channels that answer to few samples, and never shrinks any")
  func room() throws {
    let state = try equalized(
      try chain(clamp: .relu6), [3, 0, 5.9], [1, 0, 0], [1, 1.5, 0], [1, 0, 0])
    let scaled = state.graph.elements("a_w")
    // Means 1.5, 0.375 and 1.475 under maxima 3, 1.5 and 5.9: fourth roots of 2, 4 and 4.
    #expect(abs(scaled[0] - (6 / (3 * 1.189_207)).squareRoot()) < 1e-5)
    #expect(abs(scaled[1] - (6 / (1.5 * 1.414_214)).squareRoot()) < 1e-5)
    #expect(scaled[2] == 1)
  }

  @Test("a silent channel stays")
  func silent() throws {
    let state = try equalized(
      try chain([1, 0, 1], bias: [0, -9, 0], clamp: .relu6), [1.5, 4, 6])
    #expect(state.graph.elements("a_w") == [2, 0, 1])
    #expect(state.graph.elements("a_b") == [0, -9, 0])
  }

  @Test("layers that mix channels are scaled, too, where no clamp bounds the channels")
  func mixing() throws {
    for clamp in [ClampRange.none, .relu] {
      let graph = try chain(clamp: clamp) {
        try $0.pointwise("pw", $1, weights: [[1, 2, 4], [4, 2, 1]])
      }
      let state = try equalized(graph, [8, 2, 0.5])
      #expect(state.graph.elements("a_w") == [1, 2, 4])
      #expect(state.graph.elements("pw_w") == [1, 1, 1, 4, 1, 0.25])
    }
  }

  @Test("all that a residual connection adds up is scaled together, by the channels' mean shares")
  func residual() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 1, 1, 2])
    let a = try sketch.pointwise("a", x, weights: [[4], [0.25]], bias: [0, 1], groups: 2)
    let b = try sketch.pointwise("b", a, weights: [[0, 0], [0, 1]])
    let sum = try sketch.node("sum", .add(clamp: .none), a, b)
    sketch.output(try sketch.pointwise("c", sum, weights: [[1, 1]]))
    // On (1, −3): a = (4, 0.25), b = (0, 0.25), sum = (4, 0.5). Shares of the tensors' reaches: a
    // (1, 1/16), b (0, 1), sum (1, 1/8); squares (2, 1.01953), so that the second channel gets the
    // fourth root of their ratio.
    let factor: Float = 1.183_470
    let state = try equalized(sketch.graph, [1, -3])
    func expect(_ name: String, _ values: [Float]) {
      let found = state.graph.elements(name)
      #expect(zip(found, values).allSatisfy { abs($0 - $1) < 1e-5 }, "\(name): \(found)")
    }
    expect("a_w", [4, 0.25 * factor])
    expect("a_b", [0, factor])
    // Reads and writes the stream.
    expect("b_w", [0, 0, 0, 1])
    expect("c_w", [1, 1 / factor])
    #expect(
      state.notes == ["channel-range equalization: 1 of 2 channels of 1 tensor scaled"])
  }

  /// What channels must not be scaled for.
  enum Obstacle: CaseIterable {
    case mixingBehindClamp, clampedSum, output, constant, concatenation, broadcast
  }

  @Test("leaves alone what something else sees, and says so", arguments: Obstacle.allCases)
  func refusals(obstacle: Obstacle) throws {
    let isClamped = obstacle == .mixingBehindClamp
    let graph = try chain(clamp: isClamped ? .relu6 : .relu) { sketch, value in
      let dw = try sketch.pointwise("dw", value, weights: [[1], [2], [4]], groups: 3)
      switch obstacle {
      case .mixingBehindClamp: return try sketch.pointwise("pw", value, weights: [[1, 2, 4]])
      case .clampedSum:
        let sum = try sketch.node("sum", .add(clamp: .relu6), value, value)
        return try sketch.pointwise("pw", sum, weights: [[1, 2, 4]])
      case .output: sketch.output(value)
      case .constant:
        let one = sketch.constant("one", [1, 1, 1, 3], [1, 1, 1])
        return try sketch.node("sum", .add(clamp: .none), value, one)
      case .concatenation:
        return try sketch.node("both", .concatenation(axis: 3), value, value)
      case .broadcast:
        let mean = try sketch.node("mean", .mean(axes: [3], keepsDimensions: true), value)
        return try sketch.node("sum", .add(clamp: .none), value, mean)
      }
      return dw
    }
    let state = try equalized(graph, [3, 2, 1])
    #expect(state.graph == graph)
    #expect(
      state.notes == ["no tensor's channels can be scaled without harm: none is equalized"])
  }

  @Test("keeps the function of random residual networks", arguments: 1...20 as ClosedRange<UInt64>)
  func residualProperty(seed: UInt64) throws {
    var source = TensorSource(seed: seed)
    var sketch = GraphSketch()
    let clamp: ClampRange = seed % 2 == 0 ? .none : .relu
    var x = sketch.input(shape: [1, 6, 6, 3])
    x = try sketch.convolution("stem", x, outputs: 5, clamp: clamp, &source)
    for block in 0..<3 {
      let inner = try sketch.convolution("inner\(block)", x, outputs: 7, clamp: .relu6, &source)
      let branch = try sketch.convolution("branch\(block)", inner, outputs: 5, &source)
      x = try sketch.node("sum\(block)", .add(clamp: clamp), branch, x)
    }
    x = try sketch.node("mean", .mean(axes: [1, 2], keepsDimensions: false), x)
    x = try sketch.node(
      "fc", .fullyConnected(clamp: .none), x, sketch.random("fc_w", [3, 5], &source),
      sketch.random("fc_b", [3], &source))
    sketch.output(x)
    let graph = sketch.graph
    let samples = graph.samples(6, in: [-3...3], &source)
    let state = try graph.applying(
      ChannelRangeEqualizationStep(samples: graph.sampleSet(samples)))
    for name in ["stem_w", "branch0_w", "branch2_w", "inner1_w", "fc_w"] {
      #expect(state.graph.elements(name) != graph.elements(name), "\(name), seed \(seed)")
    }
    let difference = relativeDifference(
      try graph.outputs(for: samples), try state.graph.outputs(for: samples))
    #expect(difference < 1e-4, "seed \(seed)")
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
