import FloatModel

/// Operators that move elements.
enum Rearrangement {
  static func transpose(_ x: RealTensor, _ permutation: [Int]) -> RealTensor {
    RealTensor(shape: permutation.map { x.shape[$0] }) { index in
      var source = index
      for (axis, from) in permutation.enumerated() { source[from] = index[axis] }
      return x[source]
    }
  }

  static func concatenate(_ x: [RealTensor], _ axis: Int) -> RealTensor {
    var shape = x[0].shape
    shape[axis] = x.map { $0.shape[axis] }.reduce(0, +)
    return RealTensor(shape: shape) { index in
      var source = index
      for tensor in x {
        if source[axis] < tensor.shape[axis] { return tensor[source] }
        source[axis] -= tensor.shape[axis]
      }
      return .nan
    }
  }

  static func pad(
    _ x: RealTensor, _ before: [Int], _ after: [Int], _ mode: FloatPadMode
  ) -> RealTensor {
    RealTensor(shape: x.shape.indices.map { before[$0] + x.shape[$0] + after[$0] }) { index in
      var source = index
      var isOutside = false
      for axis in index.indices {
        let last = x.shape[axis] - 1
        var position = index[axis] - before[axis]
        if position < 0 || position > last { isOutside = true }
        switch mode {
        case .constant, .edge: position = min(max(position, 0), last)
        case .reflect:
          if position < 0 { position = -position }
          if position > last { position = 2 * last - position }
        }
        source[axis] = position
      }
      if isOutside, case .constant(let value) = mode { return Double(value) }
      return x[source]
    }
  }
}
