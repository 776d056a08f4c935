/// A closed interval of real values.
public struct ValueRange: Hashable, Sendable {
  /// Least value.
  public var minimum: Float
  /// Greatest value.
  public var maximum: Float

  /// Creates a range; `minimum` must not exceed `maximum`.
  public init(minimum: Float, maximum: Float) {
    self.minimum = minimum
    self.maximum = maximum
  }

  /// The smallest range that holds both.
  public func union(_ other: ValueRange) -> ValueRange {
    ValueRange(
      minimum: min(minimum, other.minimum), maximum: max(maximum, other.maximum))
  }
}
