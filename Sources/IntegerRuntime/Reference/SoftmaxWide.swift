import IntegerModel

extension Reference {
  /// Softmax of 16-bit codes over the last axis, by tables:
  ///
  /// `y = 2^15 · exp(β · S · (x − max)) / Σ exp(β · S · (x − max))`
  ///
  /// Differences are scaled so that 65535 stands for 10, beyond which e^−10 counts; exponentials are
  /// Q0.15, their sum is Q16.15, and its reciprocal is that of its leading bits. Shapes: x and y
  /// `[…, L]`, L ≤ 65535; y has scale 1/32768 and zero point 0, and holds the exponentials in between.
  /// Bit-exact with TFLite Micro `reference_ops::SoftmaxInt16`, and with LiteRT's where
  /// `hasBinary64Reciprocals`: it forms the tables in double, which moves two entries of that of 1/(1 + f).
  package static func softmax(
    wide x: TensorView<Int16>, _ multiplier: FixedPointMultiplier,
    rounding: RequantizationRounding, hasBinary64Reciprocals: Bool = false,
    into y: TensorView<Int16>
  ) {
    var reciprocals = InterpolationTables.reciprocal
    if hasBinary64Reciprocals { (reciprocals[160], reciprocals[294]) = (24_967, 20_815) }
    let length = x.lastExtent
    for row in 0..<x.count / length {
      let elements = row * length..<(row + 1) * length
      var greatest = x[row * length]
      for index in elements { greatest = max(greatest, x[index]) }

      var sum: Int32 = 0
      for index in elements {
        let scaled = Int64(multiplier.scale(x[index] - greatest, rounding: rounding))
        // −65535…0 becomes −32768…32767.
        let position = Int32(truncatingIfNeeded: max(scaled + 32_767, -32_768))
        y[index] = InterpolationTables.value(at: position, in: InterpolationTables.exponential)
        sum += y[index]
      }
      // sum · 2^headroom is 1 + f in Q1.30, f in [0, 1): to the table of 1 / (1 + f) in 16 bits.
      let headroom = Int64(sum.leadingZeroBitCount - 1)
      let fraction = Int32((Int64(sum) << headroom + 1 << 13) >> 14) - 3 << 15
      let reciprocal = InterpolationTables.value(
        at: min(max(fraction, -32_768), 32_767), in: reciprocals)
      let shift = 30 - headroom
      for index in elements {
        let product = Int64(y[index]) * Int64(reciprocal)
        let probability = (product + 1 << (shift - 1)) >> shift
        y[index] = Int32(truncatingIfNeeded: min(probability, 32_767))
      }
    }
  }
}
