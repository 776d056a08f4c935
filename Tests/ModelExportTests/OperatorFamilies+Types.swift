import IntegerModel
import OperatorArithmetic

extension OperatorFamily {
  /// Operators on 16-bit activations with 8-bit weights.
  static let wide: [OperatorFamily] = {
    let all = linear + elementwise + functions + reductions + arrangements
    let everywhere = [
      "convolution", "depthwise convolution", "transposed convolution", "average pool",
      "max pool", "add", "subtract", "multiply", "requantize", "minimum", "maximum", "mean",
      "concatenation", "reshape", "transpose", "strided slice", "fully connected",
    ]
    // LiteRT has no SUM.
    let onDevices = ["sum", "leaky relu by multipliers"]
    // TFLite Micro pads with the zero point alone, and neither resizes nor gathers.
    let onComputers = ["pad", "resize bilinear", "resize nearest"]
    return named(everywhere, in: all).map { $0.on(.int16) } + [softmax.on(.int16)]
      + interpolated.map { $0.on(.int16) }
      + named(onDevices, in: all).map { $0.on(.int16, [.micro]) }
      + named(onComputers, in: all).map { $0.on(.int16, [.reference, .default]) }
  }()

  private static let softmax = OperatorFamily(name: "softmax") { sketch in
    let codes = sketch.codes()
    let shape = sketch.shape(rank: 2, upTo: 40)
    let x = sketch.input(shape, codes)
    let y = sketch.activation(
      "y", shape, AffineCodes(scale: 1 / 32768, zeroPoint: 0, elementType: .int16))
    let beta = sketch.random.pick([1, 1, 1, 0.5 + sketch.fraction()])
    sketch.finish(.softmax(try sketch.derivation.softmax(input: codes, beta: beta)), [x], y)
  }

  /// Functions of 16-bit codes.
  private static let interpolated = [UnaryFunction.logistic, .tanh].map { function in
    OperatorFamily(name: function.name) { try $0.drawInterpolated(function) }
  }

  /// Operators on uint8, and layers whose weights take 4 bits.
  static let others: [OperatorFamily] = {
    let all = linear + elementwise + reductions + arrangements
    let unsigned = [
      "convolution", "depthwise convolution", "fully connected", "average pool", "max pool",
      "add", "subtract", "multiply", "requantize", "minimum", "maximum", "mean", "concatenation",
      "pad", "reshape", "transpose", "strided slice", "resize bilinear", "resize nearest",
    ]
    return named(unsigned, in: all).map { $0.on(.uint8, weights: .uint8, [.reference]) }
      + named(["convolution", "depthwise convolution"], in: all).map {
        $0.on(.int8, weights: .int4)
      }
      // TFLite Micro takes those of one scale alone.
      + named(["fully connected"], in: all).map {
        $0.on(.int8, weights: .int4, [.reference, .default])
      }
  }()

  /// Recurrent layers.
  static let sequences = [
    OperatorFamily(name: "sequence LSTM") { try $0.drawLSTM() },
    OperatorFamily(name: "SVDF") { try $0.drawSVDF() },
  ]
}

extension OperatorSketch {
  fileprivate mutating func drawInterpolated(_ function: UnaryFunction) throws {
    // Powers of two, which kernels treat apart, those beside them, and any others.
    let power = Float(sign: .plus, exponent: random.integer(-14 ... -9), significand: 1)
    let factor = random.pick([1, 1 + fraction() / 1000, 1 + fraction()])
    let codes = AffineCodes(scale: power * factor, zeroPoint: 0, elementType: .int16)
    let x = input([1024], codes)
    let y = activation(
      "y", [1024], AffineCodes(scale: 1 / 32768, zeroPoint: 0, elementType: .int16))
    finish(
      .interpolatedFunction(try derivation.interpolated(function, input: codes)), [x], y)
  }

  /// A tensor that keeps its codes from run to run.
  private mutating func state(_ name: String, _ shape: [Int], _ codes: AffineCodes) -> TensorIndex {
    let index = activation(name, shape, codes)
    graph.tensors[index].isState = true
    return index
  }

  mutating func drawLSTM() throws {
    let (batches, steps) = (random.integer(1...2), random.integer(1...4))
    let (features, units) = (random.integer(1...6), random.integer(1...6))
    let isTimeMajor = random.integer(0...1) == 0
    let codes = codes()
    let hidden = AffineCodes(scale: (1 + fraction()) / 128, zeroPoint: zeroPoint())
    let cellScale = Float(sign: .plus, exponent: random.integer(-13 ... -9), significand: 1)
    let x = input(isTimeMajor ? [steps, batches, features] : [batches, steps, features], codes)
    var inputs = [x]
    var gates: [LSTMGateScales] = []
    for _ in 0..<4 { gates.append(LSTMGateScales(input: scale() / 64, recurrent: scale() / 16)) }
    for gate in gates {
      inputs.append(weights([units, features], scales: [gate.input], axis: 0))
    }
    for gate in gates {
      inputs.append(weights([units, units], scales: [gate.recurrent], axis: 0))
    }
    for gate in gates { inputs.append(bias(units, input: codes, scales: [gate.input])) }
    inputs.append(state("hidden", [batches, units], hidden))
    inputs.append(
      state(
        "cell", [batches, units],
        AffineCodes(scale: cellScale, zeroPoint: 0, elementType: .int16)))
    let y = activation(
      "y", isTimeMajor ? [steps, batches, units] : [batches, steps, units], hidden)
    finish(
      .sequenceLSTM(
        try derivation.sequenceLSTM(
          input: codes, hidden: hidden, inputGate: gates[0], forgetGate: gates[1],
          cellGate: gates[2], outputGate: gates[3], cellScale: cellScale,
          cellClip: random.pick([0, 0, 1.5, 10]), isTimeMajor: isTimeMajor)), inputs, y)
  }

  mutating func drawSVDF() throws {
    let (batches, features) = (random.integer(1...2), random.integer(1...8))
    let (rank, units, memory) = (
      random.integer(1...3), random.integer(1...4), random.integer(1...5)
    )
    let filters = rank * units
    let codes = codes()
    let featureScale = scale() / 64
    let state = AffineCodes(
      scale: codes.scale * featureScale * (1 + fraction()), zeroPoint: 0, elementType: .int16)
    let timeScale = scale() / 256
    let result = AffineCodes(
      scale: state.scale * timeScale * 16384 * Float(memory).squareRoot() * 64,
      zeroPoint: zeroPoint())
    let x = input([batches, features], codes)
    let w = weights([filters, features], scales: [featureScale], axis: 0)
    let t = constant(
      "time", [filters, memory],
      AffineCodes(scale: timeScale, zeroPoint: 0, elementType: .int16))
    let b = bias(units, input: state, scales: [timeScale])
    graph.tensors[b] = TensorDescription(
      name: "b", shape: [units], elementType: .int32, quantization: graph.tensors[b].quantization,
      constant: ConstantBytes((0..<units).map { _ in random.integer(-20000...20000) }, as: .int32))
    let memoryState = self.state("state", [batches, filters * memory], state)
    let y = activation("y", [batches, units], result)
    finish(
      .svdf(
        try derivation.svdf(
          input: codes, featureScale: featureScale, timeScale: timeScale,
          stateScale: state.scale, output: result, rank: rank)), [x, w, t, b, memoryState], y)
  }
}
