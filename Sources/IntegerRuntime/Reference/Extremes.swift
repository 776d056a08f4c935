import IntegerModel

// Operators that compare codes: real numbers of one scale are in the order of their codes.
extension Reference {
  /// The lesser of two codes, broadcasting as NumPy does. All three tensors have one scale and zero
  /// point. Bit-exact with TFLite Micro `reference_ops::MaximumMinimumBroadcastSlow` (`MINIMUM`).
  package static func minimum<Code: FixedWidthInteger>(
    _ x1: TensorView<Code>, _ x2: TensorView<Code>, into y: TensorView<Code>
  ) {
    broadcast(x1, x2, into: y) { min($0, $1) }
  }

  /// The greater of two codes; otherwise as ``minimum(_:_:into:)`` (`MAXIMUM`).
  package static func maximum<Code: FixedWidthInteger>(
    _ x1: TensorView<Code>, _ x2: TensorView<Code>, into y: TensorView<Code>
  ) {
    broadcast(x1, x2, into: y) { max($0, $1) }
  }

  /// The least code over some axes. Bit-exact with TFLite Micro `EvalMinHelper` (`REDUCE_MIN`).
  package static func reduceMin<Code: FixedWidthInteger>(
    _ x: TensorView<Code>, rank: Int, axes: [Int], into y: TensorView<Code>
  ) {
    reduce(x, rank: rank, axes: axes, into: y) { min($0, $1) }
  }

  /// The greatest code over some axes. Bit-exact with TFLite Micro `EvalMaxHelper` (`REDUCE_MAX`).
  package static func reduceMax<Code: FixedWidthInteger>(
    _ x: TensorView<Code>, rank: Int, axes: [Int], into y: TensorView<Code>
  ) {
    reduce(x, rank: rank, axes: axes, into: y) { max($0, $1) }
  }

  @inline(__always)
  private static func reduce<Code: FixedWidthInteger>(
    _ x: TensorView<Code>, rank: Int, axes: [Int], into y: TensorView<Code>,
    _ combine: (Int32, Int32) -> Int32
  ) {
    let (kept, reduced) = x.extents.split(axes: axes, rank: rank)
    let strides = x.extents.strides
    var index = 0
    kept.forEachIndex { position in
      let start = position.offset(strides: strides)
      var result = x[start]
      reduced.forEachIndex { result = combine(result, x[start + $0.offset(strides: strides)]) }
      y[index] = result
      index += 1
    }
  }

  /// Where along `axis` the greatest code stands first (`isMax`), or the least.
  ///
  /// `axis` counts the six axes of ``Extents``; y has the other axes of x. Bit-exact with TFLite Micro
  /// `reference_ops::ArgMinMax`.
  package static func argument<Code: FixedWidthInteger, Index: FixedWidthInteger>(
    of x: TensorView<Code>, axis: Int, isMax: Bool, into y: TensorView<Index>
  ) {
    let stride = x.extents.strides[axis]
    let length = x.extents[axis]
    for index in 0..<x.count / length {
      let first = index / stride * stride * length + index % stride
      var best = 0
      for position in 1..<length {
        let (code, leading) = (x[first + position * stride], x[first + best * stride])
        if isMax ? code > leading : code < leading { best = position }
      }
      y.codes[index] = Index(truncatingIfNeeded: best)
    }
  }
}
