import IntegerModel
import IntegerTestSupport

/// Exactly 1/4.
private let quarter = FixedPointMultiplier(multiplier: 1 << 30, shift: -1)

/// Equal scales S of both inputs and the output: S / 2S = 1/2 for the inputs and 2S / (2^20 · S) for
/// the output, which is 2^30 · 2^(−18 − 31).
private let plainAddition = AddParameters(
  first: .half, second: .half, output: FixedPointMultiplier(multiplier: 1 << 30, shift: -18),
  clamp: .int8)

let handWorkedElementwise: [OperatorCase] = [
  OperatorCase(
    "an addition of equal scales adds reals and saturates",
    inputs: [[1, 2, 100, -100], [10, 20, 100, -100]],
    // (x1 − 1) + (x2 + 1) with output zero point 0.
    gives: [11, 22, 127, -128]
  ) { builder in
    let x1 = builder.input("x1", [4], zeroPoint: 1)
    let x2 = builder.input("x2", [4], zeroPoint: -1)
    let y = builder.activation("y", [4])
    builder.operation("add", .add(plainAddition), [x1, x2], y)
    return y
  },
  OperatorCase(
    "an addition broadcasts as NumPy does, in both directions",
    inputs: [[1, 2], [10, 20, 30]],
    gives: [11, 21, 31, 12, 22, 32]
  ) { builder in
    let x1 = builder.input("x1", [1, 2, 1])
    let x2 = builder.input("x2", [3])
    let y = builder.activation("y", [1, 2, 3])
    builder.operation("add", .add(plainAddition), [x1, x2], y)
    return y
  },
  OperatorCase(
    "a subtraction takes the second input from the first",
    inputs: [[1, 2, 3, -100], [10, -20, 3, 100]],
    gives: [-9, 22, 0, -128]
  ) { builder in
    let x1 = builder.input("x1", [4])
    let x2 = builder.input("x2", [4])
    let y = builder.activation("y", [4])
    builder.operation("sub", .subtract(plainAddition), [x1, x2], y)
    return y
  },
  OperatorCase(
    "halving a sum rounds ties away from zero under double rounding and up under single",
    inputs: [[1, -1, 3, -3], [0, 0, 0, 0]],
    // 0.5, −0.5, 1.5, −1.5
    gives: [1, -1, 2, -2], single: [1, 0, 2, -1]
  ) { builder in
    let x1 = builder.input("x1", [4])
    let x2 = builder.input("x2", [4])
    let y = builder.activation("y", [4])
    var parameters = plainAddition
    parameters.output.shift = -19
    builder.operation("add", .add(parameters), [x1, x2], y)
    return y
  },
  OperatorCase(
    "a product of uint8 codes subtracts both zero points",
    inputs: [[130, 120, 128], [5, 7, 255]],
    // (2, −8, 0) · (3, 5, 253) = 6, −40, 0; halved 3, −20, 0; plus 100, clamped to 90…
    gives: [103, 90, 100]
  ) { builder in
    let x1 = builder.input("x1", [3], .uint8, zeroPoint: 128)
    let x2 = builder.input("x2", [3], .uint8, zeroPoint: 2)
    let y = builder.activation("y", [3], .uint8, zeroPoint: 100)
    builder.operation(
      "mul",
      .multiply(
        MultiplyParameters(multiplier: .half, clamp: CodeRange(minimum: 90, maximum: 255))),
      [x1, x2], y)
    return y
  },
  OperatorCase(
    "a requantization from int8 to uint8 moves the zero point",
    inputs: [[-128, 0, 127]],
    gives: [0, 128, 255]
  ) { builder in
    let x = builder.input("x", [3])
    let y = builder.activation("y", [3], .uint8, zeroPoint: 128)
    builder.operation("requantize", .requantize(.one), [x], y)
    return y
  },
  OperatorCase(
    "a requantization rounds as its profile does and clamps to the type",
    inputs: [[5, -5, 6, -6, 127, -128]],
    // A quarter, plus 100: 127/4 = 31.75 → 132 → 127.
    gives: [102, 99, 102, 98, 127, 68], single: [101, 99, 102, 99, 127, 68]
  ) { builder in
    let x = builder.input("x", [6])
    let y = builder.activation("y", [6], zeroPoint: 100)
    builder.operation("requantize", .requantize(quarter), [x], y)
    return y
  },
  OperatorCase(
    "a lookup counts codes from the least",
    inputs: [[-128, -127, 0, 127]],
    gives: [0, 2, 0, -2]
  ) { builder in
    let x = builder.input("x", [4])
    let y = builder.activation("y", [4])
    // Twice the position, modulo 256: 0, 2, 256 = 0, 510 = −2.
    let table = ConstantBytes(copying: (0..<256).map { UInt8(truncatingIfNeeded: 2 * $0) })
    builder.operation(
      "lookup", .lookup(LookupParameters(function: .custom, table: table)), [x], y)
    return y
  },
  OperatorCase(
    "a profile with a lookup table of its own uses it",
    inputs: [[0, 255]],
    gives: [0, 255], single: [7, 7]
  ) { builder in
    let x = builder.input("x", [2], .uint8)
    let y = builder.activation("y", [2], .uint8)
    let other = ConstantBytes(copying: [UInt8](repeating: 7, count: 256))
    let parameters = LookupParameters(
      function: .custom, table: ConstantBytes(copying: (0..<256).map { UInt8($0) }),
      profileTables: [ProfileTable(profile: .tosa, table: other)])
    builder.operation("lookup", .lookup(parameters), [x], y)
    return y
  },
  OperatorCase(
    "a parametric ReLU scales negative codes by alpha of their channel",
    inputs: [[10, 10, -10, -10]],
    // Positive: 10. Negative: −10 · (3 − 1) / 2 = −10 and −10 · (−4 − 1) / 2 = 25.
    gives: [10, 10, -10, 25]
  ) { builder in
    let x = builder.input("x", [2, 2])
    let alpha = builder.constant("alpha", [2], .int8, zeroPoint: 1, [3, -4])
    let y = builder.activation("y", [2, 2])
    builder.operation(
      "prelu", .prelu(PReluParameters(positive: .one, negative: .half)), [x, alpha], y)
    return y
  },
]
