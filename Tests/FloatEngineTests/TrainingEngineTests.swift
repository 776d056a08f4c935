import CAllocationCounter
import FloatEngine
import FloatModel
import FloatReference
import TestSupport
import Testing

@Suite("A training engine")
struct TrainingEngineTests {
  /// x → a = 3 x → b = a · a → c = a + b: `a` is read three times.
  private struct Diamond {
    let graph: FloatGraph
    let (x, factor, a, b, c): (ValueIndex, ValueIndex, ValueIndex, ValueIndex, ValueIndex)

    init(clamp: ClampRange = .none) throws {
      var sketch = GraphSketch()
      x = sketch.input(shape: [1, 2])
      factor = sketch.constant("factor", [1], [3])
      a = try sketch.node("a", .multiply(clamp: clamp), x, factor)
      b = try sketch.node("b", .multiply(clamp: .none), a, a)
      c = try sketch.node("c", .add(clamp: .none), a, b)
      sketch.output(c)
      graph = sketch.graph
    }

    func engine(batch: Int = 1) throws -> TrainingEngine {
      try TrainingEngine(
        graph: graph, batch: batch, parameters: [factor], inputGradients: [x], threads: 1)
    }
  }

  @Test("shows each gradient complete, from the last node to the inputs")
  func order() throws {
    let diamond = try Diamond()
    let engine = try diamond.engine()
    var forward: [ValueIndex] = []
    try engine.forward([[1, 2]]) { index, _ in forward.append(index) }
    #expect(forward == [diamond.x, diamond.a, diamond.b, diamond.c])
    var seen: [ValueIndex] = []
    var gradients: [[Float]] = []
    try engine.backward([diamond.c: [1, 1], diamond.a: [10, 20]]) { index, gradient in
      seen.append(index)
      gradients.append(Array(gradient))
    }
    #expect(seen == [diamond.c, diamond.b, diamond.a, diamond.x])
    // d/da (a + a²) = 1 + 2 a with a = 3, 6, plus the seed.
    #expect(gradients == [[1, 1], [1, 1], [17, 33], [51, 99]])
    #expect(Array(engine.gradient(ofInput: diamond.x)) == [51, 99])
    #expect(Array(engine.gradient(of: diamond.factor)) == [1 * 17 + 2 * 33])
  }

  @Test("computes on with what a transform leaves")
  func transforms() throws {
    let diamond = try Diamond()
    let engine = try diamond.engine()
    try engine.forward([[1, 2]]) { index, values in
      if index == diamond.a { values[0] = 5 }
      if index == diamond.x { values[1] = 4 }
    }
    #expect(Array(engine.values(of: diamond.x)) == [1, 4])
    #expect(Array(engine.values(of: diamond.a)) == [5, 12])
    #expect(Array(engine.values(of: diamond.c)) == [30, 156])
    try engine.backward([diamond.c: [1, 1]]) { index, gradient in
      if index == diamond.a { for element in gradient.indices { gradient[element] *= 2 } }
      if index == diamond.x { gradient[0] = -1 }
    }
    // 2 · (1 + 2 · 5), 2 · (1 + 2 · 12)
    #expect(Array(engine.gradient(of: diamond.factor)) == [1 * 22 + 4 * 50])
    #expect(Array(engine.gradient(ofInput: diamond.x)) == [-1, 150])
  }

  @Test("masks by the stored value where a clamp is fused, after the transform")
  func clamps() throws {
    let diamond = try Diamond(clamp: ClampRange(minimum: 0, maximum: 6))
    let engine = try diamond.engine(batch: 3)
    try engine.forward([[-1, 0, 1, 2, 1.5, 9]]) { index, values in
      if index == diamond.a { values[4] = 6 }
    }
    #expect(Array(engine.values(of: diamond.a)) == [0, 0, 3, 6, 6, 6])
    var atA: [Float] = []
    try engine.backward([diamond.a: [1, 1, 1, 1, 1, 1]]) { index, gradient in
      if index == diamond.a { atA = Array(gradient) }
    }
    #expect(atA == [1, 1, 1, 1, 1, 1])
    #expect(Array(engine.gradient(ofInput: diamond.x)) == [0, 0, 3, 0, 0, 0])
    #expect(Array(engine.gradient(of: diamond.factor)) == [1])
  }

  @Test("gives the first greatest tap of a pool the whole gradient")
  func ties() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 2, 2, 1])
    let pool = FloatPool(
      window: SpatialExtent(height: 2, width: 2), stride: SpatialExtent(height: 1, width: 1),
      padding: EdgePadding())
    let y = try sketch.node("y", .maxPool(pool), x)
    let engine = try TrainingEngine(
      graph: sketch.graph, batch: 1, parameters: [], inputGradients: [x], threads: 1)
    try engine.forward([[1, 7, 7, 7]])
    try engine.backward([y: [2]])
    #expect(Array(engine.gradient(ofInput: x)) == [0, 2, 0, 0])
  }

  @Test("takes the sides of kinks that it documents")
  func kinks() throws {
    let x: [Float] = [-3, -1, 0, 1, 3]
    for (activation, slopes) in [
      (.clip(ClampRange(minimum: -1, maximum: 1)), [0, 0, 1, 0, 0]),
      (.leakyRelu(alpha: 0.25), [0.25, 0.25, 1, 1, 1]), (.hardSwish, [0, 1 / 6, 0.5, 5 / 6, 1]),
      (.hardSigmoid(alpha: 0.5, beta: 0.5), [0, 0, 0.5, 0, 0]),
    ] as [(FloatActivation, [Float])] {
      var sketch = GraphSketch()
      let input = sketch.input(shape: [5])
      let y = try sketch.node("y", .activation(activation), input)
      let engine = try TrainingEngine(
        graph: sketch.graph, batch: 1, parameters: [], inputGradients: [input], threads: 1)
      try engine.forward([x])
      try engine.backward([y: [1, 1, 1, 1, 1]])
      #expect(disagreement(engine.gradient(ofInput: input), slopes) < 1e-6, "\(activation)")
    }
  }

  @Test("gives a reshape the memory of its input, forward and backward")
  func alias() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 4])
    let a = try sketch.node("a", .activation(.clip(.none)), x)
    let b = try sketch.node("b", .reshape([2, 2]), a)
    let engine = try TrainingEngine(
      graph: sketch.graph, batch: 1, parameters: [], inputGradients: [x], threads: 1)
    try engine.forward([[1, 2, 3, 4]]) { index, values in if index == b { values[0] = 9 } }
    #expect(engine.values(of: a).baseAddress == engine.values(of: b).baseAddress)
    #expect(Array(engine.values(of: a)) == [9, 2, 3, 4])
    // A seed on each: they meet in one sum.
    try engine.backward([b: [1, 1, 1, 1], a: [0, 1, 2, 3]])
    #expect(Array(engine.gradient(ofInput: x)) == [1, 2, 3, 4])
  }

  @Test("adds up gradients until they are cleared", arguments: 0..<10 as Range<UInt64>)
  func accumulation(seed: UInt64) throws {
    let graph = try RandomGraph(seed: seed, nodeCount: 20).graph
    var generator = SeededGenerator(seed: seed)
    let check = try GradientCheck(graph, batch: 2, threads: 1, range: -1...1, using: &generator)
    func gradients() -> [[Float]] {
      graph.trainable.sorted().map { Array(check.engine.gradient(of: $0)) }
    }
    #expect(gradients().allSatisfy { $0.allSatisfy { $0 == 0 } })
    try check.run()
    let once = gradients()
    #expect(gradients() == once, "reading changes nothing")
    try check.run()
    try check.engine.backward(check.seeds)
    for (sum, single) in zip(gradients(), once) {
      #expect(disagreement(sum, single.map { 3 * $0 }) < 1e-5)
    }
    check.engine.clearGradients()
    #expect(gradients().allSatisfy { $0.allSatisfy { $0 == 0 } })
    try check.run()
    #expect(gradients() == once)
  }

  @Test("with other parameters loaded is the engine of the graph that has them")
  func loading() throws {
    let graph = try RandomGraph(seed: 13, nodeCount: 30).graph
    var generator = SeededGenerator(seed: 13)
    var changed = graph
    for index in graph.trainable.sorted() {
      guard let constant = graph.values[index].constant else { continue }
      changed.values[index].constant = FloatTensor.random(constant.shape, using: &generator)
    }
    let state = generator
    let check = try GradientCheck(graph, batch: 2, threads: 1, range: -1...1, using: &generator)
    try check.run()
    for index in graph.trainable {
      try check.engine.load(changed.values[index].constant?.values ?? [], into: index)
    }
    check.engine.clearGradients()
    try check.run()
    generator = state
    let expected = try GradientCheck(
      changed, batch: 2, threads: 1, range: -1...1, using: &generator)
    try expected.run()
    for index in graph.nodes.map(\.output) {
      #expect(Array(check.engine.values(of: index)) == Array(expected.engine.values(of: index)))
    }
    #expect(check.bits == expected.bits)
  }

  @Test("computes no gradient where none is wanted")
  func unwanted() throws {
    var generator = TensorSource(seed: 1)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 4, 4, 3])
    let first = try sketch.convolution("first", x, outputs: 2, &generator)
    let second = try sketch.convolution("second", first, outputs: 2, &generator)
    let third = try sketch.convolution("third", second, outputs: 2, &generator)
    sketch.output(third)
    let weights = sketch.graph.nodes[1].inputs[1]
    let engine = try TrainingEngine(
      graph: sketch.graph, batch: 1, parameters: [weights], threads: 1)
    try engine.forward([generator.values([48])])
    var seen: [ValueIndex] = []
    try engine.backward([third: generator.values([32]), first: generator.values([32])]) {
      seen.append($0)
      #expect($1.count == 32)
    }
    #expect(seen == [third, second])
  }

  @Test("leaves out branches that no seed reaches")
  func unreached() throws {
    var sketch = GraphSketch()
    let x = sketch.input("x", shape: [1, 2])
    let other = sketch.input("other", shape: [1, 2])
    let k = sketch.constant("k", [2], [2, 3])
    let left = try sketch.node("left", .activation(.clip(.none)), x)
    let right = try sketch.node("right", .multiply(clamp: .none), other, k)
    for output in [left, right] { sketch.output(output) }
    let engine = try TrainingEngine(
      graph: sketch.graph, batch: 1, parameters: [k], inputGradients: [x, other], threads: 1)
    try engine.forward([[1, 2], [3, 4]])
    try engine.backward([right: [1, 1], left: [1, 1]])
    engine.clearGradients()
    var seen: [ValueIndex] = []
    try engine.backward([left: [5, 6]]) { index, _ in seen.append(index) }
    #expect(seen == [left, x])
    #expect(Array(engine.gradient(ofInput: x)) == [5, 6])
    #expect(Array(engine.gradient(ofInput: other)) == [0, 0])
    #expect(Array(engine.gradient(of: k)) == [0, 0])
  }

  @Test("keeps all values, and of gradients only those alive")
  func memory() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 8, 8, 16])
    var last = x
    for number in 0..<20 {
      last = try sketch.node("n\(number)", .activation(.clip(.relu6)), last)
    }
    let valueBytes = 8 * 8 * 16 * 4
    let engine = try TrainingEngine(
      graph: sketch.graph, batch: 1, parameters: [], inputGradients: [x], threads: 1)
    // 21 values, one gradient that is changed in place, one element of working memory.
    #expect(engine.byteCount == 22 * valueBytes + 4)
    let forwardOnly = try TrainingEngine(
      graph: sketch.graph, batch: 1, parameters: [], threads: 1)
    #expect(forwardOnly.byteCount == 21 * valueBytes + 4)
  }

  @Test(
    "allocates nothing in its own loops",
    .enabled(if: fbq_allocations_are_counted() != 0, "a sanitizer has its own malloc"))
  func allocations() throws {
    let diamond = try Diamond(clamp: .relu6)
    let engine = try diamond.engine(batch: 2)
    let values = UnsafeMutableBufferPointer<Float>.copy(of: [1, 2, 3, 4])
    defer { values.deallocate() }
    let inputs = [UnsafeBufferPointer(values)]
    let seeds = [diamond.c: UnsafeBufferPointer(values)]
    try engine.forward(inputs: inputs)
    try engine.backward(seeds: seeds)
    fbq_allocations_start()
    try engine.forward(inputs: inputs)
    try engine.backward(seeds: seeds)
    let count = fbq_allocations_stop()
    #expect(count == 0)
  }
}
