import IntegerModel

extension Reference {
  /// Fully connected layer over the last axis:
  ///
  /// `y[r, o] = clamp(z_y + M_o(b[o] + Σ_i (w[o, i] − z_w) · (x[r, i] − z_x)))`
  ///
  /// Shapes: x `[…, I]` read as `[R, I]`, w `[O, I]`, b `[O]`, y `[…, O]`. The type of the bias is
  /// that of the accumulator. Bit-exact with TFLite Micro `reference_integer_ops::FullyConnected` and
  /// `FullyConnectedPerChannel` for int8 and int16.
  package static func fullyConnected<
    Code: FixedWidthInteger, Weight: FixedWidthInteger, Sum: Accumulator
  >(
    _ x: TensorView<Code>, weights w: TensorView<Weight>, bias: UnsafePointer<Sum>,
    _ parameters: FullyConnectedParameters, scales: LayerScales,
    rounding: RequantizationRounding,
    into y: TensorView<Code>
  ) {
    let stage = OutputStage(
      rounding: rounding, zeroPoint: y.zeroPoint, clamp: parameters.clamp)
    let (inputs, outputs) = (x.lastExtent, y.lastExtent)
    for row in 0..<x.count / inputs {
      for o in 0..<outputs {
        var accumulator = bias[o]
        for i in 0..<inputs {
          accumulator += product(
            w[o * inputs + i] - w.zeroPoint, x[row * inputs + i] - x.zeroPoint)
        }
        y[row * outputs + o] = stage.code(accumulator, scales[o])
      }
    }
  }
}
