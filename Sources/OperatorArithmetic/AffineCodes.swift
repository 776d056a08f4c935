import IntegerModel

/// How the codes of one activation relate to reals: `real = scale · (code − zero point)`.
public struct AffineCodes: Hashable, Sendable {
  /// Positive and finite.
  public var scale: Float
  /// A code of `elementType`.
  public var zeroPoint: Int32
  /// int8, uint8 or int16; it bounds the codes.
  public var elementType: ElementType

  /// Creates a description.
  public init(scale: Float, zeroPoint: Int32, elementType: ElementType = .int8) {
    self.scale = scale
    self.zeroPoint = zeroPoint
    self.elementType = elementType
  }

  /// The code nearest to `real`, ties away from zero before the zero point is added, clamped to
  /// the element type. The quotient is formed in float32 as TFLite does.
  public func code(of real: Float) -> Int32 {
    let quotient = (real / scale).rounded(.toNearestOrAwayFromZero)
    guard quotient.isFinite else { return real > 0 ? range.maximum : range.minimum }
    return clamped(Double(quotient) + Double(zeroPoint))
  }

  /// The code of a normalized pixel value, clamped to the element type.
  ///
  /// Ties go up, so that neighboring pixel values never collapse or skip a code where the scale is
  /// that of one pixel step (mean 127.5 puts every value on a tie); the small nudge keeps the
  /// float32 scale from deciding them.
  public func pixelCode(of real: Double) -> Int32 {
    clamped((real / Double(scale) + 0.5 + 1e-4).rounded(.down) + Double(zeroPoint))
  }

  /// The code nearest to `real`, whose quotient is formed in double.
  func exactCode(of real: Double) -> Int32 {
    clamped((real / Double(scale)).rounded(.toNearestOrAwayFromZero) + Double(zeroPoint))
  }

  /// The codes an output clamped to `limits` may have; infinite limits clamp nothing. Bit-exact with
  /// TFLite `CalculateActivationRangeQuantized`.
  public func range(of limits: RealRange) -> CodeRange {
    CodeRange(
      minimum: limits.minimum.isFinite ? code(of: limits.minimum) : range.minimum,
      maximum: limits.maximum.isFinite ? code(of: limits.maximum) : range.maximum)
  }

  /// All codes of the element type.
  public var range: CodeRange {
    CodeRange(
      minimum: Int32(clamping: elementType.minimumCode),
      maximum: Int32(clamping: elementType.maximumCode))
  }

  private func clamped(_ code: Double) -> Int32 {
    Int32(min(max(code, Double(range.minimum)), Double(range.maximum)))
  }
}

/// Limits that an operator's output is clamped to: a fused activation. Infinite limits clamp
/// nothing.
public struct RealRange: Hashable, Sendable {
  /// Least value, or −∞.
  public var minimum: Float
  /// Greatest value, or +∞.
  public var maximum: Float

  /// Creates a range.
  public init(minimum: Float, maximum: Float) {
    self.minimum = minimum
    self.maximum = maximum
  }

  /// No clamp at all.
  public static let unlimited = RealRange(minimum: -.infinity, maximum: .infinity)
  /// max(x, 0)
  public static let relu = RealRange(minimum: 0, maximum: .infinity)
  /// min(max(x, 0), 6)
  public static let relu6 = RealRange(minimum: 0, maximum: 6)
  /// min(max(x, −1), 1)
  public static let reluN1To1 = RealRange(minimum: -1, maximum: 1)
}
