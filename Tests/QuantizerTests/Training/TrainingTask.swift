import Diagnostics
import FloatModel
import FloatReference
import IntegerModel
import IntegerRuntime
import Quantizer
import TensorFiles
import Testing

/// A small network with unlabeled samples, ready to be calibrated and trained.
struct TrainingTask {
  var graph: FloatGraph
  /// One array per input and sample.
  var values: [[[Float]]]
  var options = QuantizationOptions()

  init(_ graph: FloatGraph, samples: Int, seed: UInt64, options: QuantizationOptions = .init()) {
    var source = TensorSource(seed: seed)
    self.graph = graph
    values = graph.samples(samples, in: [-1...1], &source)
    self.options = options
  }

  /// Two inverted residuals, one weight of each layer far beyond the others: with a single threshold
  /// per layer, few codes are left for the rest.
  init(
    blocksOfSeed seed: UInt64, samples: Int = 24, weights: WeightGranularity = .perTensor,
    options: QuantizationOptions = .init()
  ) throws {
    var options = options
    options.weights = weights
    self.init(
      try randomBlocks(seed: seed, clamp: .relu).withOutliers(), samples: samples, seed: seed,
      options: options)
  }

  func samples() throws(Diagnostic) -> SampleSet { try graph.sampleSet(values) }

  /// Calibrated, with weight thresholds and a bias in every layer.
  func start() throws(Diagnostic) -> QuantizationState {
    let samples = try samples()
    var state = try graph.applying(
      CalibrationStep(samples: samples), WeightThresholdStep(), options: options)
    state.graph.addMissingBiases()
    return state
  }

  /// Calibrated and trained.
  func trained(
    _ training: TrainingOptions, checkpoint: TrainingCheckpointFile? = nil,
    isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: (StepProgress) -> Void = { _ in }
  ) throws(Diagnostic) -> QuantizationState {
    var state = try start()
    try TrainingStep(
      samples: samples(), teacher: graph, options: training, checkpoint: checkpoint,
      isCancelled: isCancelled
    ).apply(to: &state, progress: progress)
    return state
  }

  /// What the trained network sees of the samples.
  func data(for state: QuantizationState) throws(Diagnostic) -> TrainingSamples {
    try TrainingSamples(
      samples: samples(), teacher: graph, inputParameters: TrainingStep.inputParameters(state),
      options: state.options
    ) { _ in }
  }

  /// The samples that training holds out: `count` of them, evenly spread.
  func heldOut(_ count: Int) -> [Int] { (0..<count).map { $0 * values.count / count } }

  /// Mean squared error of all logits of the integer model, on samples, against the plain loops.
  func error(of state: QuantizationState, samples: [Int]) throws -> Double {
    let network = try LoweredNetwork(state)
    var (sum, count) = (0.0, 0)
    for sample in samples {
      try network.run(values[sample])
      let float = try FloatReference(graph, inputs: values[sample])
      for output in graph.outputs.map({ state.graph.logits(of: $0) }) {
        guard let wanted = float.values[output]?.values else { continue }
        for (answer, value) in zip(try network.reals(of: output), wanted) {
          sum += Double((answer - value) * (answer - value))
          count += 1
        }
      }
    }
    return sum / Double(count)
  }
}

/// What is deployed: the integer graph of a state, run sample by sample.
struct LoweredNetwork {
  let graph: IntegerGraph
  private let values: [TensorIndex: ValueIndex]
  private let interpreter: Interpreter

  /// A value that no tensor holds.
  struct Missing: Error {
    var value: ValueIndex
  }

  init(_ state: QuantizationState) throws(Diagnostic) {
    var lowering = Lowering(state)
    graph = try lowering.lowered()
    values = lowering.values
    interpreter = try Interpreter(
      graph: graph, options: RunOptions(kernels: .reference, preservesAllTensors: true))
  }

  /// Runs one sample, given as reals.
  func run(_ inputs: [[Float]]) throws {
    for (tensor, elements) in zip(graph.inputs, inputs) {
      let parameters = parameters(of: tensor)
      let codes = elements.map { Int8(parameters.code(of: $0)) }
      codes.withUnsafeBytes { interpreter.mutableBytes(of: tensor).copyMemory(from: $0) }
    }
    interpreter.run()
  }

  private func parameters(of tensor: TensorIndex) -> ActivationParameters {
    let quantization = graph.tensors[tensor].quantization
    return ActivationParameters(
      scale: Float(bitPattern: quantization?.scaleBits.first ?? 0),
      zeroPoint: quantization?.zeroPoints.first ?? 0,
      elementType: graph.tensors[tensor].elementType)
  }

  /// The tensor that holds `value` in its own codes: copies in others come later.
  private func tensor(of value: ValueIndex) throws -> TensorIndex {
    guard let first = values.filter({ $0.value == value }).keys.min() else {
      throw Missing(value: value)
    }
    return first
  }

  /// The codes of a value in the last run.
  func codes(of value: ValueIndex) throws -> [Int32] {
    interpreter.codes(of: try tensor(of: value))
  }

  /// The reals behind them.
  func reals(of value: ValueIndex) throws -> [Float] {
    let parameters = parameters(of: try tensor(of: value))
    return try codes(of: value).map { parameters.real(of: $0) }
  }
}

extension FloatGraph {
  /// The greatest weight of each convolution times 16.
  func withOutliers() -> FloatGraph {
    var result = self
    for index in values.indices {
      guard let constant = values[index].constant, constant.shape.count == 4,
        let place = constant.values.indices.max(by: {
          abs(constant.values[$0]) < abs(constant.values[$1])
        })
      else { continue }
      result.values[index].constant?.values[place] *= 16
    }
    return result
  }
}

extension QuantizationState {
  /// The losses on the held-out samples that the last note of training tells.
  var heldOutLosses: (before: Double, after: Double)? {
    guard let note = notes.last,
      let match = note.firstMatch(of: /: loss ([^ ]+) before, ([^ ]+) after/),
      let before = Double(match.1), let after = Double(match.2)
    else { return nil }
    return (before, after)
  }

  /// Whether nothing in it is NaN or infinite.
  var isFinite: Bool {
    ranges.values.allSatisfy { $0.minimum.isFinite && $0.maximum.isFinite }
      && weightThresholds.values.allSatisfy { $0.allSatisfy(\.isFinite) }
      && graph.values.allSatisfy { $0.constant?.values.allSatisfy(\.isFinite) ?? true }
  }

  /// Whether training gave both the same bits.
  func isSame(as other: QuantizationState) -> Bool {
    ranges == other.ranges && weightThresholds == other.weightThresholds
      && graph.values == other.graph.values
  }
}

extension TrainingTask {
  /// That training of thresholds, weights and biases halves the error of three logits on the device,
  /// and that its last loss is the device's: almost exactly where the device is what was trained, else
  /// to `gridTolerance`.
  func expectTraining(on student: StudentArithmetic, gridTolerance: Double) throws {
    let samples = Array(values.indices)
    let before = try error(of: start(), samples: samples)
    let state = try trained(
      TrainingOptions(
        epochs: 40, batch: 8, thresholdRate: 5e-3, tunesWeights: true, tunesBiases: true,
        student: student, patience: 40))
    let after = try error(of: state, samples: samples)
    #expect(after < before / 2, "\(before) to \(after)")
    let loss = try #require(state.heldOutLosses).after
    // Eq. 25: the root of the squared errors of all three logits, averaged over the samples.
    let device = try (3 * error(of: state, samples: heldOut(2))).squareRoot()
    let tolerance = student == .device ? 0.002 : gridTolerance
    #expect(abs(loss / device - 1) < tolerance, "\(loss) in training, \(device) on the device")
  }
}
