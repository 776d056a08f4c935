import IntegerModel

extension Reference {
  /// Average pool over the window's taps inside the image: the sum of raw codes divided by their
  /// count, halves away from zero, then clamped.
  ///
  /// Shapes: x `[N, H, W, C]`, y `[N, OH, OW, C]`, of one scale and zero point. Bit-exact with TFLite
  /// Micro `reference_integer_ops::AveragePool`.
  package static func averagePool<Code: FixedWidthInteger>(
    _ x: TensorView<Code>, _ parameters: PoolParameters, into y: TensorView<Code>
  ) {
    pool(x, parameters, into: y, initial: 0, { $0 + $1 }) { sum, count in
      sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count
    }
  }

  /// Max pool: the greatest code of the window's taps inside the image, then clamped.
  ///
  /// Shapes as for the average pool. Bit-exact with TFLite Micro `reference_integer_ops::MaxPool`.
  package static func maxPool<Code: FixedWidthInteger>(
    _ x: TensorView<Code>, _ parameters: PoolParameters, into y: TensorView<Code>
  ) {
    pool(x, parameters, into: y, initial: Int32(Code.min), { max($0, $1) }) { greatest, _ in
      greatest
    }
  }

  /// Reduces each window with `combine`, starting from `initial`; `finish` also gets the number of
  /// taps inside the image.
  @inline(__always)
  private static func pool<Code>(
    _ x: TensorView<Code>, _ parameters: PoolParameters, into y: TensorView<Code>, initial: Int32,
    _ combine: (Int32, Int32) -> Int32, _ finish: (Int32, Int32) -> Int32
  ) {
    let (window, stride, padding) = (parameters.window, parameters.stride, parameters.padding)
    for n in 0..<y.extents[2] {
      for i in 0..<y.extents[3] {
        let top = i * stride.height - padding.top
        let rows = max(top, 0)..<min(top + window.height, x.extents[3])
        for j in 0..<y.extents[4] {
          let left = j * stride.width - padding.left
          let columns = max(left, 0)..<min(left + window.width, x.extents[4])
          for c in 0..<y.extents[5] {
            var value = initial
            for row in rows {
              for column in columns { value = combine(value, x[n, row, column, c]) }
            }
            let result = finish(value, Int32(rows.count * columns.count))
            y[n, i, j, c] = min(max(result, parameters.clamp.minimum), parameters.clamp.maximum)
          }
        }
      }
    }
  }
}
