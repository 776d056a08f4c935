import Diagnostics
import Foundation
import IntegerModel

/// Real scales of the two weight matrices of an LSTM gate.
public struct LSTMGateScales: Sendable {
  /// Of the weights that multiply the input.
  public var input: Float
  /// Of the weights that multiply the hidden state.
  public var recurrent: Float

  /// Creates the pair.
  public init(input: Float, recurrent: Float) {
    self.input = input
    self.recurrent = recurrent
  }
}

extension OperatorDerivation {
  /// The scaling of 8-bit input differences into Q5.26 and back (TFLite
  /// `PreprocessLogSoftmaxScalingExp`).
  ///
  /// - Throws: an input scale so fine that the scaling would not be a left shift.
  public func logSoftmax(input: AffineCodes) throws(Diagnostic) -> LogSoftmaxParameters {
    let softmax = try softmax(input: input)
    let reverse =
      exp2(31 - Double(softmax.multiplier.shift)) / Double(softmax.multiplier.multiplier)
    return LogSoftmaxParameters(
      multiplier: softmax.multiplier, reverse: try multiplier(reverse),
      minimumDifference: softmax.minimumDifference)
  }

  /// LSTM over a sequence, of int8 with int16 cells, all factors formed in double (TFLite Micro
  /// `PrepareGateParametersInteger`).
  ///
  /// - Parameters:
  ///   - hidden: the codes of hidden state and output.
  ///   - cellScale: a power of two.
  ///   - cellClip: the greatest real magnitude of the cell; 0 for no clip.
  /// - Throws: a cell scale that is no power of two between 2^−24 and 1.
  public func sequenceLSTM(
    input: AffineCodes, hidden: AffineCodes, inputGate: LSTMGateScales, forgetGate: LSTMGateScales,
    cellGate: LSTMGateScales, outputGate: LSTMGateScales, cellScale: Float, cellClip: Float = 0,
    isTimeMajor: Bool = false
  ) throws(Diagnostic) -> SequenceLSTMParameters {
    guard cellScale.significand == 1, cellScale >= 0x1p-24, cellScale <= 1 else {
      throw Diagnostic(
        problem: "the cell state has a scale of \(cellScale); a power of two from 2^-24 to 1 is "
          + "needed")
    }
    // Gates read Q3.12 and give Q0.15.
    let (gateInput, gateOutput) = (0x1p-12, 0x1p-15)
    func gate(_ scales: LSTMGateScales) throws(Diagnostic) -> LSTMGate {
      LSTMGate(
        input: try multiplier(Double(input.scale) * Double(scales.input) / gateInput),
        recurrent: try multiplier(Double(hidden.scale) * Double(scales.recurrent) / gateInput))
    }
    let clip = min(Double(cellClip) / Double(cellScale), 32_767)
    return SequenceLSTMParameters(
      inputGate: try gate(inputGate), forgetGate: try gate(forgetGate),
      cellGate: try gate(cellGate), outputGate: try gate(outputGate),
      forgetProduct: try multiplier(gateOutput * Double(cellScale) / Double(cellScale)),
      inputProduct: try multiplier(gateOutput * gateOutput / Double(cellScale)),
      outputProduct: try multiplier(gateOutput * gateOutput / Double(hidden.scale)),
      cellScaleExponent: Int32(cellScale.exponent), cellClip: clip > 0 ? Int32(clip) : 0,
      isTimeMajor: isTimeMajor)
  }

  /// Singular value decomposition filter, its factors formed in double (TFLite Micro `PrepareSvdf`).
  public func svdf(
    input: AffineCodes, featureScale: Float, timeScale: Float, stateScale: Float,
    output: AffineCodes, rank: Int
  ) throws(Diagnostic) -> SVDFParameters {
    SVDFParameters(
      rank: rank,
      feature: try multiplier(Double(input.scale) * Double(featureScale) / Double(stateScale)),
      time: try multiplier(Double(stateScale) * Double(timeScale) / Double(output.scale)))
  }
}
