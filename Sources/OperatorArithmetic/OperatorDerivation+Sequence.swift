import Diagnostics
import Foundation
import IntegerModel

/// What an LSTM reads and keeps, with one weight scale per gate.
public struct SequenceLSTMScales: Hashable, Sendable {
  /// Weight scales of one gate.
  public struct Gate: Hashable, Sendable {
    /// Of the weights that the input is multiplied with.
    public var input: Float
    /// Of the weights that the hidden state is multiplied with.
    public var recurrent: Float

    /// Creates the scales of a gate.
    public init(input: Float, recurrent: Float) {
      self.input = input
      self.recurrent = recurrent
    }
  }

  /// The input of every step.
  public var input: AffineCodes
  /// The hidden state, and the output.
  public var hidden: AffineCodes
  /// Scale of the cell state, a power of two.
  public var cell: Float
  /// How much of the cell gate enters the cell.
  public var inputGate: Gate
  /// How much of the cell stays.
  public var forgetGate: Gate
  /// What enters the cell.
  public var cellGate: Gate
  /// How much of the cell is shown.
  public var outputGate: Gate

  /// Creates the scales.
  public init(
    input: AffineCodes, hidden: AffineCodes, cell: Float, inputGate: Gate, forgetGate: Gate,
    cellGate: Gate, outputGate: Gate
  ) {
    self.input = input
    self.hidden = hidden
    self.cell = cell
    self.inputGate = inputGate
    self.forgetGate = forgetGate
    self.cellGate = cellGate
    self.outputGate = outputGate
  }
}

extension OperatorDerivation {
  /// A long short-term memory (TFLite Micro `lstm_eval_common.cc`): gates are fully connected layers
  /// with Q3.12 outputs, whose product of scales is formed in float32; the products between gates are
  /// formed in double.
  ///
  /// - Parameter cellClip: greatest magnitude of the cell state as a real, 0 for none.
  /// - Throws: a cell scale that is no power of two; factors that no multiplier can express.
  public func sequenceLSTM(
    _ scales: SequenceLSTMScales, cellClip: Float = 0, isTimeMajor: Bool = false
  ) throws(Diagnostic) -> SequenceLSTMParameters {
    guard scales.cell.significand == 1, scales.cell.isNormal, scales.cell < 1 else {
      throw Diagnostic(
        problem: "the cell state has a scale of \(scales.cell), which is no power of two below 1")
    }
    let cell = Double(scales.cell)
    // min and max of a double with the limits of 16 bits, truncated, as TFLite does.
    let clip = cellClip > 0 ? Int32(min(Double(cellClip) / cell, 32767)) : 0
    return SequenceLSTMParameters(
      inputGate: try gate(scales.inputGate, scales),
      forgetGate: try gate(scales.forgetGate, scales),
      cellGate: try gate(scales.cellGate, scales),
      outputGate: try gate(scales.outputGate, scales),
      forgetProduct: try multiplier(0x1p-15 * cell / cell),
      inputProduct: try multiplier(0x1p-30 / cell),
      outputProduct: try multiplier(0x1p-30 / Double(scales.hidden.scale)),
      cellScaleExponent: Int32(scales.cell.exponent), cellClip: clip, isTimeMajor: isTimeMajor)
  }

  private func gate(
    _ gate: SequenceLSTMScales.Gate, _ scales: SequenceLSTMScales
  ) throws(Diagnostic) -> LSTMGate {
    let sum: Double = 0x1p-12
    return LSTMGate(
      input: try multiplier(Double(scales.input.scale * gate.input) / sum),
      recurrent: try multiplier(Double(scales.hidden.scale * gate.recurrent) / sum))
  }

  /// A singular value decomposition filter, both factors formed in float32 (TFLite Micro
  /// `svdf_common.cc`).
  public func svdf(
    input: AffineCodes, featureScale: Float, state: AffineCodes, timeScale: Float,
    output: AffineCodes, rank: Int
  ) throws(Diagnostic) -> SVDFParameters {
    SVDFParameters(
      rank: rank,
      feature: try multiplier(Double(input.scale * featureScale / state.scale)),
      time: try multiplier(Double(state.scale * timeScale / output.scale)))
  }
}
