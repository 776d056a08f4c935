import FloatModel
import FloatReference
import Quantizer
import Testing

@Suite("Channel splitting")
struct ChannelSplittingTests {
  /// What may be different about the network of ``network(_:)``.
  enum Variation: CaseIterable {
    case none
    /// The second channel can pass 0, if only just.
    case audible
    /// Nothing is known about the input of the layer.
    case unbounded
    /// The layer lets negative values pass.
    case linear
    /// Zeros are padded in front of the mixing layer.
    case padded
    /// The channels are added to others, not only mixed.
    case added
  }

  /// x [1, 2, 2, 1] → ReLU6 → a, three channels, the second never above 0 → depthwise → mix.
  private func network(_ variation: Variation = .none) throws -> FloatGraph {
    var sketch = GraphSketch()
    var x = sketch.input(shape: [1, 2, 2, 1])
    x = try sketch.pointwise(
      "bound", x, weights: [[1]], bias: [0], clamp: variation == .unbounded ? .none : .relu6)
    x = try sketch.pointwise(
      "a", x, weights: [[1], [-1], [1]], bias: [0, variation == .audible ? 0.01 : 0, 0], groups: 1,
      clamp: variation == .linear ? .none : .relu)
    x = try sketch.pointwise(
      "dw", x, weights: [[2], [7], [1]], bias: [0, 0.5, 5.1], groups: 3, clamp: .relu)
    if variation == .added { x = try sketch.node("sum", .add(clamp: .none), x, x) }
    sketch.output(
      try sketch.node(
        "mix",
        .convolution(
          FloatConvolution(
            stride: SpatialExtent(height: 1, width: 1),
            padding: variation == .padded
              ? EdgePadding(top: 1, left: 1, bottom: 1, right: 1) : EdgePadding())),
        x, sketch.constant("mix_w", [1, 1, 1, 3], [2.4, 0.75, 1.27]),
        sketch.constant("mix_b", [1], [3])))
    return sketch.graph
  }

  private func split(
    _ graph: FloatGraph, greatest: Float, weights: WeightGranularity = .perChannel
  ) throws -> QuantizationState {
    try graph.applying(
      ChannelSplittingStep(samples: graph.sampleSet([[[greatest, 0, 0.1, -1]]])),
      options: QuantizationOptions(weights: weights))
  }

  private func expect(
    _ graph: FloatGraph, _ name: String, _ wanted: [Float],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let found = graph.elements(name)
    #expect(
      found.count == wanted.count && zip(found, wanted).allSatisfy { abs($0 - $1) < 1e-6 },
      "\(name): \(found)", sourceLocation: sourceLocation)
  }

  @Test("puts the second half of the channel that matters most in the place of a silent one")
  func halves() throws {
    // Steps: 2.55 / 255 = 0.01 before the depthwise layer, 7.65 / 255 = 0.03 behind it. The first
    // channel moves at two of four pixels, its noise is (2² · 0.01² + 0.03²) / 2 · 2.4² = 0.0037, the
    // third's (0.01² / 2 + 0.03²) · 1.27² = 0.0015.
    let state = try split(try network(), greatest: 2.55)
    let graph = state.graph
    expect(graph, "a_w", [1, 1, 1])
    expect(graph, "a_b", [-0.0025, 0.0025, 0])
    expect(graph, "dw_w", [2, 2, 1])
    // 2 · 0.0025 taken back, then 0.03 / 4 to either side.
    expect(graph, "dw_b", [0.005 - 0.0075, -0.005 + 0.0075, 5.1])
    // The step of the weights is 0.01: (1.1975, 1.2025) have codes 120 and 120, together those of 2.4.
    expect(graph, "mix_w", [1.1975, 1.2025, 1.27])
    // What the silent channel gave: 0.75 of the depthwise layer's bias.
    expect(graph, "mix_b", [3.375])
    #expect(state.reference == graph)
    #expect(state.notes == ["channel splitting: 1 of 3 channels of 1 layer split"])
  }

  @Test("takes channels that no code of the mixing layer reads, too, and keeps their mean")
  func unread() throws {
    var graph = try network(.audible)
    let index = try #require(graph.values.firstIndex { $0.name == "mix_w" })
    // Half a step is 2.4 / 254 = 0.0094; the layer's mean input by this channel is 0.5 + 7 · mean of a.
    graph.values[index].constant?.values = [2.4, 0.009, 1.27]
    let state = try split(graph, greatest: 2.55)
    // Where x is 0 or less, two of four pixels, a is 0.01.
    expect(state.graph, "mix_b", [3 + 0.009 * (0.5 + 7 * 0.005)])
    expect(state.graph, "mix_w", [1.1975, 1.2025, 1.27])
    graph.values[index].constant?.values = [2.4, 0.01, 1.27]
    #expect(try split(graph, greatest: 2.55).graph == graph)
  }

  @Test(
    "leaves channels alone that may be heard, and layers that need not take a shift, and says so",
    arguments: Variation.allCases.filter { $0 != .none })
  func refusals(variation: Variation) throws {
    let graph = try network(variation)
    let state = try split(graph, greatest: 2.55)
    #expect(state.graph == graph)
    #expect(state.notes == ["no channel in front of a depthwise layer is spare: none is split"])
  }

  /// Random blocks, every other channel of whose first layer is silent; the others are not.
  private func blocks(seed: UInt64) throws -> FloatGraph {
    var graph = try randomBlocks(seed: seed, clamp: .relu6, blocks: 1, spread: 0.5...1)
    let bias = try #require(graph.values.firstIndex { $0.name == "expand0_b" })
    graph.values[bias].constant?.values = (0..<8).map { $0 % 2 == 0 ? 1 : -100 }
    return graph
  }

  @Test(
    "changes the function by less than the codes do, and the codes of a mixing weight not at all",
    arguments: 1...20 as ClosedRange<UInt64>, WeightGranularity.allCases)
  func property(seed: UInt64, weights: WeightGranularity) throws {
    let graph = try blocks(seed: seed)
    var source = TensorSource(seed: seed)
    let samples = graph.samples(6, in: [-3...3], &source)
    var state = QuantizationState(
      graph: graph, options: QuantizationOptions(weights: weights),
      knownRanges: [graph.inputs[0]: ValueRange(minimum: -3, maximum: 3)])
    try ChannelSplittingStep(samples: graph.sampleSet(samples)).apply(to: &state) { _ in }
    let difference = relativeDifference(
      try graph.outputs(for: samples), try state.graph.outputs(for: samples))
    #expect(difference > 0 && difference < 0.01, "seed \(seed): \(difference)")

    let (before, after) = (graph.elements("project0_w"), state.graph.elements("project0_w"))
    let perFilter = stride(from: 0, to: after.count, by: 8).map { start in
      after[start..<start + 8].reduce(0) { max($0, abs($1)) }
    }
    #expect(
      state.notes == ["channel splitting: 4 of 8 channels of 1 layer split"], "seed \(seed)")
    for filter in perFilter.indices {
      let threshold = weights == .perChannel ? perFilter[filter] : perFilter.max() ?? 0
      let step = threshold / 127
      func code(_ weight: Float) -> Float { (weight / step).rounded() }
      for channel in stride(from: 0, to: 8, by: 2) {
        // Each silent channel belongs to the live one that its filter was copied from.
        let copies = stride(from: 1, to: 8, by: 2).filter { spare in
          abs(after[filter * 8 + spare] - after[filter * 8 + channel]) <= step * 0.501
            && abs(
              after[filter * 8 + spare] + after[filter * 8 + channel]
                - before[filter * 8 + channel]) < 1e-5
        }
        #expect(!copies.isEmpty, "seed \(seed), filter \(filter), channel \(channel)")
        guard let copy = copies.first else { continue }
        let sum = code(after[filter * 8 + channel]) + code(after[filter * 8 + copy])
        let whole = before[filter * 8 + channel] / step
        // Weights that set the step are not moved apart and may be half a code further away.
        let isMoved = after[filter * 8 + channel] != after[filter * 8 + copy]
        #expect(
          abs(sum - whole) <= (isMoved ? 0.51 : 1.01),
          "seed \(seed), filter \(filter), channel \(channel)")
      }
    }
  }
}
