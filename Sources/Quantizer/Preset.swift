import FloatModel

/// A good combination of methods for a given patience, chosen by measurement (docs/accuracy.md).
public enum Preset: String, CaseIterable, Sendable {
  /// Calibration and rounding, nothing else.
  case plain
  /// What needs no training: seconds.
  case fast
  /// A short training: a minute or two.
  case balanced
  /// A long training: minutes.
  case best

  /// How many calibration samples the preset asks for.
  public var calibrationCount: Int {
    switch self {
    case .plain, .fast: 100
    case .balanced, .best: 256
    }
  }

  /// The options of the preset for weights of a granularity.
  ///
  /// Scalar weights need cross-layer equalization first: without it they destroy networks with
  /// depthwise layers. Vector weights lose by it, since it spends resolution of activations; they
  /// allow to raise it instead.
  ///
  /// Vector weights stay where GPTQ has rounded them: training them on top brings less than it
  /// spoils. Scalar ones gain more by training.
  ///
  /// - Parameter multiplications: what one inference takes; networks with few train longer.
  public func options(
    weights: WeightGranularity, multiplications: Int
  ) -> QuantizationOptions {
    var options = QuantizationOptions(weights: weights)
    guard self != .plain else { return options }
    options.calibrator = .meanSquaredError
    options.equalization = weights == .perTensor ? .crossLayer : .channelRange
    options.splitsChannels = true
    let trainsWeights = weights == .perTensor && (self == .balanced || self == .best)
    options.rounding = trainsWeights ? .nearest : .gptq
    options.biasCorrection = .empirical
    let patience = Self.patience(multiplications: multiplications)
    switch self {
    case .plain, .fast: break
    case .balanced: options.training = Self.training(weights, epochs: 8 * patience)
    case .best:
      options.training = Self.training(weights, epochs: 30 * patience)
    }
    return options
  }

  /// Coarse grids, as scalar weights have them, take larger steps. Small batches: a few hundred samples
  /// make few steps, and more of them gain more than exact derivatives do.
  private static func training(_ weights: WeightGranularity, epochs: Int) -> TrainingOptions {
    let isCoarse = weights == .perTensor
    return TrainingOptions(
      epochs: epochs, batch: 8, thresholdRate: isCoarse ? 2e-3 : 5e-4,
      weightRate: isCoarse ? 1e-3 : 2e-4, biasRate: isCoarse ? 5e-3 : 2e-3,
      parametrization: .step, tunesWeights: true, tunesBiases: true, keepsWeights: !isCoarse,
      patience: epochs)
  }

  /// How many times the epochs of MobileNetV2 1.0, with its 300 million multiplications, a network
  /// gets: its epochs take the less time the fewer it has.
  private static func patience(multiplications: Int) -> Int {
    min(max(300_000_000 / max(multiplications, 1), 1), 3)
  }
}

extension FloatGraph {
  /// Multiplications of activations by weights in one inference.
  public var multiplicationCount: Int {
    nodes.reduce(0) { $0 + $1.multiplicationCount(in: self) }
  }
}

extension FloatNode {
  /// As ``FloatGraph/multiplicationCount``, of one node.
  func multiplicationCount(in graph: FloatGraph) -> Int {
    guard let layout = WeightLayout(self, in: graph) else { return 0 }
    return graph.values[output].shape.reduce(1, *) * layout.filterSize
  }
}
