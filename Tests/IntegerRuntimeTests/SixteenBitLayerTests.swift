import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import Testing

@Suite("Layers of 16-bit activations have kernels of their own")
struct SixteenBitLayerTests {
  @Test(
    "whose sums are exact, whatever the codes and however many",
    arguments: [
      1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65, 479, 480, 481, 511, 512, 960, 1279, 1441, 4099,
    ])
  func exactSums(depth: Int) throws {
    var generator = SplitMix64(seed: UInt64(depth))
    for (number, codes) in extremes.enumerated() {
      // Sums as they are, and with ten bits more than codes have, which are scaled on another path.
      let unit = (number + depth / 2) % 2 == 0 ? 1 : 1024
      // Few rows and many have different kernels.
      let shape = (number + depth) % 5
      let (rows, outputs) = ([1, 9, 2, 4, 7][shape], [3, 17, 34, 6, 50][shape])
      let x = generator.codes(rows * depth, in: codes.activations)
      let w = generator.codes(outputs * depth, in: codes.weights)
      for row in 0..<rows {
        // Biases that leave of the sums of one row what fits into a code.
        let sums = (0..<outputs).map { output in
          (0..<depth).reduce(0) { $0 + x[row * depth + $1] * w[output * depth + $1] }
        }
        let expected = generator.codes(outputs, in: -32_768...32_767)
        let bias = zip(expected, sums).map { $0 * unit - $1 }
        for (table, threads) in everyTable {
          let interpreter = try interpreter(
            layer(rows: rows, depth: depth, weights: w, bias: bias, unit: unit), table,
            threads: threads)
          #expect(interpreter.kernelName(of: 0) == table.rawValue)
          let all = interpreter.codes(for: [x])
          #expect(
            Array(all[row * outputs..<(row + 1) * outputs]) == expected,
            "\(table.rawValue), \(threads) threads, case \(number), row \(row)")
        }
      }
    }
  }

  @Test("if they are fully connected", arguments: UInt64(0)..<150)
  func fullyConnected(seed: UInt64) throws {
    try expectAgreement(seed: seed, .fullyConnected) { _ in true }
  }

  @Test("if they are convolutions of one group", arguments: UInt64(0)..<400)
  func convolution(seed: UInt64) throws {
    try expectAgreement(seed: seed, .convolution) { graph in
      let shapes = graph.operations[0].inputs.map { graph.tensors[$0].shape }
      return shapes[1][3] == shapes[0][3]
    }
  }

  @Test("if they are depthwise with one output per input", arguments: UInt64(0)..<400)
  func depthwise(seed: UInt64) throws {
    try expectAgreement(seed: seed, .depthwiseConvolution) { graph in
      let shapes = graph.operations[0].inputs.map { graph.tensors[$0].shape }
      return shapes[1][3] == shapes[0][3] || shapes[0][3] == 1
    }
  }

  @Test(
    "if they are sums or differences of arrays neither of which repeats an element in a row",
    arguments: UInt64(0)..<200)
  func addition(seed: UInt64) throws {
    try expectAgreement(seed: seed, seed % 2 == 0 ? .add : .subtract) { graph in
      let operation = graph.operations[0]
      let shapes = (operation.inputs + operation.outputs).map { Extents(graph.tensors[$0].shape) }
      guard let rows = BroadcastRows(shapes[0], shapes[1], onto: shapes[2]) else { return false }
      return rows.length == 1 || rows.first.element == 1 && rows.second.element == 1
    }
  }

  @Test("if they are means or sums over axes that follow each other", arguments: UInt64(0)..<200)
  func reduction(seed: UInt64) throws {
    try expectAgreement(seed: seed, seed % 2 == 0 ? .mean : .sum) { graph in
      switch graph.operations[0].kind {
      case .mean(let parameters), .sum(let parameters):
        zip(parameters.axes, parameters.axes.dropFirst()).allSatisfy { $1 == $0 + 1 }
      default: false
      }
    }
  }

  @Test("if they make 8-bit codes of them", arguments: UInt64(0)..<100)
  func requantization(seed: UInt64) throws {
    try expectAgreement(seed: seed, .requantize) { graph in
      graph.tensors[graph.operations[0].outputs[0]].elementType.byteCount(of: 1) == 1
    }
  }

  @Test("whose sums are exact, too, with as many taps as 32 bits hold", arguments: [24, 25])
  func exactDepthwiseSums(width: Int) throws {
    var generator = SplitMix64(seed: UInt64(width))
    let (height, channels) = (20, 5)
    for (number, codes) in extremes.enumerated() {
      let unit = number % 2 == 0 ? 1024 : 1
      let x = generator.codes(height * width * channels, in: codes.activations)
      let w = generator.codes(height * width * channels, in: codes.weights)
      let expected = generator.codes(channels, in: -32_768...32_767)
      let bias = (0..<channels).map { channel in
        stride(from: channel, to: x.count, by: channels).reduce(expected[channel] * unit) {
          $0 - x[$1] * w[$1]
        }
      }
      var builder = GraphBuilder()
      let input = builder.input("x", [1, height, width, channels], .int16)
      let weights = builder.constant("w", [1, height, width, channels], .int8, w)
      let b = builder.constant("b", [channels], .int64, bias)
      let y = builder.activation("y", [1, 1, 1, channels], .int16)
      let parameters = ConvolutionParameters(
        stride: SpatialPair(1), padding: SpatialPadding(), multipliers: [multiplier(unit)],
        clamp: .int16, accumulator: .int64)
      builder.operation("op", .depthwiseConvolution(parameters), [input, weights, b], y)
      builder.graph.outputs = [y]
      for (table, threads) in everyTable {
        let interpreter = try interpreter(builder.graph, table, threads: threads)
        #expect(
          interpreter.kernelName(of: 0) == (height * width <= 480 ? table.rawValue : "reference"))
        #expect(interpreter.codes(for: [x]) == expected, "\(table.rawValue), case \(number)")
      }
    }
  }

  // MARK: Parts

  /// Every table with one to four threads.
  private let everyTable = KernelAgreementTests.tables.enumerated().flatMap { index, table in
    [(table, index % 4 + 1), (table, (index + 2) % 4 + 1)]
  }

  /// Codes at their limits: the greatest sums and the least, both signs by chance, all codes.
  private let extremes: [(activations: ClosedRange<Int>, weights: ClosedRange<Int>)] = [
    (-32_768...(-32_768), -128...(-128)), (-32_768...(-32_768), 127...127),
    (32_767...32_767, -128...(-128)), (-32_768...(-32_767), -128...(-127)),
    (-32_768...32_767, -128...127),
  ]

  /// y = (Σ w·x + b) / unit, of quotients that fit into a code.
  private func layer(
    rows: Int, depth: Int, weights: [Int], bias: [Int], unit: Int
  ) -> IntegerGraph {
    var builder = GraphBuilder()
    let x = builder.input("x", [rows, depth], .int16)
    let w = builder.constant("w", [bias.count, depth], .int8, weights)
    let b = builder.constant("b", [bias.count], .int64, bias)
    let y = builder.activation("y", [rows, bias.count], .int16)
    let parameters = FullyConnectedParameters(
      multipliers: [multiplier(unit)], clamp: .int16, accumulator: .int64)
    builder.operation("op", .fullyConnected(parameters), [x, w, b], y)
    builder.graph.outputs = [y]
    return builder.graph
  }

  /// 1 / unit, a power of two.
  private func multiplier(_ unit: Int) -> FixedPointMultiplier {
    FixedPointMultiplier(multiplier: 1 << 30, shift: Int32(1 - unit.trailingZeroBitCount))
  }

  private func interpreter(
    _ graph: IntegerGraph, _ kernels: KernelChoice, threads: Int
  ) throws -> Interpreter {
    var options = RunOptions(kernels: kernels, threads: threads)
    options.parallelWork = 0
    return try Interpreter(graph: graph, options: options)
  }

  /// Every table gives the codes of the reference, by a kernel of its own where it should.
  private func expectAgreement(
    seed: UInt64, _ family: OperatorFamily, _ hasKernel: (IntegerGraph) -> Bool
  ) throws {
    let profiles = ArithmeticProfile.ofEveryModel
    var random = RandomGraph(
      seed: seed, arithmetic: profiles[Int(seed) % profiles.count], family, type: .int16)
    let (graph, inputs) = (random.builder.graph, random.inputs())
    let expected = try Interpreter(graph: graph, options: RunOptions(kernels: .reference))
      .codes(for: inputs)
    for (table, threads) in everyTable {
      let interpreter = try interpreter(graph, table, threads: threads)
      #expect(
        interpreter.kernelName(of: 0) == (hasKernel(graph) ? table.rawValue : "reference"))
      #expect(
        interpreter.codes(for: inputs) == expected, "\(table.rawValue), \(threads) threads")
    }
  }
}
