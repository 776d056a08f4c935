import Diagnostics
import FloatModel
import FloatReference
import IntegerModel
import Quantizer
import Testing

@Suite("Layers with 16-bit outputs")
struct SixteenBitLayerTests {
  /// Four 1×1 convolutions in a row, `stem` to `head`, with ReLU6 behind the inner ones.
  private func chain(seed: UInt64) throws -> FloatGraph {
    var (sketch, source) = (GraphSketch(), TensorSource(seed: seed))
    let clamp = ClampRange(minimum: 0, maximum: 6)
    var x = sketch.input(shape: [1, 4, 4, 3])
    x = try sketch.convolution("stem", x, outputs: 8, clamp: clamp, &source)
    x = try sketch.convolution(
      "depthwise", x, outputs: 8, kernel: 3, padding: 1, groups: 8, clamp: clamp, &source)
    x = try sketch.convolution("point", x, outputs: 6, clamp: clamp, &source)
    sketch.output(try sketch.convolution("head", x, outputs: 5, &source))
    return sketch.graph
  }

  private func options(_ layers: String...) -> QuantizationOptions {
    QuantizationOptions(biasCorrection: .empirical, sixteenBitLayers: layers)
  }

  /// Name and output type of each operation.
  private func types(_ graph: IntegerGraph) -> [String] {
    graph.operations.map { "\($0.name): \(graph.tensors[$0.outputs[0]].elementType.name)" }
  }

  // MARK: - Which operations

  @Test("compute in 16 bits, and so do those that read them; what they read else is copied exactly")
  func oneLayer() throws {
    let graph = try chain(seed: 1)
    var source = TensorSource(seed: 1)
    let samples = graph.samples(20, in: [-1...1], &source)
    let network = try QuantizedNetwork(graph, options: options("stem"), samples: samples)
    #expect(
      types(network.integer) == [
        "stem_requantize: int16", "stem: int16", "depthwise: int16", "depthwise_requantize: int8",
        "point: int8", "head: int8",
      ])
    let codes = network.integer.operations.map { operation in
      network.integer.tensors[operation.outputs[0]]
    }
    #expect(codes.allSatisfy { $0.elementType == .int8 || $0.zeroPoint == 0 })
    // Finer by 64 than the 8-bit codes that come of them.
    let fine = try network.parameters(of: network.integer.operations[2].outputs[0])
    let coarse = try network.parameters(of: network.integer.operations[3].outputs[0])
    #expect(fine.scale * 64 == coarse.scale)
    // Biases of 16x8 layers have 64 bits.
    let biases = ["stem", "depthwise", "point"].map { name in
      network.integer.operations.first { $0.name == name }
        .map { network.integer.tensors[$0.inputs[2]].elementType }
    }
    #expect(biases == [.int64, .int64, .int32])
  }

  @Test("pass 16-bit codes on to one another, and to outputs in 16 bits")
  func severalLayers() throws {
    let graph = try chain(seed: 2)
    var source = TensorSource(seed: 2)
    let samples = graph.samples(20, in: [-1...1], &source)
    var options = options("stem", "depthwise", "point")
    options.outputType = .int16
    let network = try QuantizedNetwork(graph, options: options, samples: samples)
    #expect(
      types(network.integer) == [
        "stem_requantize: int16", "stem: int16", "depthwise: int16", "point: int16", "head: int16",
      ])
  }

  @Test("are at most one code from the float network with the same constants")
  func exact() throws {
    for seed: UInt64 in 1...10 {
      let graph = try chain(seed: seed)
      var source = TensorSource(seed: seed)
      let samples = graph.samples(20, in: [-1...1], &source)
      let network = try QuantizedNetwork(
        graph, options: options("stem", "depthwise", "point"), samples: samples)
      let comparison = try network.compared(on: samples)
      // Nothing is rounded to 8 bits but the output: once, or twice by a hair.
      #expect(comparison.greatestError <= 1, "seed \(seed)")
      #expect(comparison.meanError < 0.04, "seed \(seed)")
      let plain = try QuantizedNetwork(graph, options: options(), samples: samples)
      #expect(
        try comparison.signalToNoise > plain.compared(on: samples).signalToNoise, "seed \(seed)")
    }
  }

  /// What stands between two convolutions, and how many inputs it has.
  enum Between: String, CaseIterable {
    case add, addConstant, subtract, multiply, maxPool, averagePool, pad, concatenation, reshape
    case transpose, slice, mean

    func insert(
      _ x: ValueIndex, _ y: ValueIndex, in sketch: inout GraphSketch, _ source: inout TensorSource
    ) throws -> ValueIndex {
      let pool = FloatPool(
        window: SpatialExtent(height: 2, width: 2), stride: SpatialExtent(height: 2, width: 2),
        padding: EdgePadding())
      return switch self {
      case .add: try sketch.node("between", .add(clamp: .relu), x, y)
      case .addConstant:
        try sketch.node("between", .add(clamp: .none), x, sketch.random("shift", [4], &source))
      case .subtract: try sketch.node("between", .subtract(clamp: .none), x, y)
      case .multiply: try sketch.node("between", .multiply(clamp: .none), x, y)
      case .maxPool: try sketch.node("between", .maxPool(pool), x)
      case .averagePool: try sketch.node("between", .averagePool(pool), x)
      case .pad:
        try sketch.node(
          "between", .pad(before: [0, 1, 0, 0], after: [0, 0, 2, 0], mode: .constant(0)), x)
      case .concatenation: try sketch.node("between", .concatenation(axis: 3), x, y)
      case .reshape: try sketch.node("between", .reshape([1, 2, 8, 4]), x)
      case .transpose: try sketch.node("between", .transpose([0, 2, 1, 3]), x)
      case .slice:
        try sketch.node(
          "between", .slice(begin: [0, 0, 1, 0], extent: [1, 2, 3, 4], strides: [1, 2, 1, 1]), x)
      case .mean: try sketch.node("between", .mean(axes: [1], keepsDimensions: true), x)
      }
    }
  }

  @Test("go through every operator that has a 16-bit form", arguments: Between.allCases)
  func operators(between: Between) throws {
    for seed: UInt64 in 1...5 {
      var (sketch, source) = (GraphSketch(), TensorSource(seed: seed))
      let input = sketch.input(shape: [1, 4, 4, 3])
      let x = try sketch.convolution("first", input, outputs: 4, &source)
      let y = try sketch.convolution("second", input, outputs: 4, &source)
      let z = try between.insert(x, y, in: &sketch, &source)
      sketch.output(try sketch.convolution("last", z, outputs: 3, &source))
      // Also what the test leaves unread must lead somewhere.
      sketch.output(try sketch.convolution("other", y, outputs: 2, &source))
      let graph = sketch.graph
      let samples = graph.samples(20, in: [-1...1], &source)
      let network = try QuantizedNetwork(
        graph, options: options("first", "second", "between"), samples: samples)
      let types = Dictionary(
        uniqueKeysWithValues: network.integer.operations.map {
          ($0.name, network.integer.tensors[$0.outputs[0]].elementType)
        })
      for name in ["first", "second", "between", "last"] {
        #expect(types[name] == .int16, "\(name) of seed \(seed)")
      }
      #expect(types["last_requantize"] == .int8)
      // An average of codes is rounded to a code, like every 16-bit output.
      #expect(try network.compared(on: samples).greatestError <= 1, "seed \(seed)")
    }
  }

  @Test("are trained, with the device's loss, on the grid or on the kernels")
  func training() throws {
    for student in StudentArithmetic.allCases {
      let task = try TrainingTask(
        blocksOfSeed: 4,
        options: QuantizationOptions(sixteenBitLayers: ["expand0", "depthwise0", "project0"]))
      try task.expectTraining(on: student, gridTolerance: 0.15)
    }
  }

  @Test("are no ends of blocks in reconstruction, whose targets have 8 bits")
  func blocks() throws {
    let task = try TrainingTask(
      blocksOfSeed: 7, options: QuantizationOptions(sixteenBitLayers: ["project0"]))
    var state = try task.start()
    let ends = state.graph.blocks(leastLayers: 1, keeping: state.wideValues)
      .map { state.graph.values[$0.outputs[0]].name }
    #expect(ends.contains("depthwise0") && !ends.contains("project0"))
    let before = try task.error(of: state, samples: Array(task.values.indices))
    try BlockReconstructionStep(
      samples: task.samples(), options: TrainingOptions(epochs: 8, batch: 8, tunesWeights: true)
    ).apply(to: &state) { _ in }
    #expect(try task.error(of: state, samples: Array(task.values.indices)) < before)
  }

  @Test("get biases that take the mean error away")
  func biasCorrection() throws {
    let graph = try randomBlocks(seed: 9, clamp: .relu)
    var source = TensorSource(seed: 9)
    let samples = graph.samples(30, in: [-1...1], &source)
    func meanError(_ correction: BiasCorrection) throws -> Float {
      let network = try QuantizedNetwork(
        graph,
        options: QuantizationOptions(
          weights: .perTensor, biasCorrection: correction, outputType: .int16,
          sixteenBitLayers: ["expand0", "depthwise0", "project0", "expand1"]),
        samples: samples)
      var sums = [Float](repeating: 0, count: 3)
      for inputs in samples {
        let wanted = try FloatReference(graph, inputs: inputs).outputs[0].values
        let codes = try network.outputs(for: network.codes(of: inputs))[0]
        let found = try network.reals(codes, of: network.integer.outputs[0])
        for index in sums.indices { sums[index] += found[index] - wanted[index] }
      }
      return sums.map(abs).reduce(0, +)
    }
    #expect(try meanError(.empirical) < meanError(.none) / 10)
  }

  // MARK: - What has no 16-bit form

  private func refusal(_ name: String, _ graph: FloatGraph) throws -> Diagnostic {
    try #require(throws: Diagnostic.self) {
      try SixteenBitClasses(graph).values(ofLayers: [name], wide: [])
    }
  }

  @Test("must exist")
  func unknown() throws {
    #expect(
      try refusal("nose", chain(seed: 1))
        == Diagnostic(
          place: "--int16", problem: "the model has no layer 'nose'",
          remedy: "'qconvert sensitivity' lists the layers"))
  }

  @Test("are refused where a table reads them, and where they are outputs or inputs")
  func refusals() throws {
    var (sketch, source) = (GraphSketch(), TensorSource(seed: 1))
    let x = sketch.input(shape: [1, 4, 4, 3])
    let padded = try sketch.node(
      "padded", .pad(before: [0, 1, 1, 0], after: [0, 1, 1, 0], mode: .constant(0)), x)
    let first = try sketch.convolution("first", padded, outputs: 4, &source)
    let curve = try sketch.node("curve", .activation(.hardSwish), first)
    sketch.output(try sketch.convolution("last", curve, outputs: 2, &source))
    let graph = sketch.graph
    #expect(
      try refusal("first", graph)
        == Diagnostic(
          place: "node 'curve'",
          problem: "its hard swish has no 16-bit form here, and it reads 'first'",
          remedy: "leave 'first' out of --int16"))
    #expect(
      try refusal("curve", graph)
        == Diagnostic(
          place: "node 'curve'",
          problem: "its hard swish has no 16-bit form here, and it computes 'curve'",
          remedy: "leave 'curve' out of --int16"))
    #expect(
      try refusal("last", graph)
        == Diagnostic(
          place: "output 'last'", problem: "has 8-bit codes, and so has what they are moved from",
          remedy: "give outputs 16 bits by --output-type int16"))
    #expect(
      try refusal("padded", graph)
        == Diagnostic(
          place: "input 'x'", problem: "has 8-bit codes, and so has what only moves them",
          remedy: "leave 'padded' out of --int16"))
  }
}
