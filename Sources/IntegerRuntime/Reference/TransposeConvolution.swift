import IntegerModel

extension Reference {
  /// Transposed convolution: the product of each input element with each tap is added where a
  /// convolution of the same stride and padding would have read it from.
  ///
  /// `y[n, i, j, o] = clamp(z_y + M_o(b[o] + Σ (w[o, k, l, c] − z_w) · (x[n, r, s, c] − z_x)))`
  ///
  /// over all channels c and those taps k, l for which r · stride − top + k = i and s · stride − left
  /// + l = j have solutions r, s inside x. Gathered by output element, so that no buffer of
  /// accumulators is needed: their sums do not depend on the order.
  ///
  /// Shapes: x `[N, H, W, I]`, w `[O, KH, KW, I]`, b `[O]`, y `[N, OH, OW, O]`. The type of the bias
  /// is that of the accumulator. Bit-exact with TFLite Micro `reference_integer_ops::TransposeConv`
  /// for int8 and int16, and with TFLite `reference_ops::TransposeConv` for uint8.
  package static func transposeConvolution<
    Code: FixedWidthInteger, Weight: FixedWidthInteger, Sum: Accumulator
  >(
    _ x: TensorView<Code>, weights w: TensorView<Weight>, bias: UnsafePointer<Sum>,
    _ parameters: TransposeConvolutionParameters, scales: LayerScales,
    rounding: RequantizationRounding,
    into y: TensorView<Code>
  ) {
    let stage = OutputStage(
      rounding: rounding, zeroPoint: y.zeroPoint, clamp: parameters.clamp)
    let (stride, padding) = (parameters.stride, parameters.padding)
    for n in 0..<y.extents[2] {
      for i in 0..<y.extents[3] {
        for j in 0..<y.extents[4] {
          for o in 0..<y.extents[5] {
            var accumulator = bias[o]
            for k in 0..<w.extents[3] {
              let (row, rowRest) = (i + padding.top - k).quotientAndRemainder(
                dividingBy: stride.height)
              guard rowRest == 0, row >= 0, row < x.extents[3] else { continue }
              for l in 0..<w.extents[4] {
                let (column, columnRest) = (j + padding.left - l).quotientAndRemainder(
                  dividingBy: stride.width)
                guard columnRest == 0, column >= 0, column < x.extents[4] else { continue }
                for c in 0..<x.extents[5] {
                  accumulator += product(
                    w[o, k, l, c] - w.zeroPoint, x[n, row, column, c] - x.zeroPoint)
                }
              }
            }
            y[n, i, j, o] = stage.code(accumulator, scales[o])
          }
        }
      }
    }
  }
}
