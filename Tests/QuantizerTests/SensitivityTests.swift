import Diagnostics
import FloatModel
import FloatReference
import Foundation
import IntegerModel
import Quantizer
import TensorFiles
import Testing

@Suite("Sensitivity analysis")
struct SensitivityTests {
  /// What the analysis finds of `graph`, with the name of each layer.
  private func layers(
    of graph: FloatGraph, options: QuantizationOptions = QuantizationOptions(),
    calibration: [[Float]], samples: [[Float]]? = nil
  ) throws -> [(name: String, found: LayerSensitivity)] {
    func set(_ samples: [[Float]]) throws -> SampleSet {
      let input = graph.values[graph.inputs[0]]
      let array = NumericArray(
        name: input.name, shape: [samples.count] + input.shape.dropFirst(),
        values: samples.flatMap { $0 })
      return try SampleSet(arrays: [array], for: graph, limit: samples.count)
    }
    let result = try ModelQuantizer(
      graph: graph, options: options, samples: set(calibration), preprocessing: nil
    ).quantized { _, _ in }
    let analysis = SensitivityAnalysis(
      result: result, samples: try set(samples ?? calibration), threads: 1)
    return try analysis.layers { _ in }.map { layer in
      (result.graph.operations[layer.operation].name, layer)
    }
  }

  /// A 1×1 convolution from as many channels as `weights[0]` has to as many as `weights` has.
  private func convolution(
    _ name: String, _ x: ValueIndex, _ weights: [[Float]], clamp: ClampRange = .none,
    in sketch: inout GraphSketch
  ) throws -> ValueIndex {
    let constant = sketch.constant(
      name + "_weights", [weights.count, 1, 1, weights[0].count], weights.flatMap { $0 })
    return try sketch.node(
      name,
      .convolution(
        FloatConvolution(
          stride: SpatialExtent(height: 1, width: 1), padding: EdgePadding(), clamp: clamp)),
      x, constant)
  }

  @Test("tells a layer's own noise from what reaches it, as worked out by hand")
  func twoLayers() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 1, 4, 1])
    let first = try convolution(
      "first", x, [[1]], clamp: ClampRange(minimum: 0, maximum: 51), in: &sketch)
    sketch.output(try convolution("second", first, [[1]], in: &sketch))
    // Input codes are whole numbers, so that 0.45 becomes 0; both outputs reach up to 51 in steps of
    // 0.2. Alone, the second layer gets 0.45 as 0.4; in the whole network it gets 0.
    let layers = try layers(of: sketch.graph, calibration: [[0.45, 10, 51, 255]])
    try #require(layers.map(\.name) == ["first", "second"])
    let signal = 0.45 * 0.45 + 10 * 10 + 51 * 51 + 51 * 51
    let input = 10 * log10((signal + 255 * 255 - 51 * 51) / (0.45 * 0.45))
    let coarse = 10 * log10(signal / (0.45 * 0.45))
    let fine = 10 * log10(signal / (0.05 * 0.05))
    let (one, two) = (layers[0].found, layers[1].found)
    #expect(abs(one.alone - coarse) < 0.01 && abs(one.cumulative - coarse) < 0.01)
    #expect(abs(two.alone - fine) < 0.01 && abs(two.cumulative - coarse) < 0.01)
    #expect(abs(one.drop - (input - coarse)) < 0.01 && abs(two.drop) < 0.01)
    // 0.45² against 0.05²: 81 parts to 1.
    #expect(abs(one.noiseShare - 81 / 82) < 0.001 && abs(two.noiseShare - 1 / 82) < 0.001)
  }

  /// Three layers of four channels: the middle one has the given weights, the others pass their
  /// inputs on.
  private func chain(_ middle: [[Float]]) throws -> FloatGraph {
    let identity: [[Float]] = (0..<4).map { row in (0..<4).map { $0 == row ? 1 : 0 } }
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 2, 2, 4])
    let first = try convolution("first", x, identity, in: &sketch)
    let second = try convolution("middle", first, middle, in: &sketch)
    sketch.output(try convolution("last", second, identity, in: &sketch))
    return sketch.graph
  }

  private func randomSamples(in range: ClosedRange<Float>, seed: UInt64) -> [[Float]] {
    var source = TensorSource(seed: seed)
    return (0..<16).map { _ in source.values([1, 2, 2, 4], in: range) }
  }

  @Test("one large filter under one threshold is found, and thresholds per filter are the mend")
  func largeFilter() throws {
    // Filter 0 makes the step 30 / 127, in which the others vanish; its own output is 0, for channels
    // 0 and 1 are equal.
    let graph = try chain([[30, -30, 0, 0], [0, 0.1, 0, 0], [0, 0, 0.1, 0], [0, 0, 0, 0.1]])
    var samples = randomSamples(in: -1...1, seed: 5)
    for sample in samples.indices {
      for pixel in 0..<4 { samples[sample][4 * pixel + 1] = samples[sample][4 * pixel] }
    }
    let layers = try layers(
      of: graph, options: QuantizationOptions(weights: .perTensor), calibration: samples)
    #expect(layers[0].name == "middle")
    #expect(layers[0].found.mend == .filterThresholds)
    #expect(abs(try #require(layers[0].found.evidence.filterSpread) - 300) < 0.01)
    #expect(layers[0].found.noiseShare > 0.9)
    #expect(Set(layers[0].found.worstChannels.map(\.index)) == [1, 2, 3])
    #expect(layers.dropFirst().allSatisfy { $0.found.mend != .filterThresholds })
    // Thresholds per filter are what the mend says they are.
    let mended = try self.layers(of: graph, calibration: samples)
    let middle = try #require(mended.first { $0.name == "middle" })
    #expect(middle.found.alone > layers[0].found.alone + 20)
    #expect(middle.found.evidence.filterSpread == nil)
  }

  @Test("a mean error is found, and bias correction is the mend")
  func meanError() throws {
    // Inputs near 1, weights of 0.4 steps that all round down: every output loses the same.
    let graph = try chain((0..<4).map { row in (0..<4).map { $0 == row ? 1.27 : 0.0040 } })
    let layers = try layers(of: graph, calibration: randomSamples(in: 0.99...1, seed: 6))
    #expect(layers[0].name == "middle")
    #expect(layers[0].found.mend == .biasCorrection)
    #expect(layers[0].found.evidence.biasShare > 0.9)
    // Corrected, it is gone, and is not suggested again.
    let corrected = try self.layers(
      of: graph, options: QuantizationOptions(biasCorrection: .empirical),
      calibration: randomSamples(in: 0.99...1, seed: 6))
    let middle = try #require(corrected.first { $0.name == "middle" })
    #expect(middle.found.alone > layers[0].found.alone + 6)
    #expect(corrected.allSatisfy { $0.found.mend != .biasCorrection })
  }

  @Test("values beyond the thresholds are found, and wider thresholds are the mend")
  func clipping() throws {
    // In calibration one channel of each pixel is 1 and the others 0, so that inputs reach 1 and so
    // do their sums; later the sums reach 4.
    let sum: [[Float]] = (0..<4).map { _ in [1, 1, 1, 1] }
    let calibration = (0..<4).map { sample in
      (0..<16).map { $0 % 4 == ($0 / 4 + sample) % 4 ? Float(1) : 0 }
    }
    let layers = try layers(
      of: chain(sum), calibration: calibration, samples: randomSamples(in: 0.5...1, seed: 8))
    #expect(Set(layers.prefix(2).map(\.name)) == ["middle", "last"])
    #expect(layers.prefix(2).allSatisfy { $0.found.mend == .widerThresholds })
    #expect(layers[0].found.evidence.clippedShare > 0.99)
    #expect(layers[2].found.evidence.clippedShare == 0)
  }

  @Test("outliers are found, and tighter thresholds are the mend")
  func outliers() throws {
    let identity: [[Float]] = (0..<4).map { row in (0..<4).map { $0 == row ? 1 : 0 } }
    var samples = (0..<64).flatMap { randomSamples(in: -1...1, seed: UInt64(100 + $0)) }
    samples[3][7] = 100
    let layers = try layers(of: chain(identity), calibration: samples)
    #expect(layers.allSatisfy { $0.found.mend == .tighterThresholds }, "\(layers)")
    #expect(layers[0].found.evidence.peakToMean > 16)
  }

  @Test("a network that eight bits hold exactly has nothing to mend")
  func exact() throws {
    // Whole numbers 0…255 in steps of 1, up to the rounding of float32 scales.
    let identity: [[Float]] = (0..<4).map { row in (0..<4).map { $0 == row ? 1 : 0 } }
    let samples: [[Float]] = [(0..<16).map { Float($0 * 17) }]
    for (name, layer) in try layers(of: chain(identity), calibration: samples) {
      #expect(layer.alone > 100 && layer.cumulative > 100 && layer.mend == nil, "\(name): \(layer)")
    }
  }

  @Test(
    "the noise of the whole network is what another evaluation finds",
    arguments: 1...30 as ClosedRange<UInt64>)
  func wholeNetwork(seed: UInt64) throws {
    var network = RandomNetwork(seed: seed)
    var graph = try network.make()
    graph.outputs = graph.nodes.filter { $0.name == "fc" }.map(\.output)
    graph = try graph.simplified()
    var source = TensorSource(seed: seed)
    let samples = graph.samples(12, in: [-2...2], &source)
    let fresh = graph.samples(4, in: [-2...2], &source)
    let expected = try QuantizedNetwork(
      graph, options: QuantizationOptions(), samples: samples
    ).compared(on: fresh).signalToNoise
    let layers = try layers(
      of: graph, calibration: samples.map { $0[0] }, samples: fresh.map { $0[0] })
    let last = try #require(layers.max { $0.found.operation < $1.found.operation })
    #expect(abs(last.found.cumulative - expected) < 0.01, "seed \(seed)")
    let shares = layers.map(\.found.noiseShare)
    #expect(abs(shares.reduce(0, +) - 1) < 1e-9 && shares == shares.sorted(by: >), "seed \(seed)")
  }

  @Test("layers behind the logits and layers that move codes are left out")
  func leftOut() throws {
    var sketch = GraphSketch()
    let image = sketch.input(shape: [1, 2, 2, 1])
    let x = try sketch.node("reshape", .reshape([1, 4]), image)
    let weights = sketch.constant("weights", [3, 4], (0..<12).map { Float($0) / 12 })
    let logits = try sketch.node("fc", .fullyConnected(clamp: .none), x, weights)
    sketch.output(try sketch.node("softmax", .softmax(axis: 1), logits))
    var source = TensorSource(seed: 9)
    let layers = try layers(
      of: sketch.graph, calibration: (0..<4).map { _ in source.values([1, 2, 2, 1]) })
    #expect(layers.map(\.name) == ["fc"])
  }

  @Test("a value that becomes infinite is named")
  func infinite() throws {
    let huge: [[Float]] = (0..<4).map { _ in [3e38, 3e38, 0, 0] }
    let zeros = [[Float](repeating: 1e-30, count: 16)]
    #expect(
      throws: Diagnostic(
        place: "tensor 'middle'", problem: "holds NaN or infinity for sample 0",
        remedy: "check --mean and --std and the model's weights")
    ) {
      try layers(
        of: chain(huge), calibration: zeros, samples: [[Float](repeating: 10, count: 16)])
    }
  }
}
