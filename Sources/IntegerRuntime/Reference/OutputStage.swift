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
    code(scaled: sum.scaled(by: multiplier, rounding: rounding))
  }

  /// The same with a scale of any form.
  @inline(__always)
  package func code<Sum: Accumulator>(_ sum: Sum, _ scale: OutputScale) -> Int32 {
    switch scale {
    case .fixedPoint(let multiplier): code(sum, multiplier)
    case .fixedPointTiesUp(let multiplier):
      code(scaled: multiplier.scaleRoundingTwiceWithTiesUp(Int32(clamping: sum)))
    case .binary32(let bits): code(scaled: (Binary32(Int64(sum)) * Binary32(bits: bits)).rounded)
    case .binary64(let bits): code(scaled: Binary64.scale(Int64(sum), bits: bits))
    }
  }

  /// `clamp(zeroPoint + scaled)`
  @inline(__always)
  package func code(scaled: Int32) -> Int32 {
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

/// By what the accumulators of one channel are scaled.
package enum OutputScale {
  /// As the rounding of the profile says.
  case fixedPoint(FixedPointMultiplier)
  /// Twice rounded, the second time with ties toward +∞.
  case fixedPointTiesUp(FixedPointMultiplier)
  /// In binary32, ties to even.
  case binary32(UInt32)
  /// In binary64, ties away from zero.
  case binary64(UInt64)
}

/// The scales of a layer by channel: a channel's own, or the single one of the layer.
package struct LayerScales {
  private let multipliers: [FixedPointMultiplier]
  private let form: ScalingForm
  /// Channels from here on break ties away from zero where the form breaks them up.
  private let firstCommonChannel: Int

  /// Those of the layer's parameters, unless `operation` was resolved to another form.
  ///
  /// - Parameter firstCommonChannel: where whole groups of channels end that vector instructions scale,
  ///   if the remainder is scaled otherwise.
  package init(
    _ multipliers: [FixedPointMultiplier], of operation: Operation, firstCommonChannel: Int = .max
  ) {
    self.multipliers = multipliers
    self.firstCommonChannel = firstCommonChannel
    form = operation.scalings.first?.form ?? .common
  }

  package subscript(channel: Int) -> OutputScale {
    @inline(__always) get {
      switch form {
      case .binary32(let bits): .binary32(bits[bits.count == 1 ? 0 : channel])
      case .binary64(let bits): .binary64(bits[bits.count == 1 ? 0 : channel])
      case .fixedPointTiesUp where channel < firstCommonChannel:
        .fixedPointTiesUp(multiplier(multipliers, of: channel))
      default: .fixedPoint(multiplier(multipliers, of: channel))
      }
    }
  }
}

/// The multiplier of a channel: its own, or the single one of the layer.
@inline(__always)
func multiplier(_ multipliers: [FixedPointMultiplier], of channel: Int) -> FixedPointMultiplier {
  multipliers[multipliers.count == 1 ? 0 : channel]
}

/// The specification: one readable kernel per operator. Faster kernels must give the same bits.
package enum Reference {}
