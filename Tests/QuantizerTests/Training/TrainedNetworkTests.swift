import FloatModel
import FloatReference
import Quantizer
import Synchronization
import Testing

@Suite("Networks of every kind are trained")
struct TrainedNetworkTests {
  private static let options = TrainingOptions(
    epochs: 2, batch: 4, tunesWeights: true, tunesBiases: true)

  private func check(_ task: TrainingTask, _ options: TrainingOptions = options) throws {
    let trained = try task.trained(options)
    let losses = try #require(trained.heldOutLosses)
    #expect(losses.after <= losses.before)
    #expect(trained.isFinite)
    #expect(trained.graph.nodes == (try task.start().graph.nodes))
    _ = try LoweredNetwork(trained)
  }

  @Test(
    "random ones, with concatenations, pools, gates and several outputs",
    arguments: 1...30 as ClosedRange<UInt64>)
  func random(seed: UInt64) throws {
    var network = RandomNetwork(seed: seed)
    let graph = try network.make().simplified()
    for weights in WeightGranularity.allCases {
      let options = QuantizationOptions(
        weights: weights, thresholds: seed % 2 == 0 ? .symmetric : .asymmetric,
        biasCorrection: seed % 3 == 0 ? .empirical : .none)
      try check(TrainingTask(graph, samples: 8, seed: seed, options: options))
    }
  }

  @Test("one with two inputs and two outputs, of which each counts by its own energy")
  func twoInputs() throws {
    var source = TensorSource(seed: 8)
    var sketch = GraphSketch()
    let first = sketch.input("a", shape: [1, 3, 3, 2])
    let second = sketch.input("b", shape: [1, 3, 3, 2])
    let left = try sketch.convolution("left", first, outputs: 3, clamp: .relu, &source)
    let right = try sketch.convolution("right", second, outputs: 3, &source)
    let sum = try sketch.node("sum", .add(clamp: .relu), left, right)
    sketch.output(try sketch.convolution("large", sum, outputs: 2, &source))
    sketch.output(try sketch.node("gate", .activation(.sigmoid), right))
    let task = TrainingTask(sketch.graph, samples: 10, seed: 8)
    try check(task)
    let data = try task.data(for: task.start())
    for target in data.targets {
      let mean =
        target.values.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(target.values.count)
      #expect(abs(mean * Double(target.weight) - 1) < 1e-5)
    }
  }

  @Test("one without a layer: only thresholds of activations are left")
  func withoutLayers() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 2, 2, 2])
    let sum = try sketch.node(
      "sum", .add(clamp: .none), x, sketch.constant("k", [2], [0.5, -0.25]))
    sketch.output(try sketch.node("swish", .multiply(clamp: .none), sum, x))
    try check(TrainingTask(sketch.graph, samples: 8, seed: 3))
  }

  @Test("one in which nothing at all can be trained, and stays as it is")
  func withoutParameters() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 2, 2, 2])
    sketch.output(try sketch.node("gate", .activation(.sigmoid), x))
    let task = TrainingTask(sketch.graph, samples: 8, seed: 3)
    let start = try task.start()
    #expect(try task.trained(Self.options).isSame(as: start))
    var state = start
    try BlockReconstructionStep(samples: task.samples(), options: Self.options)
      .apply(to: &state) { _ in }
    #expect(state.isSame(as: start))
  }

  @Test(
    "with learned rounding: each weight becomes the code below or above it, and is lowered to it",
    arguments: WeightGranularity.allCases, [1, 2] as [UInt64])
  func learnedRounding(weights: WeightGranularity, seed: UInt64) throws {
    let task = try TrainingTask(blocksOfSeed: seed, weights: weights)
    let start = try task.start()
    let trained = try task.trained(
      TrainingOptions(
        epochs: 10, batch: 6, biasRate: 0.05, roundingRate: 0.1, tunesBiases: true,
        learnsRounding: true))
    #expect(trained.weightThresholds == start.weightThresholds)
    let losses = try #require(trained.heldOutLosses)
    #expect(losses.after < losses.before)
    let network = try LoweredNetwork(trained)
    var changed = 0
    for (value, thresholds) in start.weightThresholds {
      let tensor = try #require(start.graph.values[value].constant)
      let rounded = try #require(trained.graph.values[value].constant).values
      let name = start.graph.values[value].name
      let stored = try #require(network.graph.tensors.first { $0.name == name })
      let lowered = try #require(stored.constant).array(of: Int8.self)
      let size = tensor.count / thresholds.count
      var codes: [Int8] = []
      for (index, weight) in tensor.values.enumerated() {
        let scale = thresholds[index / size] / 127
        let code = rounded[index] / scale
        #expect(abs(code - code.rounded()) < 1e-3)
        #expect(abs(code.rounded() - weight / scale) < 1.001, "the code below or above")
        if code.rounded() != (weight / scale).rounded() { changed += 1 }
        codes.append(Int8(code.rounded()))
      }
      // Depthwise weights are stored channel last.
      if stored.shape == tensor.shape { #expect(lowered == codes) }
      #expect(lowered.sorted() == codes.sorted())
    }
    #expect(changed > 0, "some weight is not at its nearest code")
  }

  @Test(
    "block by block: a chain and one with residual connections come nearer to the float network",
    arguments: [false, true], WeightGranularity.allCases)
  func blocks(isResidual: Bool, weights: WeightGranularity) throws {
    var graph = try randomBlocks(seed: 7, clamp: .relu, blocks: 3)
    if isResidual { graph = try residualNetwork(seed: 7) }
    let task = TrainingTask(
      graph.withOutliers(), samples: 24, seed: 7, options: QuantizationOptions(weights: weights))
    #expect(graph.upToLogitsBlockCount > 1)
    var state = try task.start()
    let all = Array(task.values.indices)
    let before = try task.error(of: state, samples: all)
    var shares: [Double] = []
    try BlockReconstructionStep(
      samples: task.samples(),
      options: TrainingOptions(
        epochs: 8, batch: 6, thresholdRate: 1e-2, weightRate: 3e-3, biasRate: 0.1,
        tunesWeights: true, tunesBiases: true)
    ).apply(to: &state) { shares.append($0.share) }
    let after = try task.error(of: state, samples: all)
    #expect(after < before)
    #expect(shares == shares.sorted() && shares.last == 1)
  }

  @Test("block by block until told to stop: the blocks so far count, the others stay")
  func cancelledBlocks() throws {
    let task = try TrainingTask(blocksOfSeed: 1)
    let start = try task.start()
    var state = start
    let samples = try task.samples()
    try BlockReconstructionStep(samples: samples, options: Self.options, isCancelled: { true })
      .apply(to: &state) { _ in }
    #expect(state.isSame(as: start))
    let asked = Mutex(0)
    // Two epochs of five steps make the first block; the second is stopped in its first step.
    try BlockReconstructionStep(
      samples: samples, options: Self.options,
      isCancelled: {
        asked.withLock {
          $0 += 1; return $0 > 12
        }
      }
    ).apply(to: &state) { _ in }
    #expect(state.notes == ["training interrupted in epoch 1"])
    #expect(state.isFinite)
    _ = try LoweredNetwork(state)
  }

  private func residualNetwork(seed: UInt64) throws -> FloatGraph {
    var source = TensorSource(seed: seed)
    var sketch = GraphSketch()
    var x = sketch.input(shape: [1, 5, 5, 3])
    x = try sketch.convolution("stem", x, outputs: 4, clamp: .relu, &source)
    for block in 0..<3 {
      let inner = try sketch.convolution(
        "expand\(block)", x, outputs: 6, kernel: 3, padding: 1, clamp: .relu, &source)
      let back = try sketch.convolution("project\(block)", inner, outputs: 4, &source)
      x = try sketch.node("sum\(block)", .add(clamp: .none), x, back)
    }
    x = try sketch.convolution("head", x, outputs: 3, &source)
    x = try sketch.node("mean", .mean(axes: [1, 2], keepsDimensions: false), x)
    sketch.output(try sketch.node("softmax", .softmax(axis: 1), x))
    return sketch.graph
  }
}

extension FloatGraph {
  fileprivate var upToLogitsBlockCount: Int { blocks(leastLayers: 3).count }
}
