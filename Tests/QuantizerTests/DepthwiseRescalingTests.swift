import FloatModel
import FloatReference
import Quantizer
import Testing

@Suite("Depthwise rescaling")
struct DepthwiseRescalingTests {
  /// x [1, 1, 1, 3] → depthwise 1×1 → pointwise.
  private func chain(
    weights: [Float] = [2, 0.5, 1], bias: [Float]? = nil, clamp: ClampRange,
    finish: (inout GraphSketch, ValueIndex) throws -> Void = { sketch, value in
      sketch.output(try sketch.pointwise("pw", value, weights: [[1, 2, 4]]))
    }
  ) throws -> FloatGraph {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 1, 1, 3])
    let value = try sketch.pointwise(
      "dw", x, weights: weights.map { [$0] }, bias: bias, groups: 3, clamp: clamp)
    try finish(&sketch, value)
    return sketch.graph
  }

  private func rescaled(_ graph: FloatGraph, _ samples: [Float]...) throws -> QuantizationState {
    try graph.applying(
      DepthwiseRescalingStep(samples: graph.sampleSet(samples.map { [$0] })))
  }

  @Test("moves free filters to the mean of the locked ones, as far as 5.9 allows")
  func relu6() throws {
    let graph = try chain(bias: [0, 0.25, 0], clamp: .relu6)
    // Outputs 6, 2.25 and 1: the first is locked, T0 is its 2.
    let state = try rescaled(graph, [3, 4, 1], [1, 0, 0.5])
    // Wanted 2 / 0.5 = 4, but 2.25 must not pass 5.9.
    let limited: Float = 5.9 / 2.25
    #expect(state.graph.elements("dw_w") == [2, 0.5 * limited, 2])
    #expect(state.graph.elements("dw_b") == [0, 0.25 * limited, 0])
    #expect(state.graph.elements("pw_w") == [1, 2 / limited, 2])
    #expect(state.notes == ["depthwise rescaling: 1 of 3 channels of 1 depthwise layer locked"])
    #expect(state.reference == state.graph)
  }

  @Test("locks a channel from 5.9 of 6 on", arguments: [(5.89, false), (5.9, true), (7, true)])
  func lockLimit(output: Float, isLocked: Bool) throws {
    let graph = try chain(weights: [1, 4, 1], clamp: .relu6)
    let state = try rescaled(graph, [output, 2, 0.25])
    let scaled = state.graph.elements("dw_w")
    #expect(scaled[1] == 4)
    // T0 is the 4 of the second filter, or the mean of 4 and 1.
    #expect(isLocked ? scaled[0] == 1 : abs(scaled[0] - 5.9 / 5.89) < 1e-6)
    #expect(abs(scaled[2] - (isLocked ? 2.5 : 4)) < 1e-6)
  }

  @Test("locks in proportion to whatever the upper clamp is")
  func otherClamp() throws {
    let graph = try chain(
      weights: [1, 0.5, 1], clamp: ClampRange(minimum: 0, maximum: 3))
    // 2.95 is locked, 2.9 is not; T0 = 1.
    let state = try rescaled(graph, [2.96, 5.8, 1])
    #expect(state.graph.elements("dw_w")[0] == 1)
    #expect(abs(state.graph.elements("dw_w")[1] - 0.5 * 2.95 / 2.9) < 1e-6)
  }

  @Test("without an upper clamp, filters meet at their mean, and no channel passes the greatest")
  func relu() throws {
    let state = try rescaled(try chain(clamp: .relu), [1, 2, 3])
    // Outputs 2, 1 and 3; T0 = 3.5 / 3.
    let scaled = state.graph.elements("dw_w")
    for (value, expected) in zip(scaled, [3.5 / 3, 3.5 / 3, 1] as [Float]) {
      #expect(abs(value - expected) < 1e-6)
    }
    #expect(state.notes == ["depthwise rescaling: 0 of 3 channels of 1 depthwise layer locked"])
  }

  @Test("a channel that is 0 throughout never grows, nor does a filter of zeros change")
  func deadChannels() throws {
    let graph = try chain(weights: [2, 0.5, 0], bias: [0, -9, 0], clamp: .relu6)
    let state = try rescaled(graph, [3, 4, 1])
    #expect(state.graph.elements("dw_w") == [2, 0.5, 0])
    #expect(state.graph.elements("dw_b") == [0, -9, 0])
  }

  @Test("divides the weights of every layer that reads the channels, through pools and means")
  func severalReaders() throws {
    let graph = try chain(weights: [2, 1, 2], clamp: .relu6) { sketch, value in
      let first = try sketch.pointwise("a", value, weights: [[1, 1, 1]])
      let mean = try sketch.node("m", .mean(axes: [1, 2], keepsDimensions: false), value)
      let second = try sketch.node(
        "b", .fullyConnected(clamp: .none), mean, sketch.constant("b_w", [1, 3], [4, 4, 4]))
      sketch.output(first)
      sketch.output(second)
    }
    let state = try rescaled(graph, [3, 1, 1])
    #expect(state.graph.elements("dw_w") == [2, 2, 2])
    #expect(state.graph.elements("a_w") == [1, 0.5, 1])
    #expect(state.graph.elements("b_w") == [4, 2, 4])
  }

  /// What may stand behind the depthwise layer so that its channels cannot be scaled.
  enum Obstacle: CaseIterable {
    case output, add, softmax, sigmoid, concatenation, sharedWeights, flatten
  }

  @Test("leaves alone what others than layers see, and says so", arguments: Obstacle.allCases)
  func refusals(obstacle: Obstacle) throws {
    let graph = try chain(clamp: .relu6) { sketch, value in
      let layer = try sketch.pointwise("pw", value, weights: [[1, 2, 4]])
      sketch.output(layer)
      switch obstacle {
      case .output: sketch.output(value)
      case .add: sketch.output(try sketch.node("o", .add(clamp: .none), value, value))
      case .softmax: sketch.output(try sketch.node("o", .softmax(axis: 3), value))
      case .sigmoid: sketch.output(try sketch.node("o", .activation(.sigmoid), value))
      case .concatenation:
        sketch.output(try sketch.node("o", .concatenation(axis: 3), value, value))
      case .sharedWeights:
        let weights = sketch.graph.nodes[1].inputs[1]
        sketch.output(
          try sketch.node("o", sketch.graph.nodes[1].operation, sketch.graph.inputs[0], weights))
      case .flatten:
        // [1, 3, 1] makes three positions of three channels.
        let flat = try sketch.node("f", .reshape([1, 3, 1]), value)
        sketch.output(
          try sketch.node(
            "o", .fullyConnected(clamp: .none), flat, sketch.constant("o_w", [2, 1], [1, 2])))
      }
    }
    let state = try rescaled(graph, [3, 4, 1])
    #expect(state.graph == graph)
    #expect(
      state.notes == [
        "no depthwise convolution is followed by convolutions alone: nothing to rescale"
      ])
  }

  @Test("a model without depthwise layers gets a note, not an error")
  func noDepthwise() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 1, 1, 2])
    let first = try sketch.pointwise("a", x, weights: [[1, 9]])
    sketch.output(try sketch.pointwise("b", first, weights: [[1]]))
    let state = try rescaled(sketch.graph, [1, 2])
    #expect(state.graph == sketch.graph)
    #expect(
      state.notes == [
        "no depthwise convolution is followed by convolutions alone: nothing to rescale"
      ])
  }

  @Test(
    "keeps the function, and locked channels bit for bit", arguments: 1...40 as ClosedRange<UInt64>)
  func property(seed: UInt64) throws {
    let clamp: ClampRange = seed % 2 == 0 ? .relu6 : ClampRange(minimum: -1, maximum: 2)
    let graph = try randomBlocks(seed: seed, clamp: clamp)
    var source = TensorSource(seed: seed)
    let samples = graph.samples(6, in: [-3...3], &source)
    let state = try graph.applying(DepthwiseRescalingStep(samples: graph.sampleSet(samples)))
    let difference = relativeDifference(
      try graph.outputs(for: samples), try state.graph.outputs(for: samples))
    #expect(difference < 1e-4, "seed \(seed)")
    for name in ["depthwise0", "depthwise1"] {
      let locked = try lockedChannels(of: name, in: graph, samples: samples, clamp: clamp)
      let before = graph.elements("\(name)_w")
      let after = state.graph.elements("\(name)_w")
      for channel in locked {
        #expect(
          before[channel * 9..<channel * 9 + 9] == after[channel * 9..<channel * 9 + 9],
          "seed \(seed), \(name), channel \(channel)")
      }
      #expect(locked.count == 8 || before != after, "seed \(seed), \(name)")
    }
  }

  /// The channels of the layer `name` that come within 1/60 of a limit of `clamp`, by the plain loops.
  private func lockedChannels(
    of name: String, in graph: FloatGraph, samples: [[[Float]]], clamp: ClampRange
  ) throws -> Set<Int> {
    let value = try #require(graph.nodes.first { $0.name == name }).output
    var locked: Set<Int> = []
    for sample in samples {
      let elements = try #require(try FloatReference(graph, inputs: sample).values[value]).values
      for (index, element) in elements.enumerated() {
        let reachesTop = element >= clamp.maximum * 59 / 60
        let reachesBottom = clamp.minimum < 0 && element <= clamp.minimum * 59 / 60
        if reachesTop || reachesBottom { locked.insert(index % 8) }
      }
    }
    return locked
  }
}
