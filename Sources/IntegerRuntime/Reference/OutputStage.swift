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
  package func code(_ accumulator: Int32, _ multiplier: FixedPointMultiplier) -> Int32 {
    let scaled = multiplier.scale(accumulator, rounding: rounding)
    // Clamping before the zero point is added gives the same code and cannot overflow.
    return min(max(scaled, clamp.minimum - zeroPoint), clamp.maximum - zeroPoint) + zeroPoint
  }
}

/// The multiplier of a channel: its own, or the single one of the layer.
@inline(__always)
func multiplier(_ multipliers: [FixedPointMultiplier], of channel: Int) -> FixedPointMultiplier {
  multipliers[multipliers.count == 1 ? 0 : channel]
}

/// The specification: one readable kernel per operator. Faster kernels must give the same bits.
package enum Reference {}
