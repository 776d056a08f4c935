/// Whose integer arithmetic is reproduced.
///
/// The same model gives different bits on different targets because they requantize differently.
/// Raw values are those of the file format; never renumber. Profiles that this version cannot run
/// are not listed: a file that names one is refused.
public enum ArithmeticProfile: UInt8, Hashable, Sendable, CaseIterable {
  /// TFLite Micro and CMSIS-NN as shipped: double rounding.
  case tflm = 0
  /// LiteRT's reference kernels on a PC: double rounding, but fully connected layers in float64,
  /// some factors formed in float32, and tables for logistic and tanh.
  case litertReference = 1
  /// TOSA `RESCALE` without double rounding, ruy, CMSIS-NN with single rounding, Ethos-U.
  case tosa = 2
  /// LiteRT as its wheels and phones run it: XNNPACK's float32 requantization, and LiteRT's optimized
  /// kernels for what XNNPACK leaves to them.
  case litert = 3

  /// The name on command lines and in reports.
  public var name: String {
    switch self {
    case .tflm: "tflm"
    case .litertReference: "litert-reference"
    case .tosa: "tosa"
    case .litert: "litert"
    }
  }

  /// The profile of that name, or `nil`.
  public init?(name: String) {
    for profile in ArithmeticProfile.allCases where profile.name == name {
      self = profile
      return
    }
    return nil
  }

  /// How this profile rounds when it requantizes with the operators' own multipliers.
  public var rounding: RequantizationRounding {
    switch self {
    case .tflm, .litertReference, .litert: .double
    case .tosa: .single
    }
  }

  /// Whether a model serves this profile only if it holds numbers of its own for it, which it then
  /// lists in `IntegerGraph.profiles`.
  public var needsOwnNumbers: Bool {
    switch self {
    case .tflm, .tosa: false
    case .litertReference, .litert: true
    }
  }
}

/// How a 32-bit accumulator is scaled by `multiplier · 2^(shift − 31)`.
public enum RequantizationRounding: Hashable, Sendable {
  /// A saturating rounding doubling high multiply, then a rounding division by a power of two:
  /// two roundings (gemmlowp, TFLite `MultiplyByQuantizedMultiplier`).
  case double
  /// One 64-bit product, rounded once with ties toward +∞ (TOSA `RESCALE`, ruy).
  case single
}
