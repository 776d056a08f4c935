import Foundation
import IntegerModel

/// Weights in codes, with the thresholds' scales.
package struct QuantizedWeights {
  /// Codes in [−127, 127], output channel first, as the float weights were.
  package var codes: [Int8]
  /// One scale per output channel, or a single one.
  package var scales: [Float]
  /// Bias codes per output channel, scale `input scale · weight scale`.
  package var biases: [Int32]
  /// Number of channels whose scale was widened because the bias or the accumulator needed it.
  package var widenedChannels: Int

  /// The scale of one channel.
  package func scale(of channel: Int) -> Float { scales.count == 1 ? scales[0] : scales[channel] }
}

/// Quantizes the weights and the bias of one layer.
///
/// Weights (paper eq. 1–4 in the consistent reading): `W_q = clip(round(W / S), −127, 127)` with
/// `S = T / (2^(n−1) − 1)`. Bias (eq. 20): `b_q = round(b / (S_i · S_w))`.
///
/// A channel whose bias would exceed 30 bits, or whose accumulator could exceed 31, gets a wider
/// weight scale: few distinct weights in a channel that its bias dominates do less harm than a
/// saturated bias.
package struct WeightQuantization {
  /// Float weights, output channel first.
  var weights: [Float]
  /// Float bias, one per output channel.
  var bias: [Float]
  /// T per output channel, or a single one.
  var thresholds: [Float]
  /// Parameters of the layer's input.
  var input: ActivationParameters

  /// Creates the task; `weights.count` is a multiple of `bias.count`.
  package init(
    weights: [Float], bias: [Float], thresholds: [Float], input: ActivationParameters
  ) {
    self.weights = weights
    self.bias = bias
    self.thresholds = thresholds
    self.input = input
  }

  private var channels: Int { bias.count }
  private var filterSize: Int { weights.count / bias.count }
  /// The greatest distance of an input code from the zero point.
  private var reach: Double {
    Double(max(127 - input.zeroPoint, input.zeroPoint + 128))
  }

  /// The codes, scales and biases.
  package func quantized() -> QuantizedWeights {
    let minimal = (0..<channels).map { minimalScale(of: $0) }
    var scales = thresholds.indices.map { startScale(of: $0) }
    var widened = 0
    if scales.count == 1 {
      let needed = minimal.max() ?? 0
      if needed > Double(scales[0]) {
        scales[0] = Float(needed).nextUp
        widened = channels
      }
    } else {
      for channel in 0..<channels where minimal[channel] > Double(scales[channel]) {
        scales[channel] = Float(minimal[channel]).nextUp
        widened += 1
      }
    }
    var result = QuantizedWeights(
      codes: [], scales: scales, biases: [], widenedChannels: widened)
    result.codes.reserveCapacity(weights.count)
    result.biases.reserveCapacity(channels)
    for channel in 0..<channels {
      let scale = result.scale(of: channel)
      for index in channel * filterSize..<(channel + 1) * filterSize {
        let code = (weights[index] / scale).rounded(.toNearestOrAwayFromZero)
        result.codes.append(Int8(min(max(code, -127), 127)))
      }
      let unit = Double(input.scale) * Double(scale)
      let code = (Double(bias[channel]) / unit).rounded(.toNearestOrAwayFromZero)
      result.biases.append(Int32(min(max(code, -2_147_483_647), 2_147_483_647)))
    }
    return result
  }

  /// T / 127; a layer or filter of zeros takes any scale, so 1 where the bias does not decide.
  private func startScale(of index: Int) -> Float {
    let threshold = thresholds[index]
    guard threshold > 0 else {
      let magnitude = thresholds.count == 1 ? bias.map(abs).max() ?? 0 : abs(bias[index])
      // 24 bits of bias are more than the output can show.
      let scale = magnitude / input.scale / 0x1p24
      return scale.isNormal ? scale : 1
    }
    return max(threshold / 127, Float.leastNormalMagnitude)
  }

  /// The least scale at which bias and accumulator of `channel` fit.
  ///
  /// The bias must stay below 2^30 (TFLite's `AdjustWeightsForBiasScale`), and
  /// Σ|W|/S · reach + |b|/(S_i · S), rounding included, below 2^31.
  private func minimalScale(of channel: Int) -> Double {
    let inputScale = Double(input.scale)
    let magnitude = abs(Double(bias[channel])) / inputScale
    var sum = 0.0
    for index in channel * filterSize..<(channel + 1) * filterSize {
      sum += abs(Double(weights[index]))
    }
    // Each rounded weight may be half a code larger than its real.
    let rounding = Double(filterSize) * reach / 2 + 1
    let room = 0x1p31 - 1 - rounding
    let forAccumulator = room > 0 ? (sum * reach + magnitude) / room : .infinity
    return max(magnitude / 0x1p30, forAccumulator)
  }
}
