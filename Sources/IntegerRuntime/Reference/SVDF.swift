import IntegerModel

extension Reference {
  /// Singular value decomposition filter: F filters with a memory of M steps, `rank` of them a unit.
  ///
  /// Each filter f forgets its oldest activation and remembers
  /// `clamp(z_s + M_feature(Σ_i w[f, i] · (x[b, i] − z_x)))`; then
  /// `y[b, u] = clamp(z_y + M_time(bias[u] + Σ_f Σ_m v[f, m] · (state[b, f, m] − z_s)))` over the
  /// unit's filters f.
  ///
  /// Shapes: x `[B, I]`, feature weights w `[F, I]`, time weights v `[F, M]`, bias `[F / rank]`, state
  /// `[B, F · M]`, oldest first, y `[B, F / rank]`. Bit-exact with TFLite Micro
  /// `EvalIntegerSvdfReference`.
  package static func svdf<State: FixedWidthInteger>(
    _ x: TensorView<Int8>, feature: TensorView<Int8>, time: TensorView<State>,
    bias: TensorView<Int32>, state: TensorView<State>, _ parameters: SVDFParameters,
    rounding: RequantizationRounding, into y: TensorView<Int8>
  ) {
    let stateStage = OutputStage(rounding: rounding, output: state)
    let stage = OutputStage(rounding: rounding, output: y)
    let (inputs, steps, units) = (feature.lastExtent, time.lastExtent, y.lastExtent)
    let filters = units * parameters.rank
    for b in 0..<y.extents[4] {
      for unit in 0..<units {
        var sum = bias[unit]
        for filter in unit * parameters.rank..<(unit + 1) * parameters.rank {
          var activation: Int32 = 0
          for i in 0..<inputs {
            activation += feature[filter * inputs + i] * (x[b * inputs + i] - x.zeroPoint)
          }
          let memory = (b * filters + filter) * steps
          for step in 1..<steps { state[memory + step - 1] = state[memory + step] }
          state[memory + steps - 1] = stateStage.code(activation, parameters.feature)
          for step in 0..<steps {
            // On 32 bits that wrap around: 16-bit time weights may exceed them in the worst case.
            sum &+= time[filter * steps + step] &* (state[memory + step] - state.zeroPoint)
          }
        }
        y[b * units + unit] = stage.code(sum, parameters.time)
      }
    }
  }
}
