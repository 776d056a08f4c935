import IntegerModel
import IntegerTestSupport

extension RandomGraph {
  mutating func addAddition(subtracts: Bool) {
    let (x1, x2, shape) = broadcastInputs()
    func input() -> FixedPointMultiplier {
      var value = multiplier(bits: codeBits)
      value.shift = min(value.shift, 0)
      return value
    }
    let leftShifts: [Int32] = type == .int16 ? [15, 15, 15, 0, 1] : [20, 20, 20, 0, 21]
    let parameters = AddParameters(
      leftShift: generator.pick(leftShifts), first: input(), second: input(),
      output: multiplier(bits: generator.integer(20...27) + (type == .int16 ? 3 : 0)),
      clamp: clamp(type))
    builder.operation(
      "op", subtracts ? .subtract(parameters) : .add(parameters), [x1, x2], output(shape))
  }

  mutating func addMultiplication() {
    let (x1, x2, shape) = broadcastInputs()
    let parameters = MultiplyParameters(
      multiplier: multiplier(bits: type == .int16 ? 30 : 14), clamp: clamp(type))
    builder.operation("op", .multiply(parameters), [x1, x2], output(shape))
  }

  mutating func addRequantization() {
    let x = input("x", smallShape())
    let y = output(
      builder.graph.tensors[x].shape,
      generator.pick([.int8, .int8, .uint8, .uint8, .int16, .int32]))
    builder.operation("op", .requantize(multiplier(bits: codeBits)), [x], y)
  }

  mutating func addLeakyRelu() {
    let x = input("x", smallShape())
    let parameters = LeakyReluParameters(
      positive: multiplier(bits: codeBits), negative: multiplier(bits: codeBits))
    builder.operation(
      "op", .leakyRelu(parameters), [x], output(builder.graph.tensors[x].shape))
  }

  mutating func addInterpolatedFunction() {
    let x = builder.input("x", smallShape(), .int16)
    let parameters = InterpolatedFunctionParameters(
      function: generator.pick([.logistic, .tanh]),
      multiplier: Int32(generator.pick([1, 3, 6, 32_767, generator.integer(1...32_767)])),
      shift: Int32(generator.pick([0, 1, 30, generator.integer(0...30)])))
    let y = builder.activation(
      "y", builder.graph.tensors[x].shape, .int16, scaleBits: 0x3800_0000)
    builder.operation("op", .interpolatedFunction(parameters), [x], y)
  }

  /// Bits of a code without its sign.
  private var codeBits: Int { type == .int16 ? 15 : 7 }

  mutating func addLookup() {
    let x = input("x", generator.pick([smallShape(), [9000]]))
    let y = output(builder.graph.tensors[x].shape, generator.pick([.int8, .uint8]))
    let table = ConstantBytes(
      copying: generator.codes(256, in: 0...255).map { UInt8($0) })
    builder.operation(
      "op", .lookup(LookupParameters(function: .custom, table: table)), [x], y)
  }

  mutating func addPRelu() {
    let shape = [generator.integer(1...2), generator.integer(1...4), generator.integer(1...9)]
    let x = input("x", shape)
    let alphaType = generator.pick([ElementType.int8, .uint8])
    let alphaShape = generator.pick([[shape[2]], [1], [1, shape[1], shape[2]], shape])
    let zeroPoint = zeroPoint(alphaType)
    let alpha = builder.constant(
      "alpha", alphaShape, alphaType, zeroPoint: zeroPoint,
      generator.codes(
        alphaShape.reduce(1, *), in: alphaType == .uint8 ? 0...255 : -128...127))
    let parameters = PReluParameters(
      positive: multiplier(bits: 7), negative: multiplier(bits: 14))
    builder.operation("op", .prelu(parameters), [x, alpha], output(shape))
  }

  mutating func addSoftmax() {
    let x = input("x", generator.pick([[1], [2, 5], [3, 1], [1, 1001], [2, 2, 17], [300, 2]]))
    let isWide = type == .int16
    let result = type == .int8 && generator.integer(0...3) == 0 ? .int16 : type
    let scaleBits: UInt32 = isWide ? 0x3800_0000 : result == .int16 ? 0x3780_0000 : 0x3b80_0000
    let y = builder.activation(
      "y", builder.graph.tensors[x].shape, result,
      zeroPoint: isWide ? 0 : Int32(result.minimumCode), scaleBits: scaleBits)
    let parameters = SoftmaxParameters(
      multiplier: FixedPointMultiplier(
        multiplier: Int32.random(in: (1 << 30)...Int32.max, using: &generator),
        shift: Int32(isWide ? generator.integer(-12...4) : generator.integer(0...23))),
      minimumDifference: isWide ? 0 : Int32(-generator.integer(0...248)))
    builder.operation("op", .softmax(parameters), [x], y)
  }

  /// Two inputs and the shape they give together: equal, or one of them repeated along some axes.
  private mutating func broadcastInputs() -> (TensorIndex, TensorIndex, [Int]) {
    let shape = generator.pick([
      smallShape(), [2, 5, 5, 8], [1, 3, 3, 9], [4096], [3, 4096], [2, 3, 1, 4, 5, 3],
    ])
    var other = shape
    switch generator.integer(0...5) {
    case 0: other = Array(shape.suffix(1))
    case 1: other = []
    case 2: other[shape.count - 1] = 1
    case 3: for axis in shape.indices where generator.integer(0...1) == 0 { other[axis] = 1 }
    default: break
    }
    let (first, second) = generator.integer(0...1) == 0 ? (shape, other) : (other, shape)
    let x1 = input("x1", first)
    let x2 = input("x2", second)
    return (x1, x2, broadcastShape(first, second) ?? shape)
  }

  mutating func smallShape() -> [Int] {
    (0..<generator.integer(0...4)).map { _ in generator.integer(1...9) }
  }
}
