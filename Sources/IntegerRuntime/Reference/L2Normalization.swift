import IntegerModel

extension Reference {
  /// The last axis divided by its Euclidean norm: `y = 128 · (x − z_x) / √Σ (x − z_x)²`, clamped.
  ///
  /// Shapes: x and y `[…, L]`; y has scale 1/128 and zero point 0. A norm of 0 counts as 1. Bit-exact
  /// with TFLite Micro `reference_integer_ops::L2Normalization`.
  package static func l2Normalization<Code: FixedWidthInteger>(
    _ x: TensorView<Code>, rounding: RequantizationRounding, into y: TensorView<Code>
  ) {
    let stage = OutputStage(rounding: rounding, output: y)
    let length = x.lastExtent
    for row in 0..<x.count / length {
      let elements = row * length..<(row + 1) * length
      var sum: Int32 = 0
      for index in elements {
        let difference = x[index] - x.zeroPoint
        sum += difference * difference
      }
      var factor = GemmlowpMath.inverseSquareRoot(of: sum)
      factor.shift += 7
      for index in elements { y[index] = stage.code(x[index] - x.zeroPoint, factor) }
    }
  }
}
