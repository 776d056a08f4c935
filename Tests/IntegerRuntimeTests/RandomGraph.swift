import IntegerModel
import IntegerTestSupport

/// A random valid graph of one operation: shapes with every remainder, zero points and weights at
/// their limits, multipliers from nearly nothing to saturation.
struct RandomGraph {
  var generator: SplitMix64
  var builder: GraphBuilder
  /// The type of the activations.
  let type: ElementType

  /// Adds an operation of that family, on activations of one of its types or of `type`.
  init(
    seed: UInt64, arithmetic: ArithmeticProfile, _ family: OperatorFamily,
    type: ElementType? = nil
  ) {
    generator = SplitMix64(seed: seed)
    builder = GraphBuilder(arithmetic: arithmetic)
    let types: [ElementType] = [.int8, .int8, .uint8] + (family.takesInt16 ? [.int16] : [])
    let picked = generator.pick(types)
    self.type = type ?? picked
    family.makeRandom(&self)
    builder.graph.outputs = builder.graph.operations[0].outputs
  }

  /// Codes for the graph's inputs.
  mutating func inputs() -> [[Int]] {
    builder.graph.inputs.map { index in
      let tensor = builder.graph.tensors[index]
      return generator.codes(
        tensor.elementCount, in: tensor.name == "indices" ? -2...6 : tensor.elementType.codes)
    }
  }

  // MARK: Parts

  mutating func zeroPoint(_ type: ElementType) -> Int32 {
    type == .uint8 || type == .int8 ? Int32(generator.codes(1, in: type.codes)[0]) : 0
  }

  mutating func input(_ name: String, _ shape: [Int], zeroPoint: Int32? = nil) -> TensorIndex {
    builder.input(name, shape, type, zeroPoint: zeroPoint ?? self.zeroPoint(type))
  }

  mutating func output(_ shape: [Int], _ type: ElementType? = nil) -> TensorIndex {
    let type = type ?? self.type
    return builder.activation("y", shape, type, zeroPoint: zeroPoint(type))
  }

  /// An output of the codes that `x` has.
  mutating func copiedOutput(of x: TensorIndex, _ shape: [Int]) -> TensorIndex {
    builder.activation("y", shape, type, zeroPoint: builder.graph.tensors[x].zeroPoint)
  }

  mutating func clamp(_ type: ElementType) -> CodeRange {
    let range = type.codes
    guard generator.integer(0...2) == 0 else {
      return CodeRange(minimum: Int32(range.lowerBound), maximum: Int32(range.upperBound))
    }
    let limits = [generator.integer(range), generator.integer(range)].sorted()
    return CodeRange(minimum: Int32(limits[0]), maximum: Int32(limits[1]))
  }

  /// A multiplier that brings values of that many bits to codes, mostly.
  mutating func multiplier(bits: Int, greatestShift: Int = 30) -> FixedPointMultiplier {
    let codeBits = type == .int16 ? 15 : 7
    let shift: Int =
      switch generator.integer(0...9) {
      case 0: generator.integer(-31...greatestShift)
      case 1: generator.integer(-2...2)
      default: min(max(codeBits - bits + generator.integer(-2...2), -31), greatestShift)
      }
    let value = generator.pick([
      Int32(1) << 30, Int32.max, Int32.random(in: (1 << 30)...Int32.max, using: &generator),
    ])
    return FixedPointMultiplier(
      multiplier: generator.integer(0...30) == 0 ? 0 : value, shift: Int32(shift))
  }

  /// One multiplier or one per channel.
  mutating func multipliers(
    _ channels: Int, bits: Int, _ accumulator: AccumulatorType
  ) -> [FixedPointMultiplier] {
    let count = generator.integer(0...2) == 0 ? 1 : channels
    return (0..<count).map { _ in
      multiplier(bits: bits, greatestShift: accumulator == .int64 ? 7 : 30)
    }
  }

  /// 64 bits for most 16-bit activations, as converters write them, and where `depth` products of
  /// such need more than 32.
  mutating func accumulator(depth: Int) -> AccumulatorType {
    guard type == .int16 else { return .int32 }
    let fits = depth * greatestProduct < Int(Int32.max)
    return generator.integer(0...3) > 0 || !fits ? .int64 : .int32
  }

  /// Greatest magnitude of the product of an activation and a weight.
  private var greatestProduct: Int { type == .int16 ? 128 * 32_768 : 255 * 255 }

  /// Weights of a random type that goes with the activations.
  mutating func weights(_ shape: [Int]) -> TensorIndex {
    let count = shape.reduce(1, *)
    switch generator.integer(0...5) {
    case 0: return builder.constant("w", shape, .int4, generator.codes(count, in: -8...7))
    case 1 where type == .uint8, 2 where type == .uint8:
      let zeroPoint = zeroPoint(.uint8)
      let codes = generator.codes(count, in: 0...255)
      return builder.constant("w", shape, .uint8, zeroPoint: zeroPoint, codes)
    case 3: return builder.constant("w", shape, .int8, (0..<count).map { _ in 127 })
    case 4: return builder.constant("w", shape, .int8, (0..<count).map { _ in -128 })
    default: return builder.constant("w", shape, .int8, generator.codes(count, in: -127...127))
    }
  }

  /// Biases; now and then so great that the accumulators need all their bits.
  mutating func bias(
    _ channels: Int, depth: Int, _ accumulator: AccumulatorType
  ) -> TensorIndex {
    let greatest = accumulator == .int64 ? (1 << 47) - 1 : Int(Int32.max)
    let rest = greatest - depth * greatestProduct
    let limit =
      switch generator.integer(0...5) {
      case 0: rest
      case 1: 0
      default: min(100_000 * (type == .int16 ? 256 : 1), rest)
      }
    return builder.constant(
      "b", [channels], accumulator == .int64 ? .int64 : .int32,
      generator.codes(channels, in: -limit...limit))
  }
}

/// Bits of a positive number.
func bits(_ value: Int) -> Int { Int.bitWidth - value.leadingZeroBitCount }
