import IntegerModel
import IntegerTestSupport

let handWorkedReductions: [OperatorCase] = [
  OperatorCase(
    "an average rounds halves away from zero and counts only taps inside the image",
    inputs: [[1, 2, -1, -2, 5, 0, -5, 0, 7]],
    // 3 × 3 image 1 2 −1 / −2 5 0 / −5 0 7, windows of 2 × 2 at stride 2 with a row and a column of
    // padding before: 1; (2 − 1)/2 = 0.5 → 1; (−2 − 5)/2 = −3.5 → −4; (5 + 0 + 0 + 7)/4 = 3.
    gives: [1, 1, -4, 3]
  ) { builder in
    let x = builder.input("x", [1, 3, 3, 1], zeroPoint: -128)
    let y = builder.activation("y", [1, 2, 2, 1], zeroPoint: -128)
    builder.operation(
      "average",
      .averagePool(
        PoolParameters(
          window: SpatialPair(2), stride: SpatialPair(2), padding: SpatialPadding(top: 1, left: 1),
          clamp: .int8)),
      [x], y)
    return y
  },
  OperatorCase(
    "an average is clamped",
    inputs: [[0, 100, 200, 255]],
    gives: [140]
  ) { builder in
    // (555 + 2) / 4 = 139.25 truncated is 139; the clamp raises it to 140.
    let x = builder.input("x", [1, 2, 2, 1], .uint8)
    let y = builder.activation("y", [1, 1, 1, 1], .uint8)
    builder.operation(
      "average",
      .averagePool(
        PoolParameters(
          window: SpatialPair(2), stride: SpatialPair(2), padding: SpatialPadding(),
          clamp: CodeRange(minimum: 140, maximum: 255))),
      [x], y)
    return y
  },
  OperatorCase(
    "a max pool takes the greatest code of each channel, padding never wins",
    inputs: [[-128, -100, -128, -50, -128, 3, -128, -128]],
    // Two channels, 2 × 2 image; a 3 × 3 window with padding 1 covers everything at each position.
    gives: [-120, 3, -120, 3, -120, 3, -120, 3]
  ) { builder in
    let x = builder.input("x", [1, 2, 2, 2])
    let y = builder.activation("y", [1, 2, 2, 2])
    builder.operation(
      "max",
      .maxPool(
        PoolParameters(
          window: SpatialPair(3), stride: SpatialPair(1),
          padding: SpatialPadding(top: 1, left: 1, bottom: 1, right: 1),
          clamp: CodeRange(minimum: -120, maximum: 127))),
      [x], y)
    return y
  },
  OperatorCase(
    "a mean subtracts the zero point n times and has 1/n in its multiplier",
    inputs: [[1, 10, 2, 20, 3, 30, 5, 40]],
    // Channel 0: 11 − 4·1 = 7, a quarter is 1.75 → double: 3.5 → 4 → 2; plus 10.
    // Channel 1: 100 − 4 = 96 → 24.
    gives: [12, 34]
  ) { builder in
    let x = builder.input("x", [1, 2, 2, 2], zeroPoint: 1)
    let y = builder.activation("y", [1, 1, 1, 2], zeroPoint: 10)
    builder.operation(
      "mean",
      .mean(
        ReduceParameters(
          axes: [1, 2], keepsDimensions: true,
          multiplier: FixedPointMultiplier(multiplier: 1 << 30, shift: -1))),
      [x], y)
    return y
  },
  OperatorCase(
    "a mean over three elements works with a multiplier below 2^30",
    inputs: [[1, 2, 3, 10, 20, 30]],
    // 2^31 / 3 / 2 = 357913941 with shift 1 stands for 1/3: 6/3 = 2, 60/3 = 20.
    gives: [2, 20]
  ) { builder in
    let x = builder.input("x", [2, 3])
    let y = builder.activation("y", [2])
    builder.operation(
      "mean",
      .mean(
        ReduceParameters(
          axes: [1], keepsDimensions: false,
          multiplier: FixedPointMultiplier(multiplier: 357_913_941, shift: 1))),
      [x], y)
    return y
  },
  OperatorCase(
    "a sum over axes that are not neighbors",
    inputs: [[1, 2, 3, 4, 5, 6, 7, 8]],
    // [2, 2, 2] over axes 0 and 2: (1 + 2) + (5 + 6) = 14, (3 + 4) + (7 + 8) = 22.
    gives: [14, 22]
  ) { builder in
    let x = builder.input("x", [2, 2, 2])
    let y = builder.activation("y", [2])
    builder.operation(
      "sum", .sum(ReduceParameters(axes: [0, 2], keepsDimensions: false, multiplier: .one)), [x], y)
    return y
  },
  OperatorCase(
    "softmax shares 256 equally, and drops what is below the minimum difference",
    inputs: [[7, 7, -128, -128, 7, 7, 7, 7]],
    // Two equal: 1/2 each, 128 − 128 = 0. Four equal: 1/4 each, 64 − 128 = −64.
    gives: [0, 0, -128, -128, -64, -64, -64, -64]
  ) { builder in
    let x = builder.input("x", [2, 4])
    let y = builder.activation("y", [2, 4], zeroPoint: -128, scaleBits: 0x3b80_0000)
    builder.operation(
      "softmax",
      .softmax(
        SoftmaxParameters(
          multiplier: FixedPointMultiplier(multiplier: 1 << 30, shift: 23),
          minimumDifference: -100)),
      [x], y)
    return y
  },
  OperatorCase(
    "softmax saturates at the greatest code where one class takes all",
    inputs: [[0, 255]],
    gives: [0, 255]
  ) { builder in
    let x = builder.input("x", [2], .uint8)
    let y = builder.activation("y", [2], .uint8, scaleBits: 0x3b80_0000)
    builder.operation(
      "softmax",
      .softmax(
        SoftmaxParameters(
          multiplier: FixedPointMultiplier(multiplier: 1 << 30, shift: 23),
          minimumDifference: -100)),
      [x], y)
    return y
  },
]
