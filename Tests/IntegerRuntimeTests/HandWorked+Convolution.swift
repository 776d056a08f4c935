import IntegerModel
import IntegerTestSupport

private let unit = SpatialPair(1)

/// Exactly 1/4.
private let quarter = FixedPointMultiplier(multiplier: 1 << 30, shift: -1)

let handWorkedConvolutions: [OperatorCase] = [
  OperatorCase(
    "a convolution sums taps inside the image, adds the bias, scales and adds the zero point",
    inputs: [[1, 2, 3, 4, 5, 6, 7, 8, 9]],
    // x − z = x − 1: rows 0 1 2 / 3 4 5 / 6 7 8. Kernel 1 2 / 3 4 at stride 1:
    // 0 + 2 + 9 + 16 = 27, 1 + 4 + 12 + 20 = 37, 3 + 8 + 18 + 28 = 57, 4 + 10 + 21 + 32 = 67;
    // minus 1: 26 36 56 66; halved: 13 18 28 33; plus 5.
    gives: [18, 23, 33, 38]
  ) { builder in
    let x = builder.input("x", [1, 3, 3, 1], zeroPoint: 1)
    let w = builder.constant("w", [1, 2, 2, 1], .int8, [1, 2, 3, 4])
    let b = builder.constant("b", [1], .int32, [-1])
    let y = builder.activation("y", [1, 2, 2, 1], zeroPoint: 5)
    builder.operation(
      "conv",
      .convolution(
        ConvolutionParameters(
          stride: unit, padding: SpatialPadding(), multipliers: [.half], clamp: .int8)),
      [x, w, b], y)
    return y
  },
  OperatorCase(
    "double and single rounding differ where the first rounding makes the second one a tie",
    inputs: [[5, -5, 6, -6]],
    // A quarter of 5, −5, 6, −6 is 1.25, −1.25, 1.5, −1.5.
    // Double: 5/2 → 3 → 3/2 → 2; −5/2 → −2 → −1; 3 → 3/2 → 2; −3 → −2. Single: ties up.
    gives: [2, -1, 2, -2], single: [1, -1, 2, -1]
  ) { builder in
    let x = builder.input("x", [1, 2, 2, 1])
    let w = builder.constant("w", [1, 1, 1, 1], .int8, [1])
    let b = builder.constant("b", [1], .int32, [0])
    let y = builder.activation("y", [1, 2, 2, 1])
    builder.operation(
      "conv",
      .convolution(
        ConvolutionParameters(
          stride: unit, padding: SpatialPadding(), multipliers: [quarter], clamp: .int8)),
      [x, w, b], y)
    return y
  },
  OperatorCase(
    "padding contributes nothing, whatever the zero point, and may be asymmetric",
    inputs: [[10, 20, 30, 40]],
    // One row of 4 columns, x − 10: 0 10 20 30; kernel 1 1 1 with 2 columns of padding to the left.
    gives: [0, 10, 30, 60].map { $0 - 50 }
  ) { builder in
    let x = builder.input("x", [1, 1, 4, 1], zeroPoint: 10)
    let w = builder.constant("w", [1, 1, 3, 1], .int8, [1, 1, 1])
    let b = builder.constant("b", [1], .int32, [0])
    let y = builder.activation("y", [1, 1, 4, 1], zeroPoint: -50)
    builder.operation(
      "conv",
      .convolution(
        ConvolutionParameters(
          stride: unit, padding: SpatialPadding(left: 2), multipliers: [.one], clamp: .int8)),
      [x, w, b], y)
    return y
  },
  OperatorCase(
    "dilation spreads the taps, stride skips windows",
    inputs: [[1, 2, 3, 4, 5, 6, 7]],
    // Taps at distance 2: x0 + 10 x2, then two further on: 1 + 30, 3 + 50, 5 + 70.
    gives: [31, 53, 75]
  ) { builder in
    let x = builder.input("x", [1, 1, 7, 1])
    let w = builder.constant("w", [1, 1, 2, 1], .int8, [1, 10])
    let b = builder.constant("b", [1], .int32, [0])
    let y = builder.activation("y", [1, 1, 3, 1])
    builder.operation(
      "conv",
      .convolution(
        ConvolutionParameters(
          stride: SpatialPair(2), dilation: SpatialPair(height: 1, width: 2),
          padding: SpatialPadding(), multipliers: [.one], clamp: .int8)),
      [x, w, b], y)
    return y
  },
  OperatorCase(
    "groups see their own channels; each output channel has its own multiplier and clamp applies",
    inputs: [[1, 2, 3, 4]],
    // Group 0 (channels 1, 2): 1·1 + 2·2 = 5 → half 2.5 → 3 (tie up); group 1 (3, 4): 9 + 16 = 25 → 20.
    gives: [3, 20]
  ) { builder in
    let x = builder.input("x", [1, 1, 1, 4])
    let w = builder.constant("w", [2, 1, 1, 2], .int8, [1, 2, 3, 4])
    let b = builder.constant("b", [2], .int32, [0, 0])
    let y = builder.activation("y", [1, 1, 1, 2])
    builder.operation(
      "conv",
      .convolution(
        ConvolutionParameters(
          stride: unit, padding: SpatialPadding(), multipliers: [.half, .one],
          clamp: CodeRange(minimum: 0, maximum: 20))),
      [x, w, b], y)
    return y
  },
  OperatorCase(
    "legacy uint8 weights have a zero point of their own",
    inputs: [[130, 126]],
    // (130 − 128)·(13 − 10) + (126 − 128)·(9 − 10) = 6 + 2 = 8, plus 4.
    gives: [12]
  ) { builder in
    let x = builder.input("x", [1, 1, 1, 2], .uint8, zeroPoint: 128)
    let w = builder.constant("w", [1, 1, 1, 2], .uint8, zeroPoint: 10, [13, 9])
    let b = builder.constant("b", [1], .int32, [0])
    let y = builder.activation("y", [1, 1, 1, 1], .uint8, zeroPoint: 4)
    builder.operation(
      "conv",
      .convolution(
        ConvolutionParameters(
          stride: unit, padding: SpatialPadding(), multipliers: [.one], clamp: .uint8)),
      [x, w, b], y)
    return y
  },
  OperatorCase(
    "int4 weights are two per byte, low nibble first, sign-extended",
    inputs: [[1, 10, 100]],
    // 1·(−8) + 10·7 + 100·(−1) = −38
    gives: [-38]
  ) { builder in
    let x = builder.input("x", [1, 1, 1, 3])
    let w = builder.constant("w", [1, 1, 1, 3], .int4, [-8, 7, -1])
    let b = builder.constant("b", [1], .int32, [0])
    let y = builder.activation("y", [1, 1, 1, 1])
    builder.operation(
      "conv",
      .convolution(
        ConvolutionParameters(
          stride: unit, padding: SpatialPadding(), multipliers: [.one], clamp: .int8)),
      [x, w, b], y)
    return y
  },
  OperatorCase(
    "a depthwise convolution pads on the right with an odd width and stride 2",
    inputs: [[1, 2, 3]],
    // Windows of 2 at 0 and 2: 1 + 20, and 3 + nothing.
    gives: [21, 3]
  ) { builder in
    let x = builder.input("x", [1, 1, 3, 1])
    let w = builder.constant("w", [1, 1, 2, 1], .int8, [1, 10])
    let b = builder.constant("b", [1], .int32, [0])
    let y = builder.activation("y", [1, 1, 2, 1])
    builder.operation(
      "depthwise",
      .depthwiseConvolution(
        ConvolutionParameters(
          stride: SpatialPair(2), padding: SpatialPadding(right: 1), multipliers: [.one],
          clamp: .int8)),
      [x, w, b], y)
    return y
  },
  OperatorCase(
    "a depth multiplier of 2 makes two output channels of each input channel",
    inputs: [[5, 7]],
    // Channel 5 by 1 and 2, channel 7 by 3 and 4, plus biases 0 1 2 3.
    gives: [5, 11, 23, 31]
  ) { builder in
    let x = builder.input("x", [1, 1, 1, 2])
    let w = builder.constant("w", [1, 1, 1, 4], .int8, [1, 2, 3, 4])
    let b = builder.constant("b", [4], .int32, [0, 1, 2, 3])
    let y = builder.activation("y", [1, 1, 1, 4])
    builder.operation(
      "depthwise",
      .depthwiseConvolution(
        ConvolutionParameters(
          stride: unit, padding: SpatialPadding(), multipliers: [.one], clamp: .int8)),
      [x, w, b], y)
    return y
  },
  OperatorCase(
    "a fully connected layer multiplies each row by the weights",
    inputs: [[1, 2, 3, 4]],
    // Rows (1, 2), (3, 4), z = 1: (0, 1), (2, 3). Weights (1, 2), (−3, 4), biases 10, 20.
    // 0 + 2 + 10 = 12, 0 + 4 + 20 = 24, 2 + 6 + 10 = 18, −6 + 12 + 20 = 26; halved.
    gives: [6, 12, 9, 13]
  ) { builder in
    let x = builder.input("x", [2, 2], zeroPoint: 1)
    let w = builder.constant("w", [2, 2], .int8, [1, 2, -3, 4])
    let b = builder.constant("b", [2], .int32, [10, 20])
    let y = builder.activation("y", [2, 2])
    builder.operation(
      "fully", .fullyConnected(FullyConnectedParameters(multipliers: [.half], clamp: .int8)),
      [x, w, b], y)
    return y
  },
  OperatorCase(
    "a result beyond 32 bits saturates before the clamp",
    inputs: [[100, -100]],
    gives: [127, -128]
  ) { builder in
    let x = builder.input("x", [2, 1])
    let w = builder.constant("w", [1, 1], .int8, [127])
    let b = builder.constant("b", [1], .int32, [0])
    let y = builder.activation("y", [2, 1])
    let huge = FixedPointMultiplier(multiplier: .max, shift: 30)
    builder.operation(
      "fully", .fullyConnected(FullyConnectedParameters(multipliers: [huge], clamp: .int8)),
      [x, w, b], y)
    return y
  },
]
