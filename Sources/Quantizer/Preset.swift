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
  /// Scalar weights need equalization first: without it they destroy networks with depthwise layers.
  /// Vector weights lose by it, since it spends resolution of activations.
  public func options(weights: WeightGranularity) -> QuantizationOptions {
    var options = QuantizationOptions(weights: weights)
    guard self != .plain else { return options }
    options.calibrator = .meanSquaredError
    options.equalization = weights == .perTensor ? .crossLayer : .none
    options.biasCorrection = .empirical
    switch self {
    case .plain, .fast: break
    case .balanced: options.training = Self.training(epochs: 10)
    case .best: options.training = Self.training(epochs: 40)
    }
    return options
  }

  private static func training(epochs: Int) -> TrainingOptions {
    TrainingOptions(epochs: epochs, tunesWeights: true, tunesBiases: true)
  }
}
