import Foundation

/// Energies of a tensor and of its errors, gathered over samples.
struct TensorNoise {
  /// Σ float², per channel.
  private(set) var signal: [Double]
  /// Σ error², per channel.
  private(set) var noise: [Double]
  /// Σ error, per channel.
  private var errors: [Double]
  /// Elements per channel.
  private(set) var count = 0

  init(channels: Int) {
    signal = Array(repeating: 0, count: channels)
    noise = signal
    errors = signal
  }

  /// Takes in one sample: float values and the codes that stand for them, `[…, channels]`.
  mutating func add(
    _ float: [Float], _ codes: [Int32], _ parameters: ActivationParameters
  ) {
    let channels = signal.count
    var channel = 0
    for (value, code) in zip(float, codes) {
      let error = Double(parameters.real(of: code) - value)
      signal[channel] += Double(value) * Double(value)
      noise[channel] += error * error
      errors[channel] += error
      channel += 1
      if channel == channels { channel = 0 }
    }
    count += float.count / channels
  }

  var totalSignal: Double { signal.reduce(0, +) }
  var totalNoise: Double { noise.reduce(0, +) }
  /// SQNR in dB.
  var signalToNoise: Double { decibels(totalSignal, totalNoise) }
  /// What the mean error of each channel explains of the noise, 0…1: (Σ error)² / count of Σ error²,
  /// of which 1 / count is chance.
  var biasShare: Double {
    guard count > 1, totalNoise > 0 else { return 0 }
    let explained = errors.reduce(0) { $0 + $1 * $1 } / Double(count) / totalNoise
    let chance = 1 / Double(count)
    return min(max((explained - chance) / (1 - chance), 0), 1)
  }
}

/// The noise of one layer's output, quantized alone and in the whole integer network.
struct LayerNoise {
  /// Of the layer quantized alone.
  private(set) var alone: TensorNoise
  /// In the whole integer network.
  private(set) var cumulative: TensorNoise
  /// Part of the layer's own noise from values that no code covers.
  private var clippedNoise = 0.0
  /// Noise of the float output rounded to its codes.
  private var roundingNoise = 0.0
  private var peak: Float = 0

  init(channels: Int) {
    alone = TensorNoise(channels: channels)
    cumulative = alone
  }

  /// Takes in one sample: the float output, and the codes of the layer quantized alone.
  mutating func addAlone(
    _ float: [Float], _ codes: [Int32], _ parameters: ActivationParameters
  ) {
    alone.add(float, codes, parameters)
    let covered = parameters.codes.range
    let least = parameters.real(of: covered.minimum) - parameters.scale / 2
    let greatest = parameters.real(of: covered.maximum) + parameters.scale / 2
    for (value, code) in zip(float, codes) {
      peak = max(peak, abs(value))
      if value < least || value > greatest {
        let error = Double(parameters.real(of: code) - value)
        clippedNoise += error * error
      } else {
        let step = value / parameters.scale
        let rounding = Double((step.rounded() - step) * parameters.scale)
        roundingNoise += rounding * rounding
      }
    }
  }

  /// Takes in one sample: the float output, and the codes of the whole integer network.
  mutating func addCumulative(
    _ float: [Float], _ codes: [Int32], _ parameters: ActivationParameters
  ) {
    cumulative.add(float, codes, parameters)
  }

  /// Noise over signal of the layer quantized alone; bounded, so that a silent layer's noise does
  /// not outweigh everything.
  var noiseToSignal: Double {
    let (signal, noise) = (alone.totalSignal, alone.totalNoise)
    return noise == 0 ? 0 : signal == 0 ? 1e6 : min(noise / signal, 1e6)
  }

  /// What the noise looks like.
  func evidence(hasUncorrectedBias: Bool, filterSpread: Double?) -> NoiseEvidence {
    let total = alone.totalNoise
    func share(_ part: Double) -> Double { total == 0 ? 0 : min(part / total, 1) }
    let elements = alone.count * alone.signal.count
    let rootMeanSquare = (alone.totalSignal / Double(max(elements, 1))).squareRoot()
    return NoiseEvidence(
      hasUncorrectedBias: hasUncorrectedBias, filterSpread: filterSpread,
      biasShare: alone.biasShare,
      cumulativeBiasShare: cumulative.biasShare, clippedShare: share(clippedNoise),
      roundingShare: share(roundingNoise),
      peakToMean: rootMeanSquare == 0 ? 0 : Double(peak) / rootMeanSquare)
  }

  /// The `limit` channels with the least SQNR, those of next to no signal left out.
  func worstChannels(_ limit: Int) -> [LayerSensitivity.Channel] {
    let (signal, noise) = (alone.signal, alone.noise)
    let least = alone.totalSignal / Double(signal.count) / 1000
    return signal.indices.filter { signal[$0] > least && noise[$0] > 0 }
      .map {
        LayerSensitivity.Channel(index: $0, signalToNoise: decibels(signal[$0], noise[$0]))
      }
      .sorted { ($0.signalToNoise, $0.index) < ($1.signalToNoise, $1.index) }
      .prefix(limit).map { $0 }
  }
}

/// Ratio of two energies in dB; infinite without noise.
private func decibels(_ signal: Double, _ noise: Double) -> Double {
  noise == 0 ? .infinity : 10 * log10(signal / noise)
}
