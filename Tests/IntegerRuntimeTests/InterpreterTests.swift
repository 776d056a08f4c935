import Diagnostics
import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import Testing

/// A random network of convolutions, additions, concatenations and reshapes over `[1, 6, 6, 8]`, in
/// which any earlier tensor may be read again.
private func randomNetwork(seed: UInt64) -> (graph: IntegerGraph, inputs: [[Int]]) {
  var generator = SplitMix64(seed: seed)
  var builder = GraphBuilder()
  let shape = [1, 6, 6, 8]
  var images = [builder.input("x0", shape), builder.input("x1", shape)]
  for number in 0..<14 {
    func output(_ name: String, _ shape: [Int]) -> TensorIndex {
      builder.activation("\(name)\(number)", shape)
    }
    let x = generator.pick(images)
    switch generator.integer(0...3) {
    case 0:
      let w = builder.constant(
        "w\(number)", [8, 3, 3, 8], .int8, generator.codes(576, in: -127...127))
      let b = builder.constant("b\(number)", [8], .int32, generator.codes(8, in: -9999...9999))
      let y = output("conv", shape)
      let parameters = ConvolutionParameters(
        stride: SpatialPair(1), padding: SpatialPadding(top: 1, left: 1, bottom: 1, right: 1),
        multipliers: [FixedPointMultiplier(multiplier: 1 << 30, shift: -9)], clamp: .int8)
      builder.operation("conv\(number)", .convolution(parameters), [x, w, b], y)
      images.append(y)
    case 1:
      let y = output("add", shape)
      let parameters = AddParameters(
        first: .half, second: .half,
        output: FixedPointMultiplier(multiplier: 1 << 30, shift: -18), clamp: .int8)
      builder.operation("add\(number)", .add(parameters), [x, generator.pick(images)], y)
      images.append(y)
    case 2:
      let joined = output("joined", [1, 6, 6, 16])
      let y = output("pool", shape)
      builder.operation(
        "concat\(number)", .concatenation(axis: 3), [x, generator.pick(images)], joined)
      builder.operation(
        "slice\(number)",
        .stridedSlice(StridedSliceParameters(begin: [0, 0, 0, 3], strides: [1, 1, 1, 1])), [joined],
        y)
      images.append(y)
    default:
      let flat = output("flat", [36, 8])
      let y = output("image", shape)
      builder.operation("flatten\(number)", .reshape, [x], flat)
      builder.operation("unflatten\(number)", .reshape, [flat], y)
      images.append(y)
    }
  }
  builder.graph.outputs = [images[images.count - 1], generator.pick(images)]
  let inputs = builder.graph.inputs.map { _ in generator.codes(288, in: -128...127) }
  return (builder.graph, inputs)
}

@Suite("The interpreter runs whole graphs")
struct InterpreterTests {
  @Test("reusing memory changes no output", arguments: UInt64(1)...25)
  func reuse(seed: UInt64) throws {
    let (graph, inputs) = randomNetwork(seed: seed)
    let keeping = try Interpreter(
      graph: graph, options: RunOptions(kernels: .reference, preservesAllTensors: true))
    let reusing = try Interpreter(graph: graph, options: RunOptions(kernels: .reference))
    let expected = keeping.codes(for: inputs)
    #expect(reusing.codes(for: inputs) == expected, "seed \(seed)")
    #expect(
      reusing.codes(of: graph.outputs[1]) == keeping.codes(of: graph.outputs[1]), "seed \(seed)")
    #expect(reusing.arenaByteCount <= keeping.arenaByteCount)
    let activations = graph.tensors.filter { $0.constant == nil }
    #expect(reusing.arenaByteCount < activations.reduce(0) { $0 + $1.byteCount }, "seed \(seed)")
    // The inputs are still there, so a second run gives the same.
    reusing.run()
    #expect(reusing.codes(of: graph.outputs[0]) == expected, "seed \(seed)")
  }

  @Test(
    "with all tensors preserved, each has the value it had when written", arguments: [UInt64(3)])
  func preserved(seed: UInt64) throws {
    let (graph, inputs) = randomNetwork(seed: seed)
    let keeping = try Interpreter(graph: graph, options: RunOptions(preservesAllTensors: true))
    let reusing = try Interpreter(graph: graph)
    _ = keeping.codes(for: inputs)
    _ = reusing.codes(for: inputs)
    for index in graph.operations.indices {
      reusing.run(operation: index)
      let output = graph.operations[index].outputs[0]
      #expect(reusing.codes(of: output) == keeping.codes(of: output), "operation \(index)")
    }
  }

  @Test("a reshape shares the bytes of its input")
  func reshapeInPlace() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [1000])
    let y = builder.activation("y", [10, 100])
    builder.operation("reshape", .reshape, [x], y)
    builder.graph.outputs = [y]
    let interpreter = try Interpreter(graph: builder.graph)
    #expect(interpreter.arenaByteCount == 1024)
    #expect(interpreter.bytes(of: x).baseAddress == interpreter.bytes(of: y).baseAddress)
  }

  @Test("int8 weights are used where they lie")
  func weightsInPlace() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [4])
    let w = builder.constant("w", [2, 4], .int8, [1, 2, 3, 4, 5, 6, 7, 8])
    let b = builder.constant("b", [2], .int32, [0, 0])
    let y = builder.activation("y", [2])
    builder.operation(
      "fc", .fullyConnected(FullyConnectedParameters(multipliers: [.one], clamp: .int8)),
      [x, w, b],
      y)
    builder.graph.outputs = [y, w]
    let interpreter = try Interpreter(graph: builder.graph)
    let stored = builder.graph.tensors[w].constant?.withUnsafeBytes { $0.baseAddress }
    #expect(interpreter.bytes(of: w).baseAddress == stored)
    #expect(interpreter.codes(for: [[1, 0, 0, 1]]) == [5, 13])
  }

  @Test("a graph without operations hands its input through")
  func identity() throws {
    var builder = GraphBuilder()
    builder.graph.outputs = [builder.input("x", [3])]
    let interpreter = try Interpreter(graph: builder.graph)
    #expect(interpreter.codes(for: [[1, -2, 3]]) == [1, -2, 3])
  }

  @Test("several interpreters run one graph at the same time, each on several threads")
  func concurrent() async throws {
    let (graph, inputs) = randomNetwork(seed: 7)
    let expected = try Interpreter(graph: graph).codes(for: inputs)
    let results = await withTaskGroup(of: [Int].self) { group in
      for number in 0..<6 {
        group.addTask {
          var options = RunOptions(threads: number % 3 + 1)
          options.parallelWork = 0
          guard let interpreter = try? Interpreter(graph: graph, options: options) else {
            return []
          }
          for _ in 0..<20 { _ = interpreter.codes(for: inputs) }
          return interpreter.codes(of: graph.outputs[0])
        }
      }
      var results: [[Int]] = []
      for await result in group { results.append(result) }
      return results
    }
    #expect(results.count == 6)
    for result in results { #expect(result == expected) }
  }

  @Test("more threads than work do no harm, and they end with their interpreter")
  func manyThreads() throws {
    let (graph, inputs) = randomNetwork(seed: 9)
    let expected = try Interpreter(graph: graph).codes(for: inputs)
    for _ in 0..<10 {
      var options = RunOptions(threads: 17)
      options.parallelWork = 0
      let interpreter = try Interpreter(graph: graph, options: options)
      #expect(interpreter.codes(for: inputs) == expected)
    }
  }

  @Test("an arithmetic given with the options overrides that of the graph")
  func arithmetic() throws {
    let (graph, _) = randomNetwork(seed: 1)
    #expect(try Interpreter(graph: graph).arithmetic == .tflm)
    #expect(
      try Interpreter(graph: graph, options: RunOptions(arithmetic: .tosa)).arithmetic == .tosa)
  }

  @Test("a number of threads out of range is refused", arguments: [0, -1, 257])
  func threads(count: Int) {
    let (graph, _) = randomNetwork(seed: 1)
    #expect(throws: Diagnostic(place: "threads", problem: "\(count) is outside 1…256")) {
      try Interpreter(graph: graph, options: RunOptions(threads: count))
    }
  }

  @Test("an invalid graph is refused")
  func invalid() {
    var (graph, _) = randomNetwork(seed: 1)
    graph.outputs = [1000]
    #expect(
      throws: Diagnostic(
        place: "graph outputs",
        problem: "tensor index 1000 is outside 0…\(graph.tensors.count - 1)")
    ) { try Interpreter(graph: graph) }
  }

  @Test("an arena beyond 2 GiB is refused before it is allocated")
  func arena() {
    var builder = GraphBuilder()
    let shape = [1 << 30]
    let x = builder.input("x", shape)
    let y = builder.activation("y", shape)
    builder.operation("requantize", .requantize(.one), [x], y)
    builder.graph.outputs = [y]
    #expect(
      throws: Diagnostic(
        place: "memory plan", problem: "the tensors need an arena of more than 2147483647 bytes",
        remedy: "use a smaller input")
    ) { try Interpreter(graph: builder.graph) }
  }
}
