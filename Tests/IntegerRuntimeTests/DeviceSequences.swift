import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import Testing

/// What TFLite Micro computed on small random models, several runs in a row.
private struct DeviceRuns: Sendable, CustomTestStringConvertible {
  let testDescription: String
  /// Codes of the input and of the output, run by run.
  let runs: [(input: [Int], output: [Int])]
  let build: @Sendable (inout GraphBuilder) -> TensorIndex
}

private func svdf(
  _ name: String, _ type: ElementType, feature: [Int], time: [Int], bias: [Int],
  _ parameters: SVDFParameters, runs: [(input: [Int], output: [Int])]
) -> DeviceRuns {
  DeviceRuns(testDescription: name, runs: runs) { builder in
    let x = builder.input("x", [1, 3], zeroPoint: -4)
    let inputs = [
      x, builder.constant("feature", [4, 3], .int8, feature),
      builder.constant("time", [4, 3], type, time), builder.constant("bias", [2], .int32, bias),
      builder.state("state", [1, 12], type),
    ]
    let y = builder.activation("y", [1, 2], zeroPoint: 6)
    builder.operation("svdf", .svdf(parameters), inputs, y)
    return y
  }
}

private let deviceRuns: [DeviceRuns] = [
  svdf(
    "an SVDF of four filters, two a unit, with a 16-bit state", .int16,
    feature: [58, 113, 97, 3, 112, 121, 120, -107, -12, 27, -55, -31],
    time: [508, 1208, 324, -1302, 704, 1487, -1122, 176, -647, 1609, -1758, -91],
    bias: [2385, -418],
    SVDFParameters(
      rank: 2, feature: factor(2_147_483_530, -2), time: factor(1_876_499_948, -19)),
    runs: [
      ([-93, 73, 118], [22, 12]), ([123, 110, -34], [29, 11]), ([59, 120, 18], [21, 12]),
      ([109, 22, -83], [16, 4]),
    ]),
  svdf(
    "an SVDF of four filters, two a unit, with an 8-bit state", .int8,
    feature: [-9, 28, -50, 52, -23, 113, -75, 42, -104, -93, 5, -1],
    time: [0, -2, 91, 0, -35, 117, 98, -38, -76, -70, -85, 6], bias: [455, 847],
    SVDFParameters(
      rank: 2, feature: factor(1_832_519_293, -8), time: factor(2_061_584_307, -6)),
    runs: [
      ([102, 112, 8], [46, 32]), ([20, -108, -60], [-12, 67]), ([127, 110, -122], [0, 12]),
      ([-3, -1, 45], [48, 81]),
    ]),
  DeviceRuns(
    testDescription: "an LSTM of two units over two features, three steps a run",
    runs: [
      ([-89, 120, -104, -19, 34, -1], [-21, -9, 4, -14, 6, -23]),
      ([-104, 116, 91, 103, -92, -27], [-17, -9, -19, -19, 7, -15]),
    ]
  ) { builder in
    builder.addLSTM(
      LSTMSketch(
        inputWeights: [
          [-98, -6, -34, -72], [79, 49, -82, 69], [10, -79, 41, -10], [-5, -35, 121, -84],
        ],
        recurrentWeights: [
          [126, -71, 78, 118], [-95, 98, -119, -30], [8, 61, -84, -117], [-52, 106, -44, 9],
        ],
        biases: [[-4287, 3202], [4576, -2241], [3509, -1239], [-1955, -1520]],
        parameters: SequenceLSTMParameters(
          inputGate: LSTMGate(
            input: factor(2_111_062_378, -1), recurrent: factor(1_814_194_241, -3)),
          forgetGate: LSTMGate(
            input: factor(1_583_296_722, 0), recurrent: factor(1_209_462_874, -1)),
          cellGate: LSTMGate(
            input: factor(1_319_413_894, 0), recurrent: factor(1_360_645_610, -2)),
          outputGate: LSTMGate(
            input: factor(1_847_179_550, 0), recurrent: factor(1_663_011_364, -2)),
          forgetProduct: factor(1 << 30, -14), inputProduct: factor(1 << 30, -18),
          outputProduct: factor(1_952_257_820, -23), cellScaleExponent: -11)),
      shape: [1, 3, 2], units: 2, inputZeroPoint: 5, zeroPoint: -9)
  },
]

@Suite("Recurrent operators give what TFLite Micro gives")
struct DeviceSequenceTests {
  @Test("run after run", arguments: deviceRuns)
  private func device(_ runs: DeviceRuns) throws {
    var builder = GraphBuilder()
    builder.graph.outputs = [runs.build(&builder)]
    let interpreter = try Interpreter(graph: builder.graph)
    for run in runs.runs {
      #expect(interpreter.codes(for: [run.input]) == run.output)
    }
  }
}
