import IntegerModel

/// What quantizing one layer costs, alone and with all that comes before it.
public struct LayerSensitivity: Hashable, Sendable {
  /// Position in `IntegerGraph.operations`.
  public var operation: Int
  /// SQNR in dB of the output when this layer alone is quantized: its integer kernel runs on the
  /// float network's values, rounded to its input codes. Infinite without noise.
  public var alone: Double
  /// SQNR in dB of the same tensor in the whole integer network.
  public var cumulative: Double
  /// What the layer takes from the SQNR of its input in the whole integer network, in dB: its own
  /// noise, and what it makes of the noise that it is given. Of several inputs the noisiest counts.
  public var drop: Double
  /// The layer's part of all layers' own noise, 0…1: its ratio of noise to signal when quantized
  /// alone, over the sum of these ratios.
  public var noiseShare: Double
  /// The channels with the least SQNR when the layer is quantized alone, the worst first, at most
  /// three. Channels a thousand times weaker than the layer's mean are left out.
  public var worstChannels: [Channel]
  /// What the layer's own noise looks like.
  public var evidence: NoiseEvidence
  /// What would help most; `nil` for a layer that is no trouble.
  public var mend: SensitivityMend?

  /// One channel of a layer.
  public struct Channel: Hashable, Sendable {
    /// Position along the last axis.
    public var index: Int
    /// SQNR in dB of the channel when its layer alone is quantized.
    public var signalToNoise: Double
  }
}

/// What the noise of one layer, quantized alone, looks like. Shares are of its energy, 0…1; they
/// overlap.
public struct NoiseEvidence: Hashable, Sendable {
  /// Whether the layer has a bias per channel that was not corrected on the integer kernels yet.
  public var hasUncorrectedBias: Bool
  /// Where all filters of the layer share one threshold: the greatest weight of the layer over that
  /// of its median filter. `nil` where each filter has a threshold of its own, and for layers
  /// without weights.
  public var filterSpread: Double?
  /// What a constant per channel, its mean error, would take away, corrected for what the mean of
  /// so many samples explains by chance.
  public var biasShare: Double
  /// The same of the noise in the whole integer network.
  public var cumulativeBiasShare: Double
  /// What comes from values beyond the range that the output's codes cover.
  public var clippedShare: Double
  /// What rounding the exact output to its codes would make, were everything else exact.
  public var roundingShare: Double
  /// Greatest magnitude of the float output over its root mean square.
  public var peakToMean: Double

  /// Creates evidence.
  public init(
    hasUncorrectedBias: Bool, filterSpread: Double?, biasShare: Double, cumulativeBiasShare: Double,
    clippedShare: Double, roundingShare: Double, peakToMean: Double
  ) {
    self.hasUncorrectedBias = hasUncorrectedBias
    self.filterSpread = filterSpread
    self.biasShare = biasShare
    self.cumulativeBiasShare = cumulativeBiasShare
    self.clippedShare = clippedShare
    self.roundingShare = roundingShare
    self.peakToMean = peakToMean
  }
}

/// What would reduce a layer's noise, what costs least first.
public enum SensitivityMend: String, CaseIterable, Sendable {
  /// The output's range leaves out too much of what occurs: thresholds further out.
  case widerThresholds = "wider"
  /// One large filter makes the weight step of all others: thresholds per filter, or equal filters.
  case filterThresholds = "filters"
  /// Channels are off by a constant: correct the biases.
  case biasCorrection = "biases"
  /// A few outliers make the output's step: thresholds further in.
  case tighterThresholds = "tighter"
  /// None of these stands out: train all thresholds.
  case trainedThresholds = "training"
  /// They are trained, and rounding to 8 bits makes most of the noise: 16 bits for this layer.
  case sixteenBits = "16 bits"

  /// A layer whose part in the noise is smaller needs no mending.
  static let leastShare = 0.01
  /// dB; eight bits hold a uniform distribution with 48.
  static let greatestNoisy = 50.0
  /// With such a spread the median filter is left with 16 of 127 codes on each side of zero.
  static let greatestSpread = 8.0
  /// Correcting biases costs next to nothing: a quarter of the noise is worth it.
  static let greatestBias = 0.25
  /// A Gaussian's greatest of a million values is five times its root mean square, ReLU's seven.
  static let greatestPeak = 16.0

  /// What `evidence` points to, for a layer that makes `noiseShare` of the noise and whose SQNR is
  /// `alone` dB when it alone is quantized; `isTrained` tells whether thresholds are trained already.
  public init?(
    _ evidence: NoiseEvidence, noiseShare: Double, alone: Double, isTrained: Bool = false
  ) {
    if noiseShare < Self.leastShare || alone > Self.greatestNoisy { return nil }
    if evidence.clippedShare > 0.5 {
      self = .widerThresholds
    } else if let spread = evidence.filterSpread, spread > Self.greatestSpread {
      self = .filterThresholds
    } else if evidence.hasUncorrectedBias,
      max(evidence.biasShare, evidence.cumulativeBiasShare) > Self.greatestBias
    {
      self = .biasCorrection
    } else if evidence.roundingShare > 0.5, evidence.peakToMean > Self.greatestPeak {
      self = .tighterThresholds
    } else if isTrained {
      guard evidence.roundingShare > 0.5 else { return nil }
      self = .sixteenBits
    } else {
      self = .trainedThresholds
    }
  }
}
