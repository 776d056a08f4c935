import IntegerModel

/// From an accumulator to an output code: scale, add the zero point, clamp.
package struct OutputStage {
  package let rounding: RequantizationRounding
  package let zeroPoint: Int32
  package let clamp: CodeRange

  package init(rounding: RequantizationRounding, zeroPoint: Int32, clamp: CodeRange) {
    self.rounding = rounding
    self.zeroPoint = zeroPoint
    self.clamp = clamp
  }

  /// An output stage without a fused activation: the clamp is the range of the element type.
  package init<Code: FixedWidthInteger>(
    rounding: RequantizationRounding, output: TensorView<Code>
  ) {
    self.init(
      rounding: rounding, zeroPoint: output.zeroPoint,
      clamp: CodeRange(minimum: Int32(Code.min), maximum: Int32(Code.max)))
  }

  /// `clamp(zeroPoint + M(accumulator))`
  @inline(__always)
  package func code<Sum: Accumulator>(_ sum: Sum, _ multiplier: FixedPointMultiplier) -> Int32 {
    let scaled = sum.scaled(by: multiplier, rounding: rounding)
    // On 64 bits, because a scaled value may already be at the limit of 32.
    let code = Int64(scaled) + Int64(zeroPoint)
    return Int32(
      truncatingIfNeeded: min(max(code, Int64(clamp.minimum)), Int64(clamp.maximum)))
  }

  /// The same with one multiplier on each side of zero.
  @inline(__always)
  package func code(_ difference: Int32, leakyRelu parameters: LeakyReluParameters) -> Int32 {
    code(difference, difference >= 0 ? parameters.positive : parameters.negative)
  }
}

/// The multiplier of a channel: its own, or the single one of the layer.
@inline(__always)
func multiplier(_ multipliers: [FixedPointMultiplier], of channel: Int) -> FixedPointMultiplier {
  multipliers[multipliers.count == 1 ? 0 : channel]
}

/// The specification: one readable kernel per operator. Faster kernels must give the same bits.
package enum Reference {}
