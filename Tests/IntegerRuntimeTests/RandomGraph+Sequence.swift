import IntegerModel
import IntegerTestSupport

extension LSTMSketch {
  /// Weights and factors that keep gates and cells inside their range, mostly.
  static func random(
    _ generator: inout SplitMix64, features: Int, units: Int, clips: Bool = false
  ) -> LSTMSketch {
    func factor(_ shifts: ClosedRange<Int>) -> FixedPointMultiplier {
      FixedPointMultiplier(
        multiplier: Int32.random(in: (1 << 30)...Int32.max, using: &generator),
        shift: Int32(generator.integer(shifts)))
    }
    func gate() -> LSTMGate { LSTMGate(input: factor(-4...0), recurrent: factor(-4...0)) }
    func lists(_ count: Int, in range: ClosedRange<Int>) -> [[Int]] {
      (0..<4).map { _ in generator.codes(count, in: range) }
    }
    let exponent = generator.integer(-15 ... -9)
    return LSTMSketch(
      inputWeights: lists(units * features, in: -127...127),
      recurrentWeights: lists(units * units, in: -127...127),
      biases: lists(units, in: -20_000...20_000),
      parameters: SequenceLSTMParameters(
        inputGate: gate(), forgetGate: gate(), cellGate: gate(), outputGate: gate(),
        forgetProduct: FixedPointMultiplier(multiplier: 1 << 30, shift: -14),
        inputProduct: FixedPointMultiplier(multiplier: 1 << 30, shift: Int32(-29 - exponent)),
        outputProduct: factor(-23 ... -21), cellScaleExponent: Int32(exponent),
        cellClip: clips ? Int32(generator.integer(1...32_767)) : 0))
  }
}

// Operators in gemmlowp's fixed point, and those with a state: int8 whatever the graph's type.
extension RandomGraph {
  mutating func addLogSoftmax() {
    let shape = [generator.integer(1...3), generator.integer(1...40)]
    let x = builder.input("x", shape, zeroPoint: zeroPoint(.int8))
    let shift = Int32(generator.integer(19...26))
    let parameters = LogSoftmaxParameters(
      multiplier: FixedPointMultiplier(multiplier: 1 << 30, shift: shift),
      reverse: FixedPointMultiplier(multiplier: 1 << 30, shift: 2 - shift),
      minimumDifference: -31 << (26 - shift))
    let y = builder.activation("y", shape, zeroPoint: 127, scaleBits: 0x3d80_0000)
    builder.operation("op", .logSoftmax(parameters), [x], y)
  }

  mutating func addL2Normalization() {
    let shape = [generator.integer(1...3), generator.integer(1...40)]
    let x = builder.input("x", shape, zeroPoint: zeroPoint(.int8))
    let y = builder.activation("y", shape, scaleBits: 0x3c00_0000)
    builder.operation("op", .l2Normalization, [x], y)
  }

  mutating func addSVDF() {
    let type: ElementType = generator.pick([.int8, .int16])
    let (batches, features) = (generator.integer(1...3), generator.integer(1...9))
    let (units, rank, steps) = (
      generator.integer(1...4), generator.integer(1...3), generator.integer(1...5)
    )
    let filters = units * rank
    let limit = type == .int16 ? 2_000 : 127
    let x = builder.input("x", [batches, features], zeroPoint: zeroPoint(.int8))
    let feature = builder.constant(
      "feature", [filters, features], .int8,
      generator.codes(filters * features, in: -127...127))
    let time = builder.constant(
      "time", [filters, steps], type, generator.codes(filters * steps, in: -limit...limit))
    let bias = builder.constant(
      "bias", [units], .int32, generator.codes(units, in: -5_000...5_000))
    let state = builder.state(
      "state", [batches, filters * steps], type, zeroPoint: type == .int8 ? zeroPoint(.int8) : 0)
    let y = builder.activation("y", [batches, units], zeroPoint: zeroPoint(.int8))
    let parameters = SVDFParameters(
      rank: rank, feature: multiplier(bits: type == .int16 ? 10 : 17),
      time: multiplier(bits: type == .int16 ? 26 : 16))
    builder.operation("op", .svdf(parameters), [x, feature, time, bias, state], y)
  }

  mutating func addSequenceLSTM() {
    let (features, units) = (generator.integer(1...6), generator.integer(1...6))
    var sketch = LSTMSketch.random(
      &generator, features: features, units: units, clips: generator.integer(0...2) == 0)
    sketch.parameters.isTimeMajor = generator.integer(0...1) == 0
    _ = builder.addLSTM(
      sketch, shape: [generator.integer(1...3), generator.integer(1...3), features], units: units,
      inputZeroPoint: zeroPoint(.int8), zeroPoint: zeroPoint(.int8))
  }
}
