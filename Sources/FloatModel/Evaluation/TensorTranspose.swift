extension FloatTensor {
  /// The tensor whose axis i is this one's axis `permutation[i]`.
  ///
  /// - Precondition: `permutation` is one of all axes.
  public func transposed(by permutation: [Int]) -> FloatTensor {
    precondition(permutation.sorted() == Array(shape.indices))
    let sourceStrides = ShapeLimits.strides(of: shape)
    return FloatTensor(
      shape: permutation.map { shape[$0] },
      values: StridedView(
        start: 0, shape: permutation.map { shape[$0] },
        strides: permutation.map { sourceStrides[$0] }
      ).elements(of: values))
  }
}
