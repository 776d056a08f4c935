import IntegerModel

extension Reference {
  /// Softmax over the last axis in fixed point:
  ///
  /// `y = least code + 2^bits · exp(β · S · (x − max)) / Σ exp(β · S · (x − max))`
  ///
  /// Differences are scaled to Q5.26, exponentials are Q0.31, their sum is Q12.19. Differences below
  /// `minimumDifference` count as probability 0. Shapes: x and y `[…, L]`, L ≤ 4095; y has 8 or 16
  /// bits, scale 2^−bits and its least code as zero point. Bit-exact with TFLite Micro `reference_ops::Softmax`; where
  /// that aborts (a sum of 512 or more), probabilities round to 0 as they should.
  package static func softmax<Code: FixedWidthInteger, Result: FixedWidthInteger>(
    _ x: TensorView<Code>, _ parameters: SoftmaxParameters, rounding: RequantizationRounding,
    into y: TensorView<Result>
  ) {
    let length = x.lastExtent
    for row in 0..<x.count / length {
      let start = row * length
      var greatest = x[start]
      for index in start..<start + length { greatest = max(greatest, x[index]) }

      // exp of the difference to the greatest code, Q0.31; nil where it is negligible.
      func exponential(_ index: Int) -> Int32? {
        let difference = x[index] - greatest
        guard difference >= parameters.minimumDifference else { return nil }
        return GemmlowpMath.exponential(
          ofNegative: parameters.multiplier.scale(difference, rounding: rounding))
      }

      var sum: Int32 = 0
      for index in start..<start + length {
        guard let term = exponential(index) else { continue }
        sum += FixedPoint.roundingDivide(term, byPowerOfTwo: 12)
      }
      let (reciprocal, exponent) = GemmlowpMath.reciprocal(of: sum, integerBits: 12)
      for index in start..<start + length {
        guard let term = exponential(index) else {
          y[index] = Int32(Result.min)
          continue
        }
        let product = FixedPoint.saturatingRoundingDoublingHighMultiply(reciprocal, term)
        // Q0.31 to 2^−bits, undoing the normalization of the sum.
        let shift = exponent + 31 - Int32(Result.bitWidth)
        let probability = shift > 31 ? 0 : FixedPoint.roundingDivide(product, byPowerOfTwo: shift)
        y[index] = min(probability + Int32(Result.min), Int32(Result.max))
      }
    }
  }
}
