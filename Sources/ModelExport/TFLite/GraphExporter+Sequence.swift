import Diagnostics
import IntegerModel
import OperatorArithmetic
import TFLiteFormat

// Layers with memory.
extension GraphExporter {
  /// SVDF, whose inputs are in TFLite's order already.
  mutating func exportSVDF(
    _ operation: Operation, _ parameters: SVDFParameters
  ) throws(Diagnostic) {
    let derived = try derivation.svdf(
      input: try codes(of: input(operation)),
      featureScale: try codes(of: input(operation, 1)).scale,
      timeScale: try codes(of: input(operation, 2)).scale,
      stateScale: try codes(of: input(operation, 4)).scale,
      output: try codes(of: output(operation)), rank: parameters.rank)
    try require([parameters.feature, parameters.time], are: [derived.feature, derived.time])
    // The integer kernels clamp nothing, but TFLite Micro's insists on this.
    try append(.svdf, operation, .svdf(rank: parameters.rank, activation: .relu))
  }

  /// UNIDIRECTIONAL_SEQUENCE_LSTM: 24 inputs, of which those of peepholes, projection and layer
  /// normalization are absent.
  mutating func exportLSTM(
    _ operation: Operation, _ parameters: SequenceLSTMParameters
  ) throws(Diagnostic) {
    let tensors = try builder.tensors(operation.inputs)
    let clip = try requireDerived(operation, parameters)
    var inputs = [Int](repeating: -1, count: 24)
    // Activation and both kinds of weights come first, then three peepholes, then the biases.
    for position in 0...8 { inputs[position] = tensors[position] }
    for position in 9...12 { inputs[position + 3] = tensors[position] }
    (inputs[18], inputs[19]) = (tensors[13], tensors[14])
    var lstm = TFLiteOperator(
      code: .unidirectionalSequenceLSTM,
      options: .lstm(
        activation: 4, cellClip: clip, projectionClip: 0,
        isTimeMajor: parameters.isTimeMajor, asymmetricQuantizeInputs: false),
      inputs: inputs, outputs: try builder.tensors(operation.outputs))
    // LiteRT wants four formats of gates, which only layer normalization reads, and that of the
    // hidden state before a projection.
    for gate in 0..<4 {
      lstm.intermediates.append(
        builder.addFormat(named: "\(operation.name)_gate\(gate)", type: .int16, scale: 1 / 4096))
    }
    let hidden = try codes(of: input(operation, 13))
    lstm.intermediates.append(
      builder.addFormat(
        named: "\(operation.name)_hidden", type: .int8, scale: hidden.scale,
        zeroPoint: Int64(hidden.zeroPoint)))
    builder.model.operators.append(lstm)
  }

  /// Refuses other numbers than TFLite derives, and returns the cell clip as a real.
  private func requireDerived(
    _ operation: Operation, _ parameters: SequenceLSTMParameters
  ) throws(Diagnostic) -> Float {
    func scale(_ position: Int) throws(Diagnostic) -> Float {
      try codes(of: input(operation, position)).scale
    }
    func gate(_ position: Int) throws(Diagnostic) -> LSTMGateScales {
      LSTMGateScales(input: try scale(position), recurrent: try scale(position + 4))
    }
    let cellScale = try scale(14)
    // The scale is a power of two, so that the clip divides back to the same code.
    let clip = Float(parameters.cellClip) * cellScale
    let derived = try derivation.sequenceLSTM(
      input: try codes(of: input(operation)), hidden: try codes(of: input(operation, 13)),
      inputGate: try gate(1), forgetGate: try gate(2), cellGate: try gate(3),
      outputGate: try gate(4), cellScale: cellScale, cellClip: clip,
      isTimeMajor: parameters.isTimeMajor)
    try require(parameters.multipliers, are: derived.multipliers)
    try require(parameters.cellClip, is: derived.cellClip, "its cell clip")
    try require(parameters.cellScaleExponent, is: derived.cellScaleExponent, "its cell scale")
    return clip
  }
}

extension SequenceLSTMParameters {
  /// All factors: of the gates, then of the products.
  fileprivate var multipliers: [FixedPointMultiplier] {
    [inputGate, forgetGate, cellGate, outputGate].flatMap { [$0.input, $0.recurrent] }
      + [forgetProduct, inputProduct, outputProduct]
  }
}
