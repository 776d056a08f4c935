/// Logistic or hyperbolic tangent of 16-bit codes, by lines between the entries of one table of σ, which
/// are 1/24 apart.
///
/// Zero points are 0, the output scale is 1/32768.
public struct InterpolatedFunctionParameters: Hashable, Sendable {
  /// `logistic` or `tanh`.
  public var function: UnaryFunction
  /// With ``shift`` the factor from codes to 1/12288 of a real: `(x · multiplier + 2^(shift − 1)) >>
  /// shift`; 1…32767.
  public var multiplier: Int32
  /// 0…30
  public var shift: Int32

  /// Creates the parameters of an interpolated function.
  public init(function: UnaryFunction, multiplier: Int32, shift: Int32) {
    self.function = function
    self.multiplier = multiplier
    self.shift = shift
  }
}
