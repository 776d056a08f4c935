import IntegerModel

extension Reference {
  /// Logarithm of softmax over the last axis in fixed point:
  ///
  /// `y = greatest code + 16 · (S · (x − max) − log Σ exp(S · (x − max)))`
  ///
  /// Differences are scaled to Q5.26, exponentials are Q0.31, their sum is Q12.19. Differences that
  /// would leave the range give the least code. Shapes: x and y `[…, L]`, L ≤ 4095; y has scale 1/16
  /// and its greatest code as zero point. Bit-exact with TFLite Micro `reference_ops::LogSoftmax`.
  package static func logSoftmax<Code: FixedWidthInteger>(
    _ x: TensorView<Code>, _ parameters: LogSoftmaxParameters, rounding: RequantizationRounding,
    into y: TensorView<Code>
  ) {
    let length = x.lastExtent
    for row in 0..<x.count / length {
      let start = row * length
      var greatest = x[start]
      for index in start..<start + length { greatest = max(greatest, x[index]) }

      var sum: Int32 = 0
      for index in start..<start + length {
        let difference = x[index] - greatest
        guard difference >= parameters.minimumDifference else { continue }
        let term = GemmlowpMath.exponential(
          ofNegative: parameters.multiplier.scale(difference, rounding: rounding))
        sum += FixedPoint.roundingDivide(term, byPowerOfTwo: 12)
      }
      let logSum = GemmlowpMath.logarithm(of: sum)
      // The least difference, less one, from which the sum's logarithm can be taken in Q5.26.
      let leastInRange = parameters.reverse.scale(
        Int32(clamping: Int64(logSum) + Int64(Int32.min)), rounding: rounding)
      let limit = max(parameters.minimumDifference - 1, leastInRange)
      for index in start..<start + length {
        let difference = x[index] - greatest
        guard difference > limit else {
          y[index] = Int32(Code.min)
          continue
        }
        let scaled = parameters.multiplier.scale(difference, rounding: rounding)
        let logarithm = FixedPoint.roundingDivide(
          Int32(clamping: Int64(scaled) - Int64(logSum)), byPowerOfTwo: 31 - 5 - 4)
        y[index] = min(max(logarithm + Int32(Code.max), Int32(Code.min)), Int32(Code.max))
      }
    }
  }
}
