import FloatModel

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

extension FloatTensor {
  /// Least and greatest element; 0…0 of a tensor without elements.
  var range: ValueRange {
    ValueRange(minimum: values.min() ?? 0, maximum: values.max() ?? 0)
  }
}
