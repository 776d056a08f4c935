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
    case .balanced: options.training = Self.training(weights, epochs: 10)
    case .best: options.training = Self.training(weights, epochs: 40)
    }
    return options
  }

  /// Coarse grids, as scalar weights have them, take larger steps.
  private static func training(_ weights: WeightGranularity, epochs: Int) -> TrainingOptions {
    var options = TrainingOptions(
      epochs: epochs, parametrization: .step, tunesWeights: true, tunesBiases: true,
      patience: max(epochs / 2, 5))
    if weights == .perTensor {
      options.thresholdRate = 2e-3
      options.biasRate = 5e-3
      options.weightRate = 1e-3
    }
    return options
  }
}
