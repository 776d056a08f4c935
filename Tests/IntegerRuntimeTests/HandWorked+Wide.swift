import IntegerModel
import IntegerTestSupport

private let unit = SpatialPair(1)

/// 16-bit activations, transposed convolutions and leaky ReLUs.
let handWorkedWide: [OperatorCase] = [
  OperatorCase(
    "a 64-bit accumulator is scaled by a multiplier of 16 bits and rounded once, in either profile",
    inputs: [[32_767, -32_768, 0]],
    // m = 2^30 + 2^15 − 1 keeps 16 bits, 2^14, and the shift of −15 makes it x / 2^16. The biases
    // ±(2^31 − 2^17) give ±32766; with all 31 bits they would give ±32767.
    // Channel 0, weight 1: 32766.49998, 32765.5 (tie up), 32766.
    // Channel 1, weight 2: −32766 + 0.99997, −32766 − 1, −32766.
    gives: [32_766, -32_765, 32_766, -32_767, 32_766, -32_766]
  ) { builder in
    let x = builder.input("x", [1, 1, 3, 1], .int16)
    let w = builder.constant("w", [2, 1, 1, 1], .int8, [1, 2])
    let bias = (1 << 31) - (1 << 17)
    let b = builder.constant("b", [2], .int64, [bias, -bias])
    let y = builder.activation("y", [1, 1, 3, 2], .int16)
    let multiplier = FixedPointMultiplier(multiplier: (1 << 30) + (1 << 15) - 1, shift: -15)
    builder.operation(
      "conv",
      .convolution(
        ConvolutionParameters(
          stride: unit, padding: SpatialPadding(), multipliers: [multiplier], clamp: .int16,
          accumulator: .int64)),
      [x, w, b], y)
    return y
  },
  OperatorCase(
    "of the same layer, 32 bits round twice under double rounding and 64 bits once",
    inputs: [[5, -5, 6, -6]],
    // A quarter, as in 8 bits: 1.25 → 2 (double) or 1, −1.25 → −1, 1.5 → 2, −1.5 → −2 or −1.
    gives: [2, -1, 2, -2], single: [1, -1, 2, -1]
  ) { builder in quarter(&builder, accumulator: .int32) },
  OperatorCase(
    "and 64 bits do not, whatever the profile",
    inputs: [[5, -5, 6, -6]],
    gives: [1, -1, 2, -1]
  ) { builder in quarter(&builder, accumulator: .int64) },
  OperatorCase(
    "a 16-bit sum shifts left by 15 and saturates",
    inputs: [[1, 20_000, -20_000, -32_768], [2, 20_000, -20_000, 32_767]],
    gives: [3, 32_767, -32_768, -1]
  ) { builder in
    let x1 = builder.input("x1", [4], .int16)
    let x2 = builder.input("x2", [4], .int16)
    let y = builder.activation("y", [4], .int16)
    // S / 2S = 1/2 for the inputs and 2S / (2^15 · S) = 2^−14 for the output.
    let parameters = AddParameters(
      leftShift: 15, first: .half, second: .half,
      output: FixedPointMultiplier(multiplier: 1 << 30, shift: -13), clamp: .int16)
    builder.operation("add", .add(parameters), [x1, x2], y)
    return y
  },
  OperatorCase(
    "a transposed convolution adds its windows where they overlap",
    inputs: [[3, 4, 5]],
    // x − 2 is 1 2 3. Stride 2, taps 1 4 20, one column of padding: x0 gives − 4 20, x1 2 8 40 two
    // columns on, x2 3 12 60: 4 22 8 43 12 60, and two columns that no window reaches. Plus 5 − 10.
    gives: [-1, 17, 3, 38, 7, 55, -5, -5]
  ) { builder in
    let x = builder.input("x", [1, 1, 3, 1], zeroPoint: 2)
    let w = builder.constant("w", [1, 1, 3, 1], .int8, [1, 4, 20])
    let b = builder.constant("b", [1], .int32, [5])
    let y = builder.activation("y", [1, 1, 8, 1], zeroPoint: -10)
    builder.operation(
      "transposed",
      .transposeConvolution(
        TransposeConvolutionParameters(
          stride: SpatialPair(height: 1, width: 2), padding: SpatialPadding(left: 1),
          multipliers: [.one], clamp: .int8)),
      [x, w, b], y)
    return y
  },
  OperatorCase(
    "a leaky ReLU has a multiplier on each side of zero, and saturates",
    inputs: [[11, -9, 127, -127, 0]],
    // x − 1 is 10, −10, 126, −128, −1; a quarter below zero: −2.5 → −3 (double) or −2, −32, −0.25;
    // plus 2.
    gives: [12, -1, 127, -30, 2], single: [12, 0, 127, -30, 2]
  ) { builder in
    let x = builder.input("x", [5], zeroPoint: 1)
    let y = builder.activation("y", [5], zeroPoint: 2)
    let parameters = LeakyReluParameters(
      positive: .one, negative: FixedPointMultiplier(multiplier: 1 << 30, shift: -1))
    builder.operation("leaky", .leakyRelu(parameters), [x], y)
    return y
  },
  OperatorCase(
    "a logistic of 16 bits lies on a line between entries of its table",
    inputs: [[0, 64, 128, -128, 32_767, -32_768]],
    // Four positions per code: between the first entries 32768 and 33451 of 2^16, on the second, beyond
    // the last. Halves of 2^15, ties up.
    gives: [16_384, 16_555, 16_726, 16_042, 32_767, 1]
  ) { $0.interpolatedFunction(.logistic) },
  OperatorCase(
    "a tanh of 16 bits is twice the logistic of the double, less one",
    inputs: [[0, 32, 64, -64, 32_767, -32_768]],
    gives: [0, 342, 683, -683, 32_767, -32_767]
  ) { $0.interpolatedFunction(.tanh) },
  OperatorCase(
    "a requantization joins 8 and 16 bits",
    inputs: [[-128, -1, 0, 127]],
    gives: [-32_256, 256, 512, 32_767]
  ) { builder in
    let x = builder.input("x", [4], zeroPoint: -2)
    let y = builder.activation("y", [4], .int16)
    // · 256: −126, 1, 2, 129 times 256, the last beyond 16 bits.
    builder.operation(
      "requantize", .requantize(FixedPointMultiplier(multiplier: 1 << 30, shift: 9)), [x], y)
    return y
  },
  OperatorCase(
    "codes of 16 and more bits move as they are",
    inputs: [[-32_768, 258, 3, 32_767]],
    gives: [3, 32_767, -32_768, 258]
  ) { builder in
    let x = builder.input("x", [2, 2], .int16)
    let y = builder.activation("y", [2, 2], .int16)
    builder.operation(
      "slice", .stridedSlice(StridedSliceParameters(begin: [1, 0], strides: [-1, 1])), [x], y)
    return y
  },
]

extension GraphBuilder {
  /// A function of six codes, whose positions in the table are four times the code.
  fileprivate mutating func interpolatedFunction(_ function: UnaryFunction) -> TensorIndex {
    let x = input("x", [6], .int16)
    let y = activation("y", [6], .int16, scaleBits: 0x3800_0000)
    operation(
      "function",
      .interpolatedFunction(
        InterpolatedFunctionParameters(function: function, multiplier: 8, shift: 1)), [x], y)
    return y
  }
}

/// x / 4 of `[1, 2, 2, 1]` in 16 bits.
private func quarter(
  _ builder: inout GraphBuilder, accumulator: AccumulatorType
) -> TensorIndex {
  let x = builder.input("x", [1, 2, 2, 1], .int16)
  let w = builder.constant("w", [1, 1, 1, 1], .int8, [1])
  let b = builder.constant("b", [1], accumulator == .int64 ? .int64 : .int32, [0])
  let y = builder.activation("y", [1, 2, 2, 1], .int16)
  builder.operation(
    "conv",
    .depthwiseConvolution(
      ConvolutionParameters(
        stride: unit, padding: SpatialPadding(),
        multipliers: [FixedPointMultiplier(multiplier: 1 << 30, shift: -1)], clamp: .int16,
        accumulator: accumulator)),
    [x, w, b], y)
  return y
}
