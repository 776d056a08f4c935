import IntegerModel

extension Reference {
  /// Addition (`sign` 1) and subtraction (`sign` −1), broadcasting as NumPy does:
  ///
  /// `y = clamp(z_y + M_y(M_1((x1 − z_1) · 2^left) ± M_2((x2 − z_2) · 2^left)))`
  ///
  /// Bit-exact with TFLite Micro `reference_integer_ops::Add` and `Sub`.
  package static func add<Code: FixedWidthInteger>(
    _ x1: TensorView<Code>, _ x2: TensorView<Code>, sign: Int32, _ parameters: AddParameters,
    rounding: RequantizationRounding, into y: TensorView<Code>
  ) {
    let stage = OutputStage(
      rounding: rounding, zeroPoint: y.zeroPoint, clamp: parameters.clamp)
    let unit: Int32 = 1 << parameters.leftShift
    broadcast(x1, x2, into: y) { left, right in
      let first = parameters.first.scale((left - x1.zeroPoint) * unit, rounding: rounding)
      let second = parameters.second.scale((right - x2.zeroPoint) * unit, rounding: rounding)
      return stage.code(first + sign * second, parameters.output)
    }
  }

  /// Element-wise product, broadcasting as NumPy does: `y = clamp(z_y + M((x1 − z_1) · (x2 − z_2)))`.
  ///
  /// Bit-exact with TFLite Micro `reference_integer_ops::Mul`.
  package static func multiply<Code: FixedWidthInteger>(
    _ x1: TensorView<Code>, _ x2: TensorView<Code>, _ parameters: MultiplyParameters,
    scale: OutputScale, rounding: RequantizationRounding, into y: TensorView<Code>
  ) {
    let stage = OutputStage(
      rounding: rounding, zeroPoint: y.zeroPoint, clamp: parameters.clamp)
    broadcast(x1, x2, into: y) { left, right in
      stage.code((left - x1.zeroPoint) * (right - x2.zeroPoint), scale)
    }
  }

  /// Parametric ReLU, alpha broadcast against the input:
  ///
  /// `y = clamp(z_y + (x ≥ z_x ? M_positive(x − z_x) : M_negative((x − z_x) · (alpha − z_alpha))))`
  ///
  /// Bit-exact with TFLite `reference_ops::BroadcastPrelu4DSlow`.
  package static func prelu<Code: FixedWidthInteger, Alpha: FixedWidthInteger>(
    _ x: TensorView<Code>, alpha: TensorView<Alpha>, _ parameters: PReluParameters,
    rounding: RequantizationRounding, into y: TensorView<Code>
  ) {
    let stage = OutputStage(rounding: rounding, output: y)
    broadcast(x, alpha, into: y) { code, slope in
      let value = code - x.zeroPoint
      return value >= 0
        ? stage.code(value, parameters.positive)
        : stage.code(value * (slope - alpha.zeroPoint), parameters.negative)
    }
  }

  /// Leaky ReLU: `y = clamp(z_y + (x ≥ z_x ? M_positive(x − z_x) : M_negative(x − z_x)))`.
  ///
  /// Bit-exact with TFLite Micro `reference_ops::QuantizeLeakyRelu` for int8 and int16.
  package static func leakyRelu<Code: FixedWidthInteger>(
    _ x: TensorView<Code>, _ parameters: LeakyReluParameters, rounding: RequantizationRounding,
    into y: TensorView<Code>
  ) {
    let stage = OutputStage(rounding: rounding, output: y)
    for index in 0..<x.count {
      y[index] = stage.code(x[index] - x.zeroPoint, leakyRelu: parameters)
    }
  }

  /// The same reals in other codes, of the same type or another: `y = clamp(z_y + M(x − z_x))`, over
  /// the whole output type.
  ///
  /// Bit-exact with TFLite `reference_ops::Requantize`; where that overflows (int32 with a zero point)
  /// differences saturate.
  package static func requantize<Code: FixedWidthInteger, Result: FixedWidthInteger>(
    _ x: TensorView<Code>, _ multiplier: FixedPointMultiplier, rounding: RequantizationRounding,
    into y: TensorView<Result>
  ) {
    let stage = OutputStage(rounding: rounding, output: y)
    for index in 0..<x.count {
      let difference = Int32(clamping: Int64(x[index]) - Int64(x.zeroPoint))
      y[index] = stage.code(difference, multiplier)
    }
  }

  /// Logistic or tanh of 16-bit codes: `y = f((x · multiplier + 2^(shift − 1)) >> shift)`, f reading a
  /// table.
  ///
  /// Bit-exact with TFLite `reference_integer_ops::Logistic` and `::Tanh` for int16.
  package static func interpolatedFunction<Code: FixedWidthInteger>(
    _ x: TensorView<Code>, _ parameters: InterpolatedFunctionParameters,
    into y: TensorView<Code>
  ) {
    let (multiplier, shift) = (parameters.multiplier, parameters.shift)
    let half: Int32 = shift > 0 ? 1 << (shift - 1) : 0
    for index in 0..<x.count {
      let position = (x[index] * multiplier + half) >> shift
      y[index] =
        parameters.function == .logistic
        ? SixteenBitMath.logistic(at: position) : SixteenBitMath.tanh(at: position)
    }
  }

  /// Logistic or tanh of 16-bit codes with the scale 2^−12 (`multiplier` 3), tanh with 2^−11 (6).
  ///
  /// Bit-exact with LiteRT `optimized_ops::Logistic` and `::Tanh` for int16.
  package static func polynomial<Code: FixedWidthInteger>(
    _ function: UnaryFunction, _ x: TensorView<Code>, multiplier: Int32, into y: TensorView<Code>
  ) {
    for index in 0..<x.count {
      let code = saturated16(x[index] * (multiplier / 3))
      y[index] =
        function == .logistic
        ? SixteenBitPolynomials.logistic(code) : SixteenBitPolynomials.tanh(code, integerBits: 3)
    }
  }

  /// Any function of one 8-bit code: `y = table[x − least code]`.
  package static func lookup<Code: FixedWidthInteger>(
    _ x: TensorView<Code>, table: UnsafePointer<UInt8>, into y: TensorView<UInt8>
  ) {
    for index in 0..<x.count {
      y.codes[index] = table[Int(x[index] - Int32(Code.min))]
    }
  }

  /// Combines each pair of codes, as NumPy broadcasts two arrays.
  @inline(__always)
  static func broadcast<First, Second, Result>(
    _ x1: TensorView<First>, _ x2: TensorView<Second>, into y: TensorView<Result>,
    _ combine: (Int32, Int32) -> Int32
  ) {
    let first = x1.extents.strides(broadcastTo: y.extents)
    let second = x2.extents.strides(broadcastTo: y.extents)
    var index = 0
    y.extents.forEachIndex { position in
      y[index] = combine(
        x1[position.offset(strides: first)], x2[position.offset(strides: second)])
      index += 1
    }
  }
}
