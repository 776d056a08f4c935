/// A dense float32 array, row-major.
public struct FloatTensor: Equatable, Sendable {
  /// Extents; images are `[N, H, W, C]`. Empty for a scalar.
  public var shape: [Int]
  /// The elements; as many as the product of `shape`.
  public var values: [Float]

  /// Creates a tensor; `values` must hold exactly the product of `shape`.
  public init(shape: [Int], values: [Float]) {
    precondition(shape.reduce(1, *) == values.count, "shape and element count disagree")
    self.shape = shape
    self.values = values
  }

  /// Number of elements.
  public var count: Int { values.count }
}
