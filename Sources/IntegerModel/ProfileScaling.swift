/// How an operation computes under one profile where that differs from its own parameters.
///
/// Numbers of IEEE 754 binary32 and binary64 travel as bit patterns; ``Binary32`` and ``Binary64``
/// compute with them in integers. docs/arithmetic.md says where each form comes from.
public struct ProfileScaling: Equatable, Sendable {
  /// Whose numbers these are.
  public var profile: ArithmeticProfile
  /// How the result is scaled.
  public var form: ScalingForm
  /// The clamp, where the profile rounds the limits of the fused activation to other codes.
  public var clamp: CodeRange?

  /// Creates the entry.
  public init(profile: ArithmeticProfile, form: ScalingForm, clamp: CodeRange? = nil) {
    self.profile = profile
    self.form = form
    self.clamp = clamp
  }
}

/// The ways in which profiles scale results.
public enum ScalingForm: Equatable, Sendable {
  /// As the operation's own parameters say; only the clamp differs, if anything does.
  case common
  /// As the operation's own parameters say, with other multipliers, in the order of those: multiply
  /// has one, prelu a positive and a negative one.
  case fixedPoint([FixedPointMultiplier])
  /// Requantize: in whole groups of 16 elements the second rounding breaks ties toward +∞, in the
  /// rest away from zero (LiteRT's optimized `Requantize`).
  case fixedPointInGroups
  /// Linear operators, one binary32 per output channel or a single one, and multiply:
  /// `round(float32(accumulator) · scale)`, ties to even (XNNPACK's `fp32` requantization).
  case binary32([UInt32])
  /// Fully connected, one binary64 per output channel or a single one:
  /// `round(float64(accumulator) · scale)`, ties away from zero (LiteRT's reference kernel).
  case binary64([UInt64])
  /// Mean and sum: `round(float32(Σ codes) · scale + offset)` in float32, ties to even; the offset
  /// holds both zero points (XNNPACK's reductions).
  case binary32Sum(scale: UInt32, offset: UInt32)
  /// Add and subtract: `(first · (x1 − z1) + second · (x2 − z2) + 2^(shift − 1)) >> shift`; the
  /// second factor of a subtraction is negative (XNNPACK `vadd`).
  case weightedSum(first: Int32, second: Int32, shift: Int32)
  /// Requantize of 8-bit codes: 256 output codes by input code from the least.
  case table([Int32])
  /// Softmax: e^(−β · S · d) as binary32 for differences d = 0…255 to the greatest code (LiteRT's
  /// optimized kernel).
  case exponentials([UInt32])
  /// Bilinear resize: where each output row and column falls; fractions count 1/2048 (XNNPACK
  /// `ibilinear`).
  case samples(rows: [ResizeSample], columns: [ResizeSample])
  /// Bilinear resize of uint8: the same with fractions in binary32 (LiteRT's float path for uint8).
  case binary32Samples(rows: [ResizeSample], columns: [ResizeSample])
  /// Nearest-neighbor resize: other source rows and columns.
  case indices(rows: [Int32], columns: [Int32])
  /// Convolutions and fully connected: as the operation's own multipliers say, but the second of the two
  /// roundings breaks ties toward +∞ (LiteRT's optimized kernels, ruy); of a depthwise convolution in
  /// whole groups of 8 output channels alone.
  case fixedPointTiesUp
  /// Softmax of 16 bits: another multiplier, and the table of reciprocals formed in binary64 (LiteRT),
  /// where TFLite Micro forms it in binary32; two entries differ.
  case binary64Reciprocals(FixedPointMultiplier)
  /// LSTM, and logistic and tanh of 16-bit codes with scale 2^−12 (tanh: or 2^−11): σ and tanh by
  /// gemmlowp's polynomials (LiteRT), not by the table. An LSTM also rounds what enters the cell once,
  /// not twice, and does not saturate the sum over the hidden state on its own.
  case polynomials
}

/// Where a row or column of a resized image falls between two of the source.
public struct ResizeSample: Hashable, Sendable {
  /// The row or column above or to the left.
  public var lower: Int32
  /// The one below or to the right.
  public var upper: Int32
  /// How much of the upper one counts; the form says in which unit.
  public var fraction: Int32

  /// Creates a sample.
  public init(lower: Int32, upper: Int32, fraction: Int32) {
    self.lower = lower
    self.upper = upper
    self.fraction = fraction
  }
}

extension Operation {
  /// What the operation does otherwise under `profile`; `nil` where it computes as its parameters
  /// say.
  public func scaling(for profile: ArithmeticProfile) -> ProfileScaling? {
    for entry in scalings where entry.profile == profile { return entry }
    return nil
  }

  /// The operation as `profile` computes it: where another clamp, other multipliers, indices or
  /// another table are all that differs, they take the place of its own; only a scaling of another
  /// form stays in `scalings`.
  public func resolved(for profile: ArithmeticProfile) -> Operation {
    var result = self
    result.scalings = []
    if case .lookup(var parameters) = kind {
      parameters.table = parameters.table(for: profile)
      parameters.profileTables = []
      result.kind = .lookup(parameters)
    }
    guard let scaling = scaling(for: profile) else { return result }
    if let clamp = scaling.clamp { result.kind = result.kind.clamped(to: clamp) }
    switch (scaling.form, result.kind) {
    case (.common, _): break
    case (.fixedPoint(let multipliers), .multiply(var parameters)):
      parameters.multiplier = multipliers[0]
      result.kind = .multiply(parameters)
    case (.fixedPoint(let multipliers), .prelu(var parameters)):
      parameters.positive = multipliers[0]
      parameters.negative = multipliers[1]
      result.kind = .prelu(parameters)
    case (.indices(let rows, let columns), .resizeNearest):
      result.kind = .resizeNearest(ResizeNearestParameters(rows: rows, columns: columns))
    default: result.scalings = [scaling]
    }
    return result
  }
}

extension OperatorKind {
  /// The range that the output is clamped to; `nil` for operators without a fused activation.
  public var clamp: CodeRange? {
    switch self {
    case .convolution(let parameters), .depthwiseConvolution(let parameters): parameters.clamp
    case .fullyConnected(let parameters): parameters.clamp
    case .transposeConvolution(let parameters): parameters.clamp
    case .add(let parameters), .subtract(let parameters): parameters.clamp
    case .multiply(let parameters): parameters.clamp
    case .averagePool(let parameters), .maxPool(let parameters): parameters.clamp
    default: nil
    }
  }

  /// The same operator with another clamp, if it has one.
  func clamped(to clamp: CodeRange) -> OperatorKind {
    switch self {
    case .convolution(var parameters):
      parameters.clamp = clamp
      return .convolution(parameters)
    case .depthwiseConvolution(var parameters):
      parameters.clamp = clamp
      return .depthwiseConvolution(parameters)
    case .fullyConnected(var parameters):
      parameters.clamp = clamp
      return .fullyConnected(parameters)
    case .transposeConvolution(var parameters):
      parameters.clamp = clamp
      return .transposeConvolution(parameters)
    case .add(var parameters):
      parameters.clamp = clamp
      return .add(parameters)
    case .subtract(var parameters):
      parameters.clamp = clamp
      return .subtract(parameters)
    case .multiply(var parameters):
      parameters.clamp = clamp
      return .multiply(parameters)
    case .averagePool(var parameters):
      parameters.clamp = clamp
      return .averagePool(parameters)
    case .maxPool(var parameters):
      parameters.clamp = clamp
      return .maxPool(parameters)
    default: return self
    }
  }
}
