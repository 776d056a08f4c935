import Diagnostics
import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import Testing

@Suite("A state keeps its codes from run to run")
struct StateTests {
  /// One filter over two inputs with a memory of three steps, its time weights 1, 10 and 100.
  private func memory(_ type: ElementType, zeroPoint: Int32 = 0) -> IntegerGraph {
    var builder = GraphBuilder()
    let x = builder.input("x", [1, 1])
    let feature = builder.constant("feature", [1, 1], .int8, [1])
    let time = builder.constant("time", [1, 3], type, [1, 10, 100])
    let bias = builder.constant("bias", [1], .int32, [0])
    let state = builder.state("state", [1, 3], type, zeroPoint: zeroPoint)
    let y = builder.activation("y", [1, 1])
    builder.operation(
      "svdf", .svdf(SVDFParameters(rank: 1, feature: .one, time: .half)),
      [x, feature, time, bias, state], y)
    builder.graph.outputs = [y]
    return builder.graph
  }

  @Test(
    "an SVDF remembers the last steps, oldest first, and forgets with a reset",
    arguments: [ElementType.int8, .int16])
  func svdf(_ type: ElementType) throws {
    let interpreter = try Interpreter(graph: memory(type))
    // Half of 100·a + 10·b + c for the last three inputs a, b, c, saturated.
    #expect([2, 0, 0, 0, 1].map { interpreter.codes(for: [[$0]])[0] } == [100, 10, 1, 0, 50])
    interpreter.resetState()
    #expect([2, 0, 0].map { interpreter.codes(for: [[$0]])[0] } == [100, 10, 1])
  }

  @Test("a state begins, and begins again, at its zero point")
  func zeroPoint() throws {
    let interpreter = try Interpreter(graph: memory(.int8, zeroPoint: 5))
    let state = interpreter.graph.operations[0].inputs[4]
    #expect(interpreter.codes(of: state) == [5, 5, 5])
    #expect(interpreter.codes(for: [[-1]]) == [-50])
    #expect(interpreter.codes(of: state) == [5, 5, 4])
    interpreter.resetState()
    #expect(interpreter.codes(of: state) == [5, 5, 5])
    // Without the zero point added before it saturates, 127 + 5 would wrap around to −124.
    #expect(interpreter.codes(for: [[127]]) == [127])
    #expect(interpreter.codes(of: state) == [5, 5, 127])
  }

  @Test("a sequence in one run, in pieces, and step by step give the same codes", arguments: 1...20)
  func pieces(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let (features, units, steps) = (
      generator.integer(1...5), generator.integer(1...6), generator.integer(2...6)
    )
    let sketch = LSTMSketch.random(&generator, features: features, units: units)
    func interpreter(_ steps: Int) throws -> Interpreter {
      var builder = GraphBuilder()
      let y = builder.addLSTM(
        sketch, shape: [1, steps, features], units: units, inputZeroPoint: 3, zeroPoint: -9)
      builder.graph.outputs = [y]
      return try Interpreter(graph: builder.graph)
    }
    let codes = generator.codes(steps * features, in: -128...127)
    let expected = try interpreter(steps).codes(for: [codes])
    let single = try interpreter(1)
    let found = (0..<steps).flatMap { step in
      single.codes(for: [Array(codes[step * features..<(step + 1) * features])])
    }
    #expect(found == expected, "seed \(seed)")
    let whole = try interpreter(steps)
    let first = whole.codes(for: [codes])
    let second = whole.codes(for: [codes])
    whole.resetState()
    #expect(whole.codes(for: [codes]) == first)
    // The second run starts from what the first left behind.
    #expect(try interpreter(2 * steps).codes(for: [codes + codes]) == first + second)
  }

  @Test("batches do not see each other, whatever the order of axes", arguments: 1...20)
  func batches(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let (features, units, steps) = (2, generator.integer(1...4), 3)
    var sketch = LSTMSketch.random(&generator, features: features, units: units)
    let rows = (0..<2).map { _ in generator.codes(steps * features, in: -128...127) }
    func run(_ shape: [Int], _ codes: [Int]) throws -> [Int] {
      var builder = GraphBuilder()
      let y = builder.addLSTM(sketch, shape: shape, units: units, zeroPoint: 0)
      builder.graph.outputs = [y]
      return try Interpreter(graph: builder.graph).codes(for: [codes])
    }
    let alone = try rows.map { try run([1, steps, features], $0) }
    #expect(try run([2, steps, features], rows[0] + rows[1]) == alone[0] + alone[1])
    sketch.parameters.isTimeMajor = true
    let interleaved = (0..<steps).flatMap { step in
      rows.flatMap { $0[step * features..<(step + 1) * features] }
    }
    let expected = (0..<steps).flatMap { step in
      alone.flatMap { $0[step * units..<(step + 1) * units] }
    }
    #expect(try run([steps, 2, features], interleaved) == expected, "seed \(seed)")
  }

  @Test("states survive what other tensors do with the arena")
  func arena() throws {
    var graph = memory(.int16)
    // A large tensor after the SVDF would reuse the state's memory if that ended with the operation.
    let shape = [1, 64]
    for name in ["a", "b"] {
      graph.tensors.append(
        TensorDescription(
          name: name, shape: shape, elementType: .int8,
          quantization: Quantization(scaleBits: [0x3f80_0000], zeroPoints: [0])))
    }
    let (a, b) = (graph.tensors.count - 2, graph.tensors.count - 1)
    graph.operations += [
      Operation(
        name: "tile", kind: .tile(multiples: [1, 64]), inputs: graph.operations[0].outputs,
        outputs: [a]),
      Operation(name: "maximum", kind: .maximum, inputs: [a, a], outputs: [b]),
    ]
    graph.outputs = [b]
    for preserves in [false, true] {
      let interpreter = try Interpreter(
        graph: graph, options: RunOptions(preservesAllTensors: preserves))
      #expect([2, 0, 0].map { interpreter.codes(for: [[$0]])[63] } == [100, 10, 1])
    }
  }
}
