import Diagnostics
import Foundation
import IntegerModel

extension OperatorDerivation {
  /// Mean over `count` elements along `axes`: the factor is divided in integers (TFLite
  /// `QuantizedMeanOrSum`).
  ///
  /// - Parameter count: number of elements that one output element averages, 1 or more.
  public func mean(
    input: AffineCodes, output: AffineCodes, axes: [Int], count: Int, keepsDimensions: Bool
  ) throws(Diagnostic) -> ReduceParameters {
    let factor = Double(input.scale) / Double(output.scale)
    _ = try multiplier(factor)
    return ReduceParameters(
      axes: axes, keepsDimensions: keepsDimensions,
      multiplier: FixedPointMultiplier(meanOf: count, real: factor))
  }

  /// Sum along `axes`.
  public func sum(
    input: AffineCodes, output: AffineCodes, axes: [Int], keepsDimensions: Bool
  ) throws(Diagnostic) -> ReduceParameters {
    ReduceParameters(
      axes: axes, keepsDimensions: keepsDimensions,
      multiplier: try multiplier(Double(input.scale) / Double(output.scale)))
  }

  /// The scaling of 8-bit input differences into Q5.26, and the difference below which the
  /// exponential is 0 (TFLite `PreprocessSoftmaxScaling`, `CalculateInputRadius`); of 16-bit ones to
  /// steps of 10/65535 (`softmax_common.cc`).
  ///
  /// The scaling stays below 2^30, which the kernels shift by: from a scale of 16 on, one code of
  /// difference already makes an exponential of less than 2^−23, which is code 0 either way.
  ///
  /// - Throws: an input scale so fine that the scaling would not be a left shift, which the kernels
  ///   cannot do either.
  public func softmax(input: AffineCodes, beta: Float = 1) throws(Diagnostic) -> SoftmaxParameters {
    if input.elementType == .int16 {
      return SoftmaxParameters(
        multiplier: try multiplier(Double(input.scale) * Double(beta) / (10 / 65535)),
        minimumDifference: 0)
    }
    let integerBits = 5
    let real = min(
      Double(beta) * Double(input.scale) * Double(1 << (31 - integerBits)), Double((1 << 30) - 1))
    guard real > 1 else {
      throw Diagnostic(
        problem: "the softmax input has a scale of \(input.scale)"
          + (beta == 1 ? "" : " and a beta of \(beta)") + ", too fine for its fixed point")
    }
    let factor = FixedPointMultiplier(real: real)
    let radius =
      Double((1 << integerBits) - 1) * Double(1 << (31 - integerBits))
      / exp2(Double(factor.shift))
    return SoftmaxParameters(
      multiplier: factor, minimumDifference: -Int32(radius.rounded(.down)))
  }
}
