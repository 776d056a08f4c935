import IntegerModel

/// How many thresholds the weights of one layer have.
public enum WeightGranularity: String, CaseIterable, Sendable {
  /// One threshold per filter: the paper's vector mode (section III.A.5).
  case perChannel = "per-channel"
  /// One threshold per layer: the paper's scalar mode.
  case perTensor = "per-tensor"
}

/// The form of the activation thresholds.
public enum ThresholdForm: String, CaseIterable, Sendable {
  /// One threshold T: codes cover [0, T] where no value is negative (paper eq. 9) and [−T, T]
  /// otherwise (eq. 8).
  case symmetric
  /// Left limit and width (paper eq. 21): codes cover [T_l, T_r].
  case asymmetric
}

/// Which statistic of the calibration images sets the initial thresholds.
public enum CalibratorKind: String, CaseIterable, Sendable {
  /// Least and greatest value seen (paper eq. 6).
  case minMax = "minmax"
  /// Exponential moving average of each image's least and greatest value.
  case movingAverage = "moving-average"
  /// The limits that leave out a given share of all values.
  case percentile
  /// The limits with the least mean squared quantization error.
  case meanSquaredError = "mse"
  /// The limits with the least Kullback–Leibler divergence between the values and their codes.
  case entropy
}

/// Which rearrangement of the float network, its function unchanged, comes before calibration.
public enum Equalization: String, CaseIterable, Sendable {
  /// None.
  case none
  /// Depthwise filters are brought to one magnitude (paper 3.3.1).
  case depthwiseRescale = "depthwise-rescale"
  /// Ranges are balanced between all neighboring layers (Nagel et al. 2019).
  case crossLayer = "cross-layer"
  /// The channels of a tensor are brought closer to its range.
  case channelRange = "channel-range"
}

/// How biases make up for the shift that quantization gives the mean of each channel.
public enum BiasCorrection: String, CaseIterable, Sendable {
  /// Not at all.
  case none
  /// From the weights' rounding errors and the float network's mean inputs.
  case analytic
  /// Layer by layer, from the codes that the integer kernels compute on the samples.
  case empirical
}

/// How weights are rounded to their codes.
public enum WeightRounding: String, CaseIterable, Sendable {
  /// Each to the nearest code (paper eq. 1).
  case nearest
  /// So that the errors of a filter make up for one another; see ``CompensatedRoundingStep``.
  case gptq
}

/// The type of the codes that a network puts out.
public enum OutputType: String, CaseIterable, Sendable {
  /// As everywhere in the network.
  case int8
  /// The last layers compute in TFLite's 16x8: 16-bit activations, 8-bit weights.
  case int16
}

/// Everything that steers the quantization of a model.
public struct QuantizationOptions: Hashable, Sendable {
  /// Scalar or vector weights.
  public var weights: WeightGranularity
  /// Form of the activation thresholds.
  public var thresholds: ThresholdForm
  /// Source of the activation thresholds.
  public var calibrator: CalibratorKind
  /// Share of values in percent that calibrator `percentile` keeps, in (50, 100].
  public var percentile: Double
  /// Training of the whole network by distillation (paper); `nil` for none.
  public var training: TrainingOptions?
  /// Training block by block, before that; `nil` for none.
  public var reconstruction: TrainingOptions?
  /// What balances the float weights before calibration.
  public var equalization: Equalization
  /// Whether channels that are always 0 carry halves of others; see ``ChannelSplittingStep``.
  public var splitsChannels: Bool
  /// How weights are rounded.
  public var rounding: WeightRounding
  /// What corrects the biases after it.
  public var biasCorrection: BiasCorrection
  /// Codes of the outputs.
  public var outputType: OutputType
  /// Names of layers whose outputs get 16-bit codes; see ``SixteenBitClasses``.
  public var sixteenBitLayers: [String]
  /// Percent of all multiplications, 0…100, that may be made in 16x8 by layers which
  /// ``SixteenBitSelectionStep`` chooses, beyond those named.
  public var sixteenBitShare: Double
  /// The arithmetic that multipliers and tables are made for.
  public var arithmetic: ArithmeticProfile
  /// Images per forward pass; changes speed and memory, never the result of a calibrator.
  public var batch: Int
  /// Threads of the float engine.
  public var threads: Int

  /// Creates options; the defaults are those of `qconvert`.
  public init(
    weights: WeightGranularity = .perChannel, thresholds: ThresholdForm = .asymmetric,
    calibrator: CalibratorKind = .minMax, percentile: Double = 99.99,
    equalization: Equalization = .none, splitsChannels: Bool = false,
    rounding: WeightRounding = .nearest, biasCorrection: BiasCorrection = .none,
    training: TrainingOptions? = nil, reconstruction: TrainingOptions? = nil,
    outputType: OutputType = .int8, sixteenBitLayers: [String] = [], sixteenBitShare: Double = 0,
    arithmetic: ArithmeticProfile = .tflm, batch: Int = 8,
    threads: Int = 1
  ) {
    self.weights = weights
    self.thresholds = thresholds
    self.calibrator = calibrator
    self.percentile = percentile
    self.training = training
    self.reconstruction = reconstruction
    self.equalization = equalization
    self.splitsChannels = splitsChannels
    self.rounding = rounding
    self.biasCorrection = biasCorrection
    self.outputType = outputType
    self.sixteenBitLayers = sixteenBitLayers
    self.sixteenBitShare = sixteenBitShare
    self.arithmetic = arithmetic
    self.batch = batch
    self.threads = threads
  }
}
