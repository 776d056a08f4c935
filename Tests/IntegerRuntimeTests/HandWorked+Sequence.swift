import IntegerModel
import IntegerTestSupport

func factor(_ multiplier: Int32, _ shift: Int32) -> FixedPointMultiplier {
  FixedPointMultiplier(multiplier: multiplier, shift: shift)
}

/// Log softmax of an input of scale 1/16: `2^26 / 16` in Q5.26, and back.
let logSoftmaxOfSixteenths = LogSoftmaxParameters(
  multiplier: factor(1 << 30, 23), reverse: factor(1 << 30, -21), minimumDifference: -248)

private func logSoftmax(
  _ claim: String, _ shape: [Int], _ inputs: [Int], gives: [Int],
  _ parameters: LogSoftmaxParameters = logSoftmaxOfSixteenths
) -> OperatorCase {
  OperatorCase(claim, inputs: [inputs], gives: gives) { builder in
    let x = builder.input("x", shape, zeroPoint: 3)
    let y = builder.activation("y", shape, zeroPoint: 127, scaleBits: 0x3d80_0000)
    builder.operation("logsoftmax", .logSoftmax(parameters), [x], y)
    return y
  }
}

private func l2(
  _ claim: String, _ shape: [Int], zeroPoint: Int32, _ inputs: [Int], gives: [Int]
) -> OperatorCase {
  OperatorCase(claim, inputs: [inputs], gives: gives) { builder in
    let x = builder.input("x", shape, zeroPoint: zeroPoint)
    let y = builder.activation("y", shape, scaleBits: 0x3c00_0000)
    builder.operation("l2", .l2Normalization, [x], y)
    return y
  }
}

let handWorkedSequences: [OperatorCase] = [
  // 16 · log ½ = −11.09, below the greatest code 127.
  logSoftmax("two equal codes have log softmax log ½", [2], [5, 5], gives: [116, 116]),
  logSoftmax("a single code has log softmax 0", [3, 1], [-128, 0, 127], gives: [127, 127, 127]),
  // A difference of 1: −log(1 + e^−1) = −0.3133 and −1.3133, 16 of each are −5.01 and −21.01.
  logSoftmax("log softmax of 0 and −1", [2], [16, 0], gives: [122, 106]),
  logSoftmax("log softmax ends at −255/16", [2], [127, -128], gives: [127, -128]),
  logSoftmax(
    "log softmax gives what TFLite Micro gives at a scale of 0.2", [2, 6],
    [-128, 127, 100, 120, 126, 0, 5, 6, 7, 8, 9, 10],
    gives: [-128, 115, 29, 93, 112, -128, 89, 93, 96, 99, 102, 105],
    LogSoftmaxParameters(
      multiplier: factor(1_717_986_944, 24), reverse: factor(1_342_177_260, -23),
      minimumDifference: -124)),
  // 128 · 3/5 = 76.8 and 128 · 4/5 = 102.4.
  l2("a vector is divided by its length", [2], zeroPoint: 10, [13, 14], gives: [77, 102]),
  l2(
    "a length of 0 or 1 leaves the codes at 128 each, clamped", [3, 1], zeroPoint: 10,
    [10, 11, 9], gives: [0, 127, -128]),
  l2(
    "L2 normalization gives what TFLite Micro gives", [1, 1, 2, 5], zeroPoint: -7,
    [-128, 127, 33, -7, -100, -6, -8, -7, -5, -4],
    gives: [-75, 83, 25, 0, -58, 33, -33, 0, 66, 99]),
  // The filter's activation is 1 · 1 + 2 · 2 = 5, its memory [0, 5]: 7 + 3 · 5 = 22, − 1.
  OperatorCase("an SVDF of one filter", inputs: [[4, 5]], gives: [21]) { builder in
    let x = builder.input("x", [1, 2], zeroPoint: 3)
    let feature = builder.constant("feature", [1, 2], .int8, [1, 2])
    let time = builder.constant("time", [1, 2], .int16, [100, 3])
    let bias = builder.constant("bias", [1], .int32, [7])
    let state = builder.state("state", [1, 2], .int16)
    let y = builder.activation("y", [1, 1], zeroPoint: -1)
    builder.operation(
      "svdf", .svdf(SVDFParameters(rank: 1, feature: .one, time: .one)),
      [x, feature, time, bias, state], y)
    return y
  },
  // All gates but the cell's are σ(0) = ½, that one's tanh is 1: the cell, at a scale of 2^−11, is ½ and
  // then ¾; tanh ½ · ½ = 0.231 and tanh ¾ · ½ = 0.318 are 29.6 and 40.7 at a scale of 2^−7.
  OperatorCase("an LSTM of one unit and two steps", inputs: [[0, 0]], gives: [29, 40]) { builder in
    builder.addLSTM(
      LSTMSketch(
        inputWeights: [[0], [0], [0], [0]], recurrentWeights: [[0], [0], [0], [0]],
        biases: [[0], [0], [32_767], [0]],
        parameters: SequenceLSTMParameters(
          inputGate: .one, forgetGate: .one, cellGate: .one, outputGate: .one,
          forgetProduct: factor(1 << 30, -14), inputProduct: factor(1 << 30, -18),
          outputProduct: factor(1 << 30, -22), cellScaleExponent: -11)),
      shape: [1, 2, 1], units: 1, zeroPoint: -1)
  },
]

/// The numbers of an LSTM, in the order input, forget, cell, output gate.
struct LSTMSketch {
  var inputWeights: [[Int]]
  var recurrentWeights: [[Int]]
  var biases: [[Int]]
  var parameters: SequenceLSTMParameters
}

extension LSTMGate {
  /// Sums are taken as they are.
  static let one = LSTMGate(input: .one, recurrent: .one)
}

extension GraphBuilder {
  /// Adds an LSTM over an input of that shape and returns its output.
  mutating func addLSTM(
    _ sketch: LSTMSketch, shape: [Int], units: Int, inputZeroPoint: Int32 = 0, zeroPoint: Int32
  ) -> TensorIndex {
    let parameters = sketch.parameters
    let batches = shape[parameters.isTimeMajor ? 1 : 0]
    var inputs = [input("x", shape, zeroPoint: inputZeroPoint)]
    for (gate, weights) in sketch.inputWeights.enumerated() {
      inputs.append(constant("w\(gate)", [units, shape[2]], .int8, weights))
    }
    for (gate, weights) in sketch.recurrentWeights.enumerated() {
      inputs.append(constant("r\(gate)", [units, units], .int8, weights))
    }
    for (gate, bias) in sketch.biases.enumerated() {
      inputs.append(constant("b\(gate)", [units], .int32, bias))
    }
    inputs.append(state("hidden", [batches, units], .int8, zeroPoint: zeroPoint))
    inputs.append(
      state(
        "cell", [batches, units], .int16,
        scaleBits: UInt32(127 + parameters.cellScaleExponent) << 23))
    let y = activation("y", [shape[0], shape[1], units], zeroPoint: zeroPoint)
    operation("lstm", .sequenceLSTM(parameters), inputs, y)
    return y
  }
}
