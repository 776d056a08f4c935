import Foundation
import IntegerModel

/// From the real scales of tensors to what LiteRT computes with: XNNPACK's numbers, those of LiteRT's
/// optimized kernels for what XNNPACK refuses, and those of its reference kernels where they depart
/// from TFLite Micro's.
///
/// Everything is formed in float32 in the order that the sources form it in, unless said otherwise.
/// docs/arithmetic.md states the formulas and how they were found.
struct LiteRTDerivation {
  // MARK: - Linear operators

  /// XNNPACK's requantization scales, one per weight scale: (S_x · S_w) / S_y.
  func binary32(input: AffineCodes, weightScales: [Float], output: AffineCodes) -> ScalingForm {
    .binary32(weightScales.map { (input.scale * $0 / output.scale).bitPattern })
  }

  /// The float64 scales of LiteRT's reference kernel of fully connected layers.
  func binary64(input: AffineCodes, weightScales: [Float], output: AffineCodes) -> ScalingForm {
    .binary64(
      weightScales.map {
        (Double(input.scale) * Double($0) / Double(output.scale)).bitPattern
      })
  }

  /// A fused activation whose limits XNNPACK quantizes: round(limit / S + z) in float32, ties to even.
  /// `nil` where that gives the same codes as TFLite's rounding, or `clamp` is no fused activation.
  func clamp(_ clamp: CodeRange, output: AffineCodes) -> CodeRange? {
    for limits in [RealRange.relu, .relu6, .reluN1To1] where output.range(of: limits) == clamp {
      func code(_ limit: Float, or unlimited: Int32) -> Int32 {
        guard limit.isFinite else { return unlimited }
        let code = (limit / output.scale + Float(output.zeroPoint)).rounded(.toNearestOrEven)
        return Int32(min(max(code, Float(output.range.minimum)), Float(output.range.maximum)))
      }
      let result = CodeRange(
        minimum: code(limits.minimum, or: output.range.minimum),
        maximum: code(limits.maximum, or: output.range.maximum))
      return result == clamp ? nil : result
    }
    return nil
  }

  // MARK: - Element-wise operators

  /// XNNPACK's addition: both ratios to the output scale with the power of two that gives the greater
  /// 21 bits. `nil` where XNNPACK refuses, because a ratio is outside 2^−10..<2^8.
  func weightedSum(
    _ first: AffineCodes, _ second: AffineCodes, output: AffineCodes, subtracts: Bool
  ) -> ScalingForm? {
    let ratios = [first.scale / output.scale, second.scale / output.scale]
    guard let greatest = ratios.max(),
      ratios.allSatisfy({ $0 >= 0x1p-10 && $0 < 0x1p8 })
    else { return nil }
    let shift = 20 - Int32(greatest.exponent)
    let factors = ratios.map {
      Int32(
        ($0 * Float(sign: .plus, exponent: Int(shift), significand: 1)).rounded(.toNearestOrEven))
    }
    return .weightedSum(
      first: factors[0], second: subtracts ? -factors[1] : factors[1], shift: shift)
  }

  /// XNNPACK's product: one float32 scale, or `nil` where XNNPACK refuses, because it is outside
  /// 2^−16..<2^8.
  func product(_ first: AffineCodes, _ second: AffineCodes, output: AffineCodes) -> ScalingForm? {
    let scale = first.scale * second.scale / output.scale
    return scale >= 0x1p-16 && scale < 0x1p8 ? .binary32([scale.bitPattern]) : nil
  }

  /// The multiplier of LiteRT's own product, whose factor is formed in float32.
  func productMultiplier(
    _ first: AffineCodes, _ second: AffineCodes, output: AffineCodes
  ) -> FixedPointMultiplier? {
    multiplier(first.scale * second.scale / output.scale)
  }

  /// The multiplier of LiteRT's softmax of 16 bits, which multiplies scale and beta in float32.
  func wideSoftmaxMultiplier(input: AffineCodes, beta: Float) -> FixedPointMultiplier? {
    try? OperatorDerivation(profile: .litert).multiplier(
      Double(input.scale * beta) / (10 / 65535))
  }

  /// The multipliers of LiteRT's parametric ReLU, whose factors are formed in float32.
  func preluMultipliers(
    input: AffineCodes, slope: AffineCodes, output: AffineCodes
  ) -> [FixedPointMultiplier]? {
    guard let positive = multiplier(input.scale / output.scale),
      let negative = multiplier(input.scale * slope.scale / output.scale)
    else { return nil }
    return [positive, negative]
  }

  /// LiteRT's requantization: XNNPACK's 8 fractional bits between codes of one type with a ratio in
  /// 2^−8…2^7, else the optimized kernel. `nil` where that gives what `tflm` gives.
  func requantize(from input: AffineCodes, to output: AffineCodes) -> ScalingForm? {
    let ratio = input.scale / output.scale
    guard input.elementType == output.elementType else {
      return input.scale == output.scale ? nil : .fixedPointInGroups
    }
    guard ratio >= 0x1p-8, ratio <= 0x1p7 else { return .fixedPointInGroups }
    let factor = eightBits(ratio)
    return .table(
      (input.range.minimum...input.range.maximum).map { code in
        output.clamped(((code - input.zeroPoint) * factor + 128) >> 8 + output.zeroPoint)
      })
  }

  // MARK: - Reductions, softmax

  /// XNNPACK's reductions: the sum of codes times (S_x / S_y) · (1 / n), n for a mean alone, plus
  /// z_y − (n · z_x) · scale.
  func reduction(
    input: AffineCodes, output: AffineCodes, count: Int, isMean: Bool
  ) -> ScalingForm {
    var scale = input.scale / output.scale
    if isMean { scale *= 1 / Float(count) }
    let offset = Float(output.zeroPoint) - Float(count * Int(input.zeroPoint)) * scale
    return .binary32Sum(scale: scale.bitPattern, offset: offset.bitPattern)
  }

  /// The table of LiteRT's optimized softmax: e^(−(S · β) · d).
  func exponentials(input: AffineCodes, beta: Float) -> ScalingForm {
    let scale = -input.scale * beta
    return .exponentials((0...255).map { exp(scale * Float($0)).bitPattern })
  }

  // MARK: - Parts

  /// A factor with 8 fractional bits, as XNNPACK's conversions and leaky ReLU have it.
  func eightBits(_ factor: Float) -> Int32 {
    Int32((256 * factor).rounded(.toNearestOrEven))
  }

  func multiplier(_ factor: Float) -> FixedPointMultiplier? {
    factor.isFinite && factor >= 0 && factor < 0x1p30
      ? FixedPointMultiplier(real: Double(factor)) : nil
  }
}

extension AffineCodes {
  /// An integer as a code: saturated.
  func clamped(_ code: Int32) -> Int32 { min(max(code, range.minimum), range.maximum) }
}
