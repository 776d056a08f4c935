import Foundation
import IntegerModel
import OperatorArithmetic

/// Type, scale and zero point of an activation: `real = scale · (code − zero point)`.
public struct ActivationParameters: Hashable, Sendable {
  /// Positive and finite.
  public var scale: Float
  /// −128…127; 0 for int16.
  public var zeroPoint: Int32
  /// int8, or int16; see ``QuantizationState/wideValues``.
  public var elementType: ElementType

  /// Creates parameters.
  public init(scale: Float, zeroPoint: Int32, elementType: ElementType = .int8) {
    self.scale = scale
    self.zeroPoint = zeroPoint
    self.elementType = elementType
  }

  /// Softmax and logistic outputs, fixed by the kernels: [0, 1) in steps of 1/256.
  public static let probability = ActivationParameters(scale: 1 / 256, zeroPoint: -128)
  /// Tanh outputs, fixed by the kernels: [−1, 1) in steps of 1/128.
  public static let hyperbolicTangent = ActivationParameters(scale: 1 / 128, zeroPoint: 0)
  /// Softmax, logistic and tanh outputs in 16 bits, fixed by the kernels: [−1, 1) in steps of
  /// 1/32768.
  public static let wideUnit = ActivationParameters(
    scale: 1 / 32768, zeroPoint: 0, elementType: .int16)

  /// 16-bit codes, zero point 0 (TFLite 16x8), that cover `range` twice: one bit of sixteen keeps
  /// values that calibration did not show.
  public init(wideCovering range: ValueRange) {
    let threshold = 2 * max(abs(Double(range.minimum)), abs(Double(range.maximum)))
    self.init(scale: Self.positive(threshold / 32767), zeroPoint: 0, elementType: .int16)
  }

  /// 16-bit codes with a 16th of the step of these 8-bit ones, so that the copy is exact:
  /// 16 · (code − zero point); these, if they have 16 bits. With the finer step, multipliers of the
  /// layers that read it stay below 1/2, which fast kernels want.
  var widened: ActivationParameters {
    guard elementType == .int8 else { return self }
    return ActivationParameters(
      scale: Self.positive(Double(scale) / 16), zeroPoint: 0, elementType: .int16)
  }

  /// 16-bit codes with a 64th of the step of these 8-bit ones, which they cover twice: what is
  /// rounded to them first and to these afterwards is off by half a step and a 128th at most.
  var refined: ActivationParameters {
    ActivationParameters(
      scale: Self.positive(Double(scale) / 64), zeroPoint: 0, elementType: .int16)
  }

  /// The step of 8-bit codes over the same range.
  var coarseStep: Float { elementType == .int16 ? scale * 256 : scale }

  /// The parameters whose codes cover `range`, widened to include 0, which must have a code of its
  /// own because padding and ReLU produce it.
  ///
  /// Symmetric (paper eq. 5–9 in the consistent reading of ARITHMETIC.md): signed values take
  /// scale T / (2^(n−1) − 1) and zero point 0; unsigned ones, that is a range without negative
  /// values, scale T / (2^n − 1) and the least code as zero point. Asymmetric (eq. 21): scale
  /// (T_r − T_l) / (2^n − 1), zero point the code nearest to 0, ties away from zero.
  public init(covering range: ValueRange, form: ThresholdForm) {
    let low = min(Double(range.minimum), 0)
    let high = max(Double(range.maximum), 0)
    switch form {
    case .symmetric where low < 0:
      self.init(scale: Self.positive(max(-low, high) / 127), zeroPoint: 0)
    case .symmetric:
      self.init(scale: Self.positive(high / 255), zeroPoint: -128)
    case .asymmetric:
      let scale = Self.positive((high - low) / 255)
      let zeroPoint = (-128 - low / Double(scale)).rounded(.toNearestOrAwayFromZero)
      self.init(scale: scale, zeroPoint: Int32(min(max(zeroPoint, -128), 127)))
    }
  }

  /// A scale that can be divided by: a constant-zero tensor gets scale 1, and denormals, which
  /// some targets flush to zero, are lifted to the least normal number.
  private static func positive(_ scale: Double) -> Float {
    scale == 0 ? 1 : max(Float(scale), Float.leastNormalMagnitude)
  }

  /// How the codes relate to reals, for the derivation of operators.
  public var codes: AffineCodes {
    AffineCodes(scale: scale, zeroPoint: zeroPoint, elementType: elementType)
  }

  /// The code nearest to `real`, ties away from zero before the zero point is added, clamped to
  /// the type.
  public func code(of real: Float) -> Int32 { codes.code(of: real) }

  /// The code of a normalized pixel value, clamped to the type.
  func pixelCode(of real: Double) -> Int32 { codes.pixelCode(of: real) }

  /// Whether some code is at most half a step from `real`.
  func covers(_ real: Float) -> Bool {
    abs(self.real(of: code(of: real)) - real) <= scale / 2
  }

  /// The real that `code` stands for.
  public func real(of code: Int32) -> Float { scale * Float(code - zeroPoint) }

  /// The codes an output clamped to `[minimum, maximum]` may have; infinite limits clamp nothing.
  public func codeRange(minimum: Float, maximum: Float) -> CodeRange {
    codes.range(of: RealRange(minimum: minimum, maximum: maximum))
  }

  /// The form that tensors carry.
  public var quantization: Quantization {
    Quantization(scaleBits: [scale.bitPattern], zeroPoints: [zeroPoint])
  }
}
