import IntegerModel

// Element-wise operators as LiteRT computes them by default, where that is another formula than the
// one of TFLite's reference kernels.
extension Reference {
  /// Addition and subtraction, broadcasting as NumPy does:
  ///
  /// `y = clamp(z_y + (f_1 · (x1 − z_1) + f_2 · (x2 − z_2) + 2^(shift − 1)) >> shift)`
  ///
  /// Bit-exact with XNNPACK `qs8-vadd` and `qu8-vadd`; a subtraction has a negative second factor.
  package static func weightedSum<Code: FixedWidthInteger>(
    _ x1: TensorView<Code>, _ x2: TensorView<Code>, factors: (first: Int32, second: Int32),
    shift: Int32, clamp: CodeRange, into y: TensorView<Code>
  ) {
    // Nothing here rounds; the stage adds the zero point and clamps.
    let stage = OutputStage(rounding: .double, zeroPoint: y.zeroPoint, clamp: clamp)
    let half: Int64 = 1 << Int64(shift - 1)
    broadcast(x1, x2, into: y) { left, right in
      // Differences of 8-bit codes times 32 bits: far from 64.
      let sum =
        Int64(left - x1.zeroPoint) * Int64(factors.first)
        + Int64(right - x2.zeroPoint) * Int64(factors.second)
      return stage.code(scaled: Int32(clamping: (sum + half) >> Int64(shift)))
    }
  }

  /// The same reals in other codes of one byte: `y = table[x − least code]`.
  package static func requantize<Code: FixedWidthInteger, Result: FixedWidthInteger>(
    _ x: TensorView<Code>, table: [Int32], into y: TensorView<Result>
  ) {
    for index in 0..<x.count { y[index] = table[Int(x[index] - Int32(Code.min))] }
  }

  /// The same reals in other codes: `y = saturate(z_y + M(x − z_x))`, where the second rounding of M
  /// breaks ties toward +∞ in whole groups of 16 elements, and away from zero in the rest.
  ///
  /// Bit-exact with LiteRT `optimized_ops::Requantize` on x86, which computes groups with vector
  /// instructions.
  package static func requantizeInGroups<Code: FixedWidthInteger, Result: FixedWidthInteger>(
    _ x: TensorView<Code>, _ multiplier: FixedPointMultiplier, into y: TensorView<Result>
  ) {
    let stage = OutputStage(rounding: .double, output: y)
    let groups = x.count / 16 * 16
    for index in 0..<groups {
      y[index] = stage.code(
        scaled: multiplier.scaleRoundingTwiceWithTiesUp(x[index] - x.zeroPoint))
    }
    for index in groups..<x.count {
      y[index] = stage.code(x[index] - x.zeroPoint, multiplier)
    }
  }

  /// Softmax over the last axis in float32, with a table of exponentials:
  ///
  /// `y = least code + round(e[d] · (1 / (Σ e[d'] · 1/256)))`, d = max − x
  ///
  /// int8 rounds ties away from zero; uint8 adds a half and truncates. Shapes and output as for the
  /// fixed-point softmax. Bit-exact with LiteRT `optimized_ops::Softmax` on x86.
  package static func softmax<Code: FixedWidthInteger>(
    _ x: TensorView<Code>, exponentials: [UInt32], into y: TensorView<Code>
  ) {
    let length = x.lastExtent
    // 1/256, 1 and 1/2.
    let outputScale = Binary32(bits: 0x3b80_0000)
    let one = Binary32(1)
    let half = Binary32(bits: 0x3f00_0000)
    for row in 0..<x.count / length {
      let start = row * length
      var greatest = x[start]
      for index in start..<start + length { greatest = max(greatest, x[index]) }
      var sum = Binary32(0)
      for index in start..<start + length {
        sum = sum + Binary32(bits: exponentials[Int(greatest - x[index])])
      }
      let reciprocal = one / (sum * outputScale)
      for index in start..<start + length {
        let code = Binary32(bits: exponentials[Int(greatest - x[index])]) * reciprocal
        let rounded = Code.isSigned ? code.roundedAwayFromZero : (code + half).truncated
        y[index] = min(rounded, 255) + Int32(Code.min)
      }
    }
  }
}
