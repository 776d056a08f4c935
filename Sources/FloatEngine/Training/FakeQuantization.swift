import CFloatKernels

/// The codes of a fake-quantized array: real = scale · (code − zero point).
public struct QuantizationGrid: Equatable, Sendable {
  /// Distance of neighboring reals; positive and normal.
  public var scale: Float
  /// The code of 0.
  public var zeroPoint: Float
  /// Least code.
  public var codeMinimum: Float
  /// Greatest code.
  public var codeMaximum: Float

  /// Creates a grid of integer codes.
  public init(scale: Float, zeroPoint: Int32, codeMinimum: Int32, codeMaximum: Int32) {
    self.scale = scale
    self.zeroPoint = Float(zeroPoint)
    self.codeMinimum = Float(codeMinimum)
    self.codeMaximum = Float(codeMaximum)
  }

  fileprivate var kernelGrid: FloatGrid {
    FloatGrid(
      scale: scale, zero_point: zeroPoint, code_minimum: codeMinimum, code_maximum: codeMaximum)
  }
}

/// Derivatives of a loss with respect to a grid, the roundings held constant (FAT paper, eq. 16–19).
public struct GridGradient: Equatable, Sendable {
  /// With respect to the scale, from the elements inside the grid.
  public var inside: Double
  /// With respect to the real of the least code, from the elements below it.
  public var below: Double
  /// With respect to the real of the greatest code, from the elements above it.
  public var above: Double

  /// Creates a gradient; zero by default.
  public init(inside: Double = 0, below: Double = 0, above: Double = 0) {
    self.inside = inside
    self.below = below
    self.above = above
  }

  /// Adds another part of the sums.
  public static func += (left: inout GridGradient, right: GridGradient) {
    left.inside += right.inside
    left.below += right.below
    left.above += right.above
  }

  /// Multiplies all derivatives, as a factor of the loss does.
  public static func *= (gradient: inout GridGradient, factor: Double) {
    gradient.inside *= factor
    gradient.below *= factor
    gradient.above *= factor
  }

  init(_ sums: FloatGridGradient) {
    self.init(inside: sums.inside, below: sums.below, above: sums.above)
  }
}

/// Fake quantization: floats rounded to the reals of integer codes, and the straight-through
/// derivatives. All on the calling thread.
public enum FakeQuantization {
  /// Rounds `values` in place to the nearest real of `grid`, ties to even, and keeps in `residuals`
  /// (as many) what ``backward(gradients:residuals:)`` needs.
  public static func forward(
    _ values: UnsafeMutableBufferPointer<Float>,
    residuals: UnsafeMutableBufferPointer<Int8>, grid: QuantizationGrid
  ) {
    guard let base = values.baseAddress, let kept = residuals.baseAddress else { return }
    var kernelGrid = grid.kernelGrid
    float_quantize(base, base, kept, Int64(values.count), &kernelGrid)
  }

  /// Rounds `values` to the nearest reals of `grid` into `result`, which may be the same memory.
  public static func round(
    _ values: UnsafeBufferPointer<Float>, into result: UnsafeMutableBufferPointer<Float>,
    grid: QuantizationGrid
  ) {
    guard let source = values.baseAddress, let target = result.baseAddress else { return }
    var kernelGrid = grid.kernelGrid
    float_quantize(source, target, nil, Int64(values.count), &kernelGrid)
  }

  /// Replaces `values` by the reals of `codes`, which the device computed from the same inputs, and
  /// keeps the difference as the rounding.
  public static func adopt(
    codes: UnsafePointer<Int8>, _ values: UnsafeMutableBufferPointer<Float>,
    residuals: UnsafeMutableBufferPointer<Int8>, grid: QuantizationGrid
  ) {
    guard let base = values.baseAddress, let kept = residuals.baseAddress else { return }
    var kernelGrid = grid.kernelGrid
    float_adopt_codes(base, codes, base, kept, Int64(values.count), &kernelGrid)
  }

  /// Takes the gradient with respect to the rounded values to that with respect to the values
  /// before, in place (eq. 17, 19), and returns that of the grid.
  public static func backward(
    gradients: UnsafeMutableBufferPointer<Float>, residuals: UnsafeBufferPointer<Int8>
  ) -> GridGradient {
    guard let base = gradients.baseAddress, let kept = residuals.baseAddress else {
      return GridGradient()
    }
    var sums = FloatGridGradient()
    float_quantize_backward(base, kept, Int64(gradients.count), &sums)
    return GridGradient(sums)
  }

  /// As ``backward(gradients:residuals:)``, from the values before rounding; the gradient with
  /// respect to them goes to `masked`, which may be `gradients`' memory.
  public static func backward(
    values: UnsafeBufferPointer<Float>, gradients: UnsafeBufferPointer<Float>,
    masked: UnsafeMutableBufferPointer<Float>, grid: QuantizationGrid
  ) -> GridGradient {
    guard let source = values.baseAddress, let given = gradients.baseAddress,
      let target = masked.baseAddress
    else { return GridGradient() }
    var sums = FloatGridGradient()
    var kernelGrid = grid.kernelGrid
    float_quantize_backward_from(
      source, given, target, Int64(values.count), &kernelGrid, &sums)
    return GridGradient(sums)
  }
}
