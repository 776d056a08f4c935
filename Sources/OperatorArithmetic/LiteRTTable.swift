import Foundation
import IntegerModel

/// The 256 output codes that LiteRT computes for a function of one 8-bit code.
///
/// Bit-exact with LiteRT's reference and optimized kernels, which fill their tables in float32, and
/// with XNNPACK's, as far as the C library's `expf`, `exp` and `tanhf` agree.
struct LiteRTTable {
  var function: RealFunction
  var input: AffineCodes
  var output: AffineCodes
  private let derivation = LiteRTDerivation()

  init(function: RealFunction, input: AffineCodes, output: AffineCodes) {
    self.function = function
    self.input = input
    self.output = output
  }

  /// What profile `litert-reference` gives; `nil` for functions that are no operator of LiteRT.
  var reference: [Int32]? {
    switch function {
    case .logistic:
      table { x in rounded(1 / (1 + exp(-x)), awayFromZero: true) }
    case .tanh: table { x in rounded(Foundation.tanh(x), awayFromZero: true) }
    case .leakyRelu(let alpha): leakyRelu(alpha)
    case .hardSwish:
      // The factor is formed in float32, where TFLite Micro has double.
      DeviceTable(function: function, input: input, output: output)
        .hardSwish(outputFactor: Double(1 / 128 * input.scale / output.scale))
    case .clip(let limits): clip(limits)
    case .hardSigmoid: nil
    }
  }

  /// What profile `litert` gives.
  var standard: [Int32]? {
    switch function {
    case .logistic:
      table { x in
        if x > 100 { return rounded(1, awayFromZero: false) }
        if x < -100 { return rounded(0, awayFromZero: false) }
        let power = exp(Double(x))
        return rounded(Float(power / (1 + power)), awayFromZero: false)
      }
    case .tanh: table { x in rounded(Foundation.tanh(x), awayFromZero: false) }
    case .leakyRelu(let alpha): leakyReluOfXNNPACK(alpha) ?? reference
    case .hardSwish, .clip, .hardSigmoid: reference
    }
  }

  /// The codes of a function of the real number that each input code stands for.
  private func table(_ code: (Float) -> Int32) -> [Int32] {
    codes.map { code(input.scale * Float($0 - input.zeroPoint)) }
  }

  private var codes: ClosedRange<Int32> { input.range.minimum...input.range.maximum }

  /// The code of a real, by the reciprocal of the scale. LiteRT rounds ties away from zero and adds
  /// the zero point; XNNPACK adds it first and rounds ties to even.
  private func rounded(_ real: Float, awayFromZero: Bool) -> Int32 {
    let quotient = real * (1 / output.scale)
    let zeroPoint = Float(output.zeroPoint)
    let code =
      awayFromZero
      ? quotient.rounded(.toNearestOrAwayFromZero) + zeroPoint
      : (quotient + zeroPoint).rounded(.toNearestOrEven)
    return Int32(min(max(code, Float(output.range.minimum)), Float(output.range.maximum)))
  }

  /// Two multipliers formed in float32; that of the negative side may be negative.
  private func leakyRelu(_ alpha: Float) -> [Int32]? {
    guard let positive = derivation.multiplier(input.scale / output.scale),
      let negative = derivation.multiplier(abs(input.scale * alpha / output.scale))
    else { return nil }
    let sign: Int32 = alpha < 0 ? -1 : 1
    return codes.map { code in
      let difference = code - input.zeroPoint
      let scaled =
        difference >= 0
        ? positive.scale(difference, rounding: .double)
        : negative.scale(sign * difference, rounding: .double)
      return saturated(scaled)
    }
  }

  /// XNNPACK's leaky ReLU with 8 fractional bits; `nil` where it refuses, because a factor is outside
  /// 2^−8…2^7, or −2^7<..−2^−8 for a negative slope.
  private func leakyReluOfXNNPACK(_ alpha: Float) -> [Int32]? {
    let positive = input.scale / output.scale
    let negative = positive * alpha
    let range: ClosedRange<Float> = 0x1p-8...0x1p7
    guard range.contains(positive), range.contains(abs(negative)), negative > -0x1p7 else {
      return nil
    }
    let (above, below) = (derivation.eightBits(positive), derivation.eightBits(negative))
    return codes.map { code in
      let difference = code - input.zeroPoint
      return saturated((difference * (difference >= 0 ? above : below) + 128) >> 8)
    }
  }

  /// Requantized, then clamped (`ReluX`).
  private func clip(_ limits: RealRange) -> [Int32]? {
    guard let multiplier = derivation.multiplier(input.scale / output.scale) else { return nil }
    let clamp = output.range(of: limits)
    return codes.map { code in
      let scaled = saturated(multiplier.scale(code - input.zeroPoint, rounding: .double))
      return min(max(scaled, clamp.minimum), clamp.maximum)
    }
  }

  private func saturated(_ scaled: Int32) -> Int32 {
    output.clamped(Int32(clamping: Int64(scaled) + Int64(output.zeroPoint)))
  }
}
