import IntegerModel

// The operators that have a state, and tensors of several types.
extension Interpreter {
  func runSVDF(_ operation: Operation, _ parameters: SVDFParameters) {
    if places[operation.inputs[4]].elementType == .int16 {
      runSVDF(operation, parameters, stateAs: Int16.self)
    } else {
      runSVDF(operation, parameters, stateAs: Int8.self)
    }
  }

  private func runSVDF<State: FixedWidthInteger>(
    _ operation: Operation, _ parameters: SVDFParameters, stateAs _: State.Type
  ) {
    Reference.svdf(
      places[operation.inputs[0]].view(as: Int8.self),
      feature: places[operation.inputs[1]].view(as: Int8.self),
      time: places[operation.inputs[2]].view(as: State.self),
      bias: places[operation.inputs[3]].view(as: Int32.self),
      state: places[operation.inputs[4]].view(as: State.self), parameters,
      rounding: arithmetic.rounding, into: places[operation.outputs[0]].view(as: Int8.self))
  }

  func runSequenceLSTM(_ operation: Operation, _ parameters: SequenceLSTMParameters) {
    func gate(_ index: Int, _ factors: LSTMGate) -> LSTMGateOperands {
      LSTMGateOperands(
        inputWeights: places[operation.inputs[1 + index]].view(as: Int8.self),
        recurrentWeights: places[operation.inputs[5 + index]].view(as: Int8.self),
        bias: places[operation.inputs[9 + index]].view(as: Int32.self), factors: factors)
    }
    let gates = LSTMOperands(
      input: gate(0, parameters.inputGate), forget: gate(1, parameters.forgetGate),
      cell: gate(2, parameters.cellGate), output: gate(3, parameters.outputGate))
    Reference.sequenceLSTM(
      places[operation.inputs[0]].view(as: Int8.self), gates: gates,
      hidden: places[operation.inputs[13]].view(as: Int8.self),
      cell: places[operation.inputs[14]].view(as: Int16.self), parameters,
      arithmetic: operation.scalings.first?.form == .polynomials ? .polynomials : .tables,
      rounding: arithmetic.rounding, into: places[operation.outputs[0]].view(as: Int8.self))
  }
}
