import IntegerModel

extension ArithmeticProfile {
  /// The profiles that every model serves, those made by hand included.
  package static let ofEveryModel = allCases.filter { !$0.needsOwnNumbers }
}
