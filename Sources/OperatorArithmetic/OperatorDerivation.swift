import Diagnostics
import IntegerModel

/// From the real scales of tensors to the integers that an operator stores: multipliers, shifts,
/// clamps and tables. The quantizer, the importer of quantized models and the exporter all derive
/// them here, so that the same scales give the same bits wherever a model comes from.
///
/// How a factor is formed (in float32 or in double, and in which order) decides its last bits;
/// each method says which kernel it follows.
public struct OperatorDerivation: Sendable {
  /// Whose arithmetic the integers are for.
  public let profile: ArithmeticProfile

  /// Creates the derivation for one profile.
  public init(profile: ArithmeticProfile) {
    self.profile = profile
  }

  /// The stored form of a real factor.
  ///
  /// - Throws: a factor that is negative, not finite, or 2^30 or more, which no shift can express.
  ///   What to do about it depends on where the scales come from: the remedy is left to the caller.
  public func multiplier(_ real: Double) throws(Diagnostic) -> FixedPointMultiplier {
    guard real.isFinite, real >= 0, real < 0x1p30 else {
      throw Diagnostic(
        problem: "the scales need a factor of \(real), which a 32-bit multiplier cannot express")
    }
    return FixedPointMultiplier(real: real)
  }
}
