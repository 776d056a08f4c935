import Foundation

/// How a trained threshold hangs on the number that the optimizer moves.
public enum ThresholdParametrization: String, CaseIterable, Sendable {
  /// T = clip(α, 0.5, 1) · T_max (FAT paper, eq. 12, 13; 21–23 for asymmetric ranges).
  case scale
  /// T = T_max · 2^t, unclipped (Jain et al., "Trained quantization thresholds", 2020).
  case log2
  /// The step itself in units of its first value, unclipped (Esser et al., "Learned step size
  /// quantization", 2020).
  case step

  /// Least and greatest α of a threshold or a width (eq. 13, 23).
  static let scaleLimits: ClosedRange<Float> = 0.5...1
  /// Least and greatest shift of a left limit in units of the width (eq. 22), for ranges with
  /// negative values. The paper's limits for unsigned ranges, 0…0.4, would move the left limit above
  /// zero, which must keep a code of its own: there the left limit stays.
  static let shiftLimits: ClosedRange<Float> = -0.2...0.4
  /// What keeps an unclipped factor positive and finite.
  private static let freeLimits: ClosedRange<Float> = 0x1p-10...0x1p10

  /// The parameter at which the factor of T_max is `factor`.
  func parameter(ofFactor factor: Float) -> Float {
    switch self {
    case .scale: limited(factor, Self.scaleLimits)
    case .step: limited(factor, Self.freeLimits)
    case .log2: limited(Float(Foundation.log2(Double(factor))), -10...10)
    }
  }

  /// The factor of T_max.
  func factor(_ parameter: Float) -> Float {
    switch self {
    case .scale: limited(parameter, Self.scaleLimits)
    case .step: limited(parameter, Self.freeLimits)
    case .log2: Float(exp2(Double(parameter)))
    }
  }

  /// d factor / d parameter. At its limits a clipped parameter keeps the slope of the inside, so
  /// that it can come back; ``projected(_:)`` keeps it from leaving.
  func slope(_ parameter: Float) -> Float {
    switch self {
    case .scale, .step: 1
    case .log2: factor(parameter) * 0.693_147_18
    }
  }

  /// The nearest legal parameter.
  func projected(_ parameter: Float) -> Float {
    switch self {
    case .scale: limited(parameter, Self.scaleLimits)
    case .step: limited(parameter, Self.freeLimits)
    case .log2: limited(parameter, -10...10)
    }
  }

  /// The nearest legal shift of a left limit, in units of the width.
  func projected(shift: Float) -> Float {
    self == .scale ? limited(shift, Self.shiftLimits) : limited(shift, -1...1)
  }
}

/// `value` within `limits`; NaN becomes the lower limit.
func limited(_ value: Float, _ limits: ClosedRange<Float>) -> Float {
  value > limits.lowerBound ? min(value, limits.upperBound) : limits.lowerBound
}
