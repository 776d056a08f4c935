import Diagnostics
import IntegerModel
import OperatorArithmetic
import Testing

/// The expected pairs are those of Python's `frexp`, from products in double. Of 180 accumulators chosen
/// to tell them from products in float32, TFLite Micro gave the code of double for each.
@Suite("The integers of recurrent operators and of log softmax")
struct SequenceDerivationTests {
  private let derivation = OperatorDerivation(profile: .tflm)

  private func factor(_ multiplier: Int32, _ shift: Int32) -> FixedPointMultiplier {
    FixedPointMultiplier(multiplier: multiplier, shift: shift)
  }

  @Test("of a log softmax scale to Q5.26 and back")
  func logSoftmax() throws {
    #expect(
      try derivation.logSoftmax(input: AffineCodes(scale: 0.2, zeroPoint: 3))
        == LogSoftmaxParameters(
          multiplier: factor(1_717_986_944, 24), reverse: factor(1_342_177_260, -23),
          minimumDifference: -124))
  }

  @Test("of an SVDF come from products in double")
  func svdf() throws {
    #expect(
      try derivation.svdf(
        input: AffineCodes(scale: 0.05, zeroPoint: -4), featureScale: 0.01, timeScale: 0.02,
        stateScale: 0.15, output: AffineCodes(scale: 0.2, zeroPoint: 6), rank: 2)
        == SVDFParameters(
          rank: 2, feature: factor(1_832_519_293, -8), time: factor(2_061_584_307, -6)))
  }

  @Test("of an LSTM bring sums to Q3.12, products to the scales of cell and output")
  func sequenceLSTM() throws {
    let parameters = try derivation.sequenceLSTM(
      input: AffineCodes(scale: 0.03, zeroPoint: 5),
      hidden: AffineCodes(scale: Float(1.1 / 128), zeroPoint: -9),
      inputGate: LSTMGateScales(input: 0.004, recurrent: 0.003),
      forgetGate: LSTMGateScales(input: 0.006, recurrent: 0.008),
      cellGate: LSTMGateScales(input: 0.005, recurrent: 0.0045),
      outputGate: LSTMGateScales(input: 0.007, recurrent: 0.0055), cellScale: 0x1p-11,
      cellClip: 10)
    #expect(
      parameters.inputGate
        == LSTMGate(input: factor(2_111_062_378, -1), recurrent: factor(1_814_194_241, -3)))
    #expect(
      parameters.forgetGate
        == LSTMGate(input: factor(1_583_296_722, 0), recurrent: factor(1_209_462_874, -1)))
    #expect(
      parameters.cellGate
        == LSTMGate(input: factor(1_319_413_894, 0), recurrent: factor(1_360_645_610, -2)))
    #expect(
      parameters.outputGate
        == LSTMGate(input: factor(1_847_179_550, 0), recurrent: factor(1_663_011_364, -2)))
    #expect(parameters.forgetProduct == factor(1 << 30, -14))
    #expect(parameters.inputProduct == factor(1 << 30, -18))
    #expect(parameters.outputProduct == factor(1_952_257_820, -23))
    #expect(parameters.cellScaleExponent == -11)
    #expect(parameters.cellClip == 20_480)
  }

  @Test("of an LSTM need a cell scale that is a power of two", arguments: [0.3, 2, 0x1p-25, .nan])
  func cellScale(_ scale: Float) throws {
    let codes = AffineCodes(scale: 0.1, zeroPoint: 0)
    let gate = LSTMGateScales(input: 0.1, recurrent: 0.1)
    #expect(
      throws: Diagnostic(
        problem: "the cell state has a scale of \(scale); a power of two from 2^-24 to 1 is needed")
    ) {
      try derivation.sequenceLSTM(
        input: codes, hidden: codes, inputGate: gate, forgetGate: gate, cellGate: gate,
        outputGate: gate, cellScale: scale)
    }
  }
}
