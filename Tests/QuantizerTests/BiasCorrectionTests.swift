import Diagnostics
import FloatModel
import FloatReference
import IntegerModel
import IntegerRuntime
import Quantizer
import Testing

@Suite("Bias correction")
struct BiasCorrectionTests {
  private func corrected(
    _ graph: FloatGraph, _ samples: [[[Float]]], _ kind: BiasCorrection,
    options: QuantizationOptions = QuantizationOptions()
  ) throws -> QuantizationState {
    let set = try graph.sampleSet(samples)
    let calibration: [any QuantizationStep] = [
      CalibrationStep(samples: set), WeightThresholdStep(),
    ]
    var state = QuantizationState(graph: graph, options: options)
    for step in calibration { try step.apply(to: &state) { _ in } }
    switch kind {
    case .none: break
    case .analytic: try AnalyticBiasCorrectionStep(samples: set).apply(to: &state) { _ in }
    case .empirical: try EmpiricalBiasCorrectionStep(samples: set).apply(to: &state) { _ in }
    }
    return state
  }

  @Test("analytic: the bias makes up for the rounding of weights times the mean input")
  func analytic() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 1, 1, 2])
    sketch.output(try sketch.pointwise("a", x, weights: [[1.27, 0.104]], bias: [0.5]))
    // Scale 0.01 rounds 0.104 to 0.10; the mean of its input is 5.
    let state = try corrected(sketch.graph, [[[1, 4]], [[3, 6]]], .analytic)
    #expect(abs(state.graph.elements("a_b")[0] - (0.5 + 0.004 * 5)) < 1e-6)
    #expect(state.graph.elements("a_w") == [1.27, 0.104])
  }

  @Test("analytic: each tap counts with what it sees, padding included")
  func taps() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 1, 2, 1])
    let one = SpatialExtent(height: 1, width: 1)
    sketch.output(
      try sketch.node(
        "a",
        .convolution(FloatConvolution(stride: one, padding: EdgePadding(left: 1, right: 1))), x,
        sketch.constant("a_w", [1, 1, 3, 1], [0.104, 1.27, 0.103])))
    // The outer taps see (0, 2) and (4, 0): 1 and 2 on average.
    let state = try corrected(sketch.graph, [[[2, 4]]], .analytic)
    #expect(abs(state.graph.elements("a_bias")[0] - (0.004 * 1 + 0.003 * 2)) < 1e-6)
  }

  @Test("empirical: input codes count as they are")
  func empirical() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 1, 1, 2])
    sketch.output(try sketch.pointwise("a", x, weights: [[1.27, 0.104]], bias: [0.5]))
    // Input scale 2.55 / 255 = 0.01 from 0: 1.004 becomes 1.00, 2.55 stays.
    let state = try corrected(sketch.graph, [[[2.55, 1.004]]], .empirical)
    let wanted: Float = 0.5 + (0.104 * 1.004 - 0.10 * 1.00)
    #expect(abs(state.graph.elements("a_b")[0] - wanted) < 1e-5)
  }

  @Test("a bias that two layers share becomes two")
  func sharedBias() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 1, 1, 1])
    let first = try sketch.pointwise("a", x, weights: [[1.27], [0.5]], bias: [1, 1])
    let bias = sketch.graph.nodes[0].inputs[2]
    sketch.output(
      try sketch.node(
        "b", sketch.graph.nodes[0].operation, first,
        sketch.constant("b_w", [2, 1, 1, 2], [1.27, 0.104, 1.27, 0.2]), bias))
    let state = try corrected(sketch.graph, [[[1]], [[2]]], .analytic)
    #expect(state.graph.nodes[0].inputs[2] != state.graph.nodes[1].inputs[2])
    #expect(Set(state.graph.values.map(\.name)).count == state.graph.values.count)
    #expect(state.graph.elements("a_b") != state.graph.elements("a_b_"))
    #expect(state.reference == sketch.graph)
  }

  /// For each layer, the distances of the channels' mean codes from the float means, in codes; 0 for
  /// channels that span less than 8 codes, whose rounding errors do not average out.
  private func meanErrors(
    _ state: QuantizationState, _ float: FloatGraph, _ samples: [[[Float]]]
  ) throws -> [String: [Double]] {
    var lowering = Lowering(state)
    let integer = try lowering.lowered()
    let parameters = lowering.activationParameters
    let interpreter = try Interpreter(
      graph: integer, options: RunOptions(preservesAllTensors: true))
    var sums: [String: [Double]] = [:]
    var least: [String: [Float]] = [:]
    var greatest: [String: [Float]] = [:]
    for sample in samples {
      let input = try #require(parameters[float.inputs[0]])
      sample[0].map { Int8(input.code(of: $0)) }.withUnsafeBytes {
        interpreter.mutableBytes(of: integer.inputs[0]).copyMemory(from: $0)
      }
      interpreter.run()
      let reference = try FloatReference(float, inputs: sample)
      for node in float.nodes {
        let tensor = try #require(
          integer.tensors.firstIndex { $0.name == float.values[node.output].name })
        let output = try #require(parameters[node.output])
        let wanted = try #require(reference.values[node.output])
        let channels = wanted.shape.last ?? 1
        let scale = 1 / Double(wanted.count / channels * samples.count)
        let codes = interpreter.bytes(of: tensor).bindMemory(to: Int8.self)
        for (index, code) in codes.enumerated() {
          let difference =
            Double(output.real(of: Int32(code)) - wanted.values[index]) / Double(output.scale)
          sums[node.name, default: Array(repeating: 0, count: channels)][index % channels] +=
            difference * scale
          let real = wanted.values[index] / output.scale
          let channel = index % channels
          least[node.name, default: Array(repeating: .infinity, count: channels)][channel] =
            min(least[node.name]?[channel] ?? .infinity, real)
          greatest[node.name, default: Array(repeating: -.infinity, count: channels)][channel] =
            max(greatest[node.name]?[channel] ?? -.infinity, real)
        }
      }
    }
    for (name, errors) in sums {
      for channel in errors.indices
      where (greatest[name]?[channel] ?? 0) - (least[name]?[channel] ?? 0) < 8 {
        sums[name]?[channel] = 0
      }
    }
    return sums
  }

  @Test(
    "empirical: mean codes of the integer kernels match the float means within a fraction of one",
    arguments: 1...12 as ClosedRange<UInt64>)
  func means(seed: UInt64) throws {
    let graph = try randomBlocks(seed: seed, clamp: .relu6)
    var source = TensorSource(seed: seed)
    let samples = graph.samples(40, in: [-3...3], &source)
    let options = QuantizationOptions(weights: seed % 2 == 0 ? .perTensor : .perChannel)
    let before = try meanErrors(
      corrected(graph, samples, .none, options: options), graph, samples)
    let after = try meanErrors(
      corrected(graph, samples, .empirical, options: options), graph, samples)
    let layers = graph.nodes.filter { $0.name != "mean" }.map(\.name)
    for name in layers {
      let greatest = after[name]?.map(abs).max() ?? .infinity
      // Behind an activation one Newton step comes close; before it the mean is set outright.
      let hasActivation = !name.hasPrefix("project") && name != "fc"
      #expect(greatest < (hasActivation ? 0.6 : 0.25), "seed \(seed), \(name)")
    }
    func total(_ errors: [String: [Double]]) -> Double {
      layers.flatMap { errors[$0] ?? [] }.map(abs).reduce(0, +)
    }
    #expect(total(after) < total(before) / 2, "seed \(seed)")
  }

  @Test("empirical: a second run and other numbers of threads give the same bits")
  func repeatable() throws {
    let graph = try randomBlocks(seed: 7, clamp: .relu6)
    var source = TensorSource(seed: 7)
    let samples = graph.samples(5, in: [-3...3], &source)
    let state = try corrected(graph, samples, .empirical)
    #expect(state.graph != graph)
    var again = state
    try EmpiricalBiasCorrectionStep(samples: graph.sampleSet(samples)).apply(to: &again) { _ in }
    #expect(again.graph == state.graph)
    let threaded = try corrected(
      graph, samples, .empirical, options: QuantizationOptions(threads: 3))
    #expect(threaded.graph == state.graph)
  }

  @Test("empirical: uses as many samples as fit its memory, and says so")
  func memory() throws {
    let graph = try randomBlocks(seed: 3, clamp: .relu6)
    var source = TensorSource(seed: 3)
    let samples = graph.samples(4, in: [-3...3], &source)
    let set = try graph.sampleSet(samples)
    var state = try corrected(graph, samples, .none)
    var step = EmpiricalBiasCorrectionStep(samples: set)
    // 6 · 5 · 8 elements live before and behind a depthwise layer.
    step.greatestByteCount = 2 * (2 * 240) + 479
    try step.apply(to: &state) { _ in }
    #expect(
      state.notes == [
        "bias correction used 2 of 4 samples, all that fit in 1439 bytes"
      ])
    // Evenly spread: the first and the third.
    var expected = try corrected(graph, samples, .none)
    try EmpiricalBiasCorrectionStep(samples: graph.sampleSet([samples[0], samples[2]]))
      .apply(to: &expected) { _ in }
    #expect(state.graph == expected.graph)
  }

  @Test(
    "any network can be corrected, and lowers",
    arguments: 1...60 as ClosedRange<UInt64>, [BiasCorrection.analytic, .empirical])
  func networks(seed: UInt64, kind: BiasCorrection) throws {
    var network = RandomNetwork(seed: seed)
    var graph = try network.make()
    graph.outputs = graph.nodes.filter { $0.name == "fc" }.map(\.output)
    graph = try graph.simplified()
    var source = TensorSource(seed: seed)
    let samples = graph.samples(24, in: [-2...2], &source)
    let fresh = graph.samples(6, in: [-2...2], &source)
    let plain = try QuantizedNetwork(
      graph, options: QuantizationOptions(), samples: samples)
    let corrected = try QuantizedNetwork(
      graph, options: QuantizationOptions(biasCorrection: kind), samples: samples)
    let before = try plain.compared(on: fresh).signalToNoise
    let after = try corrected.compared(on: fresh).signalToNoise
    // Where nothing is shifted, there is nothing to gain, and chance decides.
    #expect(after > min(before, 40) - 3, "seed \(seed): \(before) dB, then \(after) dB")
  }
}
