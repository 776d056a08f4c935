import Diagnostics
import IntegerModel
import IntegerTestSupport
import Testing

@Suite("The headroom of an accumulator is how often its worst case can be doubled")
struct AccumulatorHeadroomTests {
  @Test("a hand-worked channel: 3 · 130 + 10 = 400 leaves 22 bits")
  func handWorked() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [1, 3], zeroPoint: -3)
    let weights = builder.constant("w", [2, 3], .int8, [1, -1, 1, 0, 0, 0])
    let bias = builder.constant("b", [2], .int32, [-10, 0])
    let y = builder.activation("y", [1, 2])
    builder.operation(
      "fc", .fullyConnected(FullyConnectedParameters(multipliers: [.half], clamp: .int8)),
      [x, weights, bias], y)
    builder.graph.outputs = [y]
    try builder.graph.validate()
    // 400 · 2^22 < 2^31 ≤ 400 · 2^23; a channel that is always 0 leaves all 31.
    #expect(builder.graph.accumulatorHeadroom(of: 0) == [22, 31])
  }

  @Test("a 64-bit accumulator may use 47 bits: 2 · 32768 + 2^40 leaves 6")
  func wide() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [1, 2], .int16)
    let weights = builder.constant("w", [3, 2], .int8, [1, -1, 0, 0, 0, 0])
    let bias = builder.constant("b", [3], .int64, [1 << 40, (1 << 47) - 1, 0])
    let y = builder.activation("y", [1, 3], .int16)
    builder.operation(
      "fc",
      .fullyConnected(
        FullyConnectedParameters(multipliers: [.half], clamp: .int16, accumulator: .int64)),
      [x, weights, bias], y)
    builder.graph.outputs = [y]
    try builder.graph.validate()
    #expect(builder.graph.accumulatorHeadroom(of: 0) == [6, 0, 47])
  }

  @Test("an operator without weights has none")
  func none() {
    var builder = GraphBuilder()
    let x = builder.input("x", [4])
    let y = builder.activation("y", [2, 2])
    builder.operation("reshape", .reshape, [x], y)
    #expect(builder.graph.accumulatorHeadroom(of: 0) == nil)
  }

  @Test(
    "every layout of weights is summed by output channel",
    arguments: [ElementType.int8, .int4, .uint8], [UInt64(1), 2, 3])
  func layouts(type: ElementType, seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let codes: ClosedRange<Int> =
      switch type {
      case .int8: -128...127
      case .int4: -8...7
      default: 0...255
      }
    let weightZeroPoint = type == .uint8 ? generator.integer(0...255) : 0
    let activation: ElementType = type == .uint8 ? .uint8 : .int8
    let zeroPoint =
      activation == .uint8 ? generator.integer(0...255) : generator.integer(-128...127)
    let span =
      activation == .uint8 ? max(255 - zeroPoint, zeroPoint) : max(127 - zeroPoint, 128 + zeroPoint)

    for kind in 0..<3 {
      let channels = 6
      let shape = [[channels, 3, 3, 2], [1, 3, 3, channels], [channels, 2]][kind]
      let values = generator.codes(shape.reduce(1, *), in: codes)
      let biases = generator.codes(channels, in: -1_000_000...1_000_000)
      var builder = GraphBuilder()
      let x = builder.input("x", [1, 5, 5, 2], activation, zeroPoint: Int32(zeroPoint))
      let w = builder.constant("w", shape, type, zeroPoint: Int32(weightZeroPoint), values)
      let b = builder.constant("b", [channels], .int32, biases)
      let y = builder.activation(
        "y", kind == 2 ? [1, 5, 5, channels] : [1, 3, 3, channels], activation)
      let clamp: CodeRange = activation == .uint8 ? .uint8 : .int8
      let convolution = ConvolutionParameters(
        stride: SpatialPair(1), padding: SpatialPadding(), multipliers: [.half], clamp: clamp)
      let fully = FullyConnectedParameters(multipliers: [.half], clamp: clamp)
      let kinds: [OperatorKind] = [
        .convolution(convolution), .depthwiseConvolution(convolution), .fullyConnected(fully),
      ]
      builder.operation("op", kinds[kind], [x, w, b], y)
      builder.graph.outputs = [y]
      try builder.graph.validate()

      var expected: [Int] = []
      for channel in 0..<channels {
        var bound = abs(biases[channel])
        for (index, value) in values.enumerated() {
          let owner = kind == 1 ? index % channels : index / (values.count / channels)
          if owner == channel { bound += abs(value - weightZeroPoint) * span }
        }
        var bits = 0
        while bound << (bits + 1) < 1 << 31 { bits += 1 }
        expected.append(bits)
      }
      #expect(builder.graph.accumulatorHeadroom(of: 0) == expected, "seed \(seed), kind \(kind)")
    }
  }

  @Test(
    "a graph validates up to the last bias that the bound allows",
    arguments: [ElementType.int8, .int4, .uint8], UInt64(1)...4)
  func edge(type: ElementType, seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    // The seeds differ in how far the weights stay below the greatest of their type.
    let greatest = [ElementType.int8: 128, .int4: 8, .uint8: 255][type, default: 0] >> (seed - 1)
    let weights = generator.codes(40, in: (type == .uint8 ? 0 : -greatest)...(greatest - 1))
    let sums = (0..<2).map { channel in
      weights[channel * 20..<channel * 20 + 20].reduce(0) { $0 + abs($1) * 255 }
    }
    for sign in [1, -1] {
      for excess in [0, 1] {
        var builder = GraphBuilder()
        let codes: ElementType = type == .uint8 ? .uint8 : .int8
        let clamp: CodeRange = type == .uint8 ? .uint8 : .int8
        let x = builder.input("x", [1, 20], codes, zeroPoint: type == .uint8 ? 0 : -128)
        let w = builder.constant("w", [2, 20], type, weights)
        let b = builder.constant(
          "b", [2], .int32, [0, sign * ((1 << 31) - 1 - sums[1] + excess)])
        let y = builder.activation("y", [1, 2], codes)
        builder.operation(
          "op", .fullyConnected(FullyConnectedParameters(multipliers: [.half], clamp: clamp)),
          [x, w, b], y)
        builder.graph.outputs = [y]
        guard excess == 1 else {
          try builder.graph.validate()
          continue
        }
        #expect(throws: Diagnostic.self, "seed \(seed)") { try builder.graph.validate() }
      }
    }
  }
}
