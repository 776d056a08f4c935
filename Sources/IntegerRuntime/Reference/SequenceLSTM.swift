import IntegerModel

/// Weights and factors of one gate of an LSTM of U units over I features.
package struct LSTMGateOperands {
  /// `[U, I]`
  package let inputWeights: TensorView<Int8>
  /// `[U, U]`
  package let recurrentWeights: TensorView<Int8>
  /// `[U]`
  package let bias: TensorView<Int32>
  /// Factors of the two sums.
  package let factors: LSTMGate

  package init(
    inputWeights: TensorView<Int8>, recurrentWeights: TensorView<Int8>, bias: TensorView<Int32>,
    factors: LSTMGate
  ) {
    self.inputWeights = inputWeights
    self.recurrentWeights = recurrentWeights
    self.bias = bias
    self.factors = factors
  }

  /// What goes into the activation of unit u, in Q3.12: `sat(sat(M_input(bias + Σ w · (x − z_x))) +
  /// sat(M_recurrent(Σ r · (h − z_h))))`, where LiteRT leaves out the third saturation, for the row of x
  /// and that of h that start there.
  @inline(__always)
  func preactivation(
    of unit: Int, _ x: TensorView<Int8>, row: Int, hidden: TensorView<Int8>, hiddenRow: Int,
    _ arithmetic: LSTMArithmetic, _ stage: OutputStage
  ) -> Int32 {
    let (features, units) = (inputWeights.lastExtent, recurrentWeights.lastExtent)
    var inputSum = bias[unit]
    for i in 0..<features {
      inputSum += inputWeights[unit * features + i] * (x[row + i] - x.zeroPoint)
    }
    var recurrentSum: Int32 = 0
    for i in 0..<units {
      recurrentSum +=
        recurrentWeights[unit * units + i] * (hidden[hiddenRow + i] - hidden.zeroPoint)
    }
    return arithmetic.preactivation(
      input: inputSum, recurrent: recurrentSum, factors, stage)
  }
}

/// The gates of an LSTM.
package struct LSTMOperands {
  package let input: LSTMGateOperands
  package let forget: LSTMGateOperands
  package let cell: LSTMGateOperands
  package let output: LSTMGateOperands

  package init(
    input: LSTMGateOperands, forget: LSTMGateOperands, cell: LSTMGateOperands,
    output: LSTMGateOperands
  ) {
    self.input = input
    self.forget = forget
    self.cell = cell
    self.output = output
  }
}

extension Reference {
  /// Long short-term memory over a sequence of T steps. At each step, with gates i, f, g, o whose
  /// activations (σ, for g tanh) are Q0.15:
  ///
  /// `cell = sat(sat(M_forget(f · cell)) + sat(M_input(i · g)))`, clipped to ± `cellClip`, and
  /// `y = hidden = clamp(z_y + M_output(o · tanh(cell)))`.
  ///
  /// Shapes: x `[B, T, I]`, y `[B, T, U]` (`[T, B, …]` where time major), hidden `[B, U]` in the codes of
  /// y, cell `[B, U]`. Bit-exact with TFLite Micro `EvalLstm<int8_t, int8_t, int16_t, int32_t>`, and by
  /// polynomials with LiteRT `lstm_eval::EvalInteger8x8_16`.
  package static func sequenceLSTM(
    _ x: TensorView<Int8>, gates: LSTMOperands, hidden: TensorView<Int8>,
    cell: TensorView<Int16>, _ parameters: SequenceLSTMParameters,
    arithmetic: LSTMArithmetic = .tables, rounding: RequantizationRounding,
    into y: TensorView<Int8>
  ) {
    let wide = OutputStage(rounding: rounding, output: cell)
    let stage = OutputStage(rounding: rounding, output: y)
    let isTimeMajor = parameters.isTimeMajor
    let (batches, steps) = (x.extents[isTimeMajor ? 4 : 3], x.extents[isTimeMajor ? 3 : 4])
    let (features, units) = (x.lastExtent, y.lastExtent)
    for b in 0..<batches {
      for t in 0..<steps {
        let position = isTimeMajor ? t * batches + b : b * steps + t
        for unit in 0..<units {
          @inline(__always)
          func preactivation(_ gate: LSTMGateOperands) -> Int32 {
            gate.preactivation(
              of: unit, x, row: position * features, hidden: hidden, hiddenRow: b * units,
              arithmetic, wide)
          }
          let forget = arithmetic.logistic(preactivation(gates.forget))
          let input = arithmetic.logistic(preactivation(gates.input))
          let candidate = arithmetic.tanh(preactivation(gates.cell), exponent: -12)
          let output = arithmetic.logistic(preactivation(gates.output))

          let place = b * units + unit
          var value = saturated16(
            arithmetic.cellCode(
              forget * cell[place], parameters.forgetProduct, shift: 15, wide)
              + arithmetic.cellCode(
                input * candidate, parameters.inputProduct,
                shift: 30 + parameters.cellScaleExponent, wide))
          if parameters.cellClip > 0 {
            value = min(max(value, -parameters.cellClip), parameters.cellClip)
          }
          cell[place] = value
          let shown = arithmetic.tanh(value, exponent: parameters.cellScaleExponent)
          y[position * units + unit] = stage.code(shown * output, parameters.outputProduct)
        }
        // Only now, since every unit has read the hidden state of the step before.
        (hidden.codes + b * units).update(from: y.codes + position * units, count: units)
      }
    }
  }

  /// The nearest int16 code.
  @inline(__always)
  static func saturated16(_ value: Int32) -> Int32 { min(max(value, -32_768), 32_767) }
}
