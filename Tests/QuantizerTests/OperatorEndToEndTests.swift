import FloatModel
import FloatReference
import Quantizer
import Testing

/// A small network to be quantized and run in integers: the tests of operators are lists of these.
struct OperatorCase: Sendable, CustomTestStringConvertible {
  var name: String
  /// Ranges of the inputs; the last holds for all that follow.
  var ranges: [ClosedRange<Float>] = [-2...2]
  /// Least signal to noise ratio in dB.
  ///
  /// A code step of 1/256 of the range makes an error of variance step²/12; evenly spread values
  /// then have 48 dB, and values that bunch around zero 6 to 10 dB less. Input, weights and output
  /// each round once, so that 36 dB is what one operator should keep.
  var leastSignalToNoise: Double = 36
  /// Most codes that an output may be off when float runs on the same codes: rounding to the other
  /// side is one.
  var greatestError = 1
  /// Most that outputs may be off on average, in codes. TFLite's multiplier rounds twice where it
  /// shifts right; of results shifted by one bit half are ties then, and half of those go wrong: a
  /// quarter of a code. Where accumulators are long, as in layers, almost none do.
  var greatestMeanError = 0.35

  /// The mean error of accumulators that are much longer than a code; a multiplier or bias that is
  /// 1 % wrong exceeds it before it exceeds any other bound.
  static let longAccumulator = 0.02

  /// Writes the network down.
  var build: @Sendable (inout GraphSketch, inout TensorSource) throws -> Void

  var testDescription: String { name }
}

@Suite("Operators quantized, run in integers, and compared with float")
struct OperatorEndToEndTests {
  @Test(
    "stay within their rounding", arguments: OperatorCase.all + OperatorCase.wirings,
    ThresholdForm.allCases)
  func agrees(operatorCase: OperatorCase, form: ThresholdForm) throws {
    for weights in WeightGranularity.allCases {
      let seed: UInt64 = 20_261_121
      var source = TensorSource(seed: seed)
      var sketch = GraphSketch()
      try operatorCase.build(&sketch, &source)
      let graph = sketch.graph
      let network = try QuantizedNetwork(
        graph, options: QuantizationOptions(weights: weights, thresholds: form),
        samples: graph.samples(200, in: operatorCase.ranges, &source))
      let result = try network.compared(
        on: graph.samples(8, in: operatorCase.ranges, &source))
      #expect(
        result.signalToNoise >= operatorCase.leastSignalToNoise,
        "\(operatorCase.name), \(form), \(weights), seed \(seed)")
      #expect(
        result.greatestError <= operatorCase.greatestError,
        "\(operatorCase.name), \(form), \(weights), seed \(seed)")
      #expect(
        result.meanError <= operatorCase.greatestMeanError,
        "\(operatorCase.name), \(form), \(weights), seed \(seed)")
    }
  }
}
