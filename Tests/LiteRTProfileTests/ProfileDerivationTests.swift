import Diagnostics
import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import OperatorArithmetic
import TestSupport
import Testing

@Suite("The numbers of the LiteRT profiles")
struct ProfileDerivationTests {
  /// One operation on activations of these scales and zero points, int8 unless told.
  private func graph(
    _ kind: OperatorKind, inputs: [(Float, Int32)], output: (Float, Int32),
    shape: [Int] = [1, 4, 4, 2], outputShape: [Int]? = nil, type: ElementType = .int8,
    outputType: ElementType? = nil
  ) -> IntegerGraph {
    var graph = IntegerGraph(name: "one", arithmetic: .tflm)
    for (index, (scale, zeroPoint)) in (inputs + [output]).enumerated() {
      let isOutput = index == inputs.count
      graph.tensors.append(
        TensorDescription(
          name: "t\(index)", shape: isOutput ? outputShape ?? shape : shape,
          elementType: isOutput ? outputType ?? type : type,
          quantization: Quantization(scaleBits: [scale.bitPattern], zeroPoints: [zeroPoint])))
    }
    graph.inputs = Array(inputs.indices)
    graph.outputs = [inputs.count]
    graph.operations = [
      Operation(name: "op", kind: kind, inputs: graph.inputs, outputs: graph.outputs)
    ]
    graph.deriveProfiles()
    return graph
  }

  private func form(_ graph: IntegerGraph, _ profile: ArithmeticProfile) -> ScalingForm? {
    graph.operations[0].scaling(for: profile)?.form
  }

  private let codes = CodeRange(minimum: -128, maximum: 127)
  private let half = FixedPointMultiplier(multiplier: 1 << 30, shift: 0)

  @Test("of an addition are two factors of which the greater has 21 bits")
  func addition() throws {
    let add = AddParameters(first: half, second: half, output: half, clamp: codes)
    // In float32, 0.5/0.4 = 1.25 and 0.075/0.4 = 0.1875. 1.25 is in [1, 2), so the shift is 20.
    let sum = graph(.add(add), inputs: [(0.5, 0), (0.075, 0)], output: (0.4, 0))
    #expect(sum.profiles == [.litertReference, .litert])
    #expect(
      form(sum, .litert) == .weightedSum(first: 1_310_720, second: 196_608, shift: 20))
    #expect(form(sum, .litertReference) == nil)
    let difference = graph(.subtract(add), inputs: [(0.5, 0), (0.075, 0)], output: (0.4, 0))
    #expect(
      form(difference, .litert) == .weightedSum(first: 1_310_720, second: -196_608, shift: 20))
    // 2^8 is a ratio that XNNPACK refuses, 2^−10 one that it takes.
    #expect(form(graph(.add(add), inputs: [(256, 0), (1, 0)], output: (1, 0)), .litert) == nil)
    #expect(
      form(graph(.add(add), inputs: [(0x1p-10, 0), (1, 0)], output: (1, 0)), .litert)
        == .weightedSum(first: 1024, second: 1 << 20, shift: 20))
  }

  @Test("of a product are a float32 scale, or a factor formed in float32")
  func product() throws {
    let multiply = OperatorKind.multiply(MultiplyParameters(multiplier: half, clamp: codes))
    let some = graph(multiply, inputs: [(0.1, 0), (0.3, 0)], output: (0.7, 0))
    let scale: Float = 0.1 * 0.3 / 0.7
    #expect(form(some, .litert) == .binary32([scale.bitPattern]))
    #expect(
      form(some, .litertReference) == .fixedPoint([FixedPointMultiplier(real: Double(scale))]))
    // XNNPACK refuses 2^8.
    let large = graph(multiply, inputs: [(16, 0), (16, 0)], output: (1, 0))
    #expect(
      form(large, .litert) == .fixedPoint([FixedPointMultiplier(multiplier: 1 << 30, shift: 9)]))
  }

  @Test("of a mean are a float32 scale and an offset of both zero points")
  func mean() throws {
    let reduce = ReduceParameters(axes: [1, 2], keepsDimensions: false, multiplier: half)
    let mean = graph(
      .mean(reduce), inputs: [(0.5, 10)], output: (0.25, -3), outputShape: [1, 2])
    // Scale 2 · 1/16; offset −3 − 16 · 10 · 0.125 = −23.
    #expect(
      form(mean, .litert)
        == .binary32Sum(scale: Float(0.125).bitPattern, offset: Float(-23).bitPattern))
    #expect(form(mean, .litertReference) == nil)
  }

  @Test("of a requantization are a table of 8 fractional bits, or groups between types")
  func requantization() throws {
    let same = graph(.requantize(half), inputs: [(0.3, 3)], output: (0.7, -1))
    guard case .table(let table) = form(same, .litert) else {
      Issue.record("no table")
      return
    }
    // 256 · 0.3/0.7 = 109.7: 110/256. Code 100 is 97 above 3: (97 · 110 + 128) >> 8 = 42.
    #expect(table[228] == 41)
    // Code −128: (−131 · 110 + 128) >> 8 = −56.
    #expect(table[0] == -57)
    let types = graph(
      .requantize(half), inputs: [(0.3, 3)], output: (0.7, 1), outputType: .uint8)
    #expect(form(types, .litert) == .fixedPointInGroups)
    let shifted = graph(
      .requantize(half), inputs: [(0.3, 3)], output: (0.3, 131), outputType: .uint8)
    #expect(form(shifted, .litert) == nil)
  }

  @Test("of a fused activation are codes rounded to even with the zero point")
  func clamp() throws {
    // 6 / 2.4 = 2.5: TFLite rounds away from zero, to 3; XNNPACK rounds −7.5 and −5.5 to even.
    for (zeroPoint, expected) in [(-10, -8), (-8, -6)] as [(Int32, Int32)] {
      let clamp = CodeRange(minimum: zeroPoint, maximum: zeroPoint + 3)
      let pool = PoolParameters(
        window: SpatialPair(height: 1, width: 1), stride: SpatialPair(height: 1, width: 1),
        padding: SpatialPadding(), clamp: clamp)
      let graph = graph(.maxPool(pool), inputs: [(2.4, zeroPoint)], output: (2.4, zeroPoint))
      #expect(
        graph.operations[0].scaling(for: .litert)
          == ProfileScaling(
            profile: .litert, form: .common,
            clamp: CodeRange(minimum: zeroPoint, maximum: expected)))
      // LiteRT, not XNNPACK, computes max pools that skip elements, and average pools.
      var sparse = pool
      sparse.stride.width = 2
      let skipping = self.graph(
        .maxPool(sparse), inputs: [(2.4, zeroPoint)], output: (2.4, zeroPoint),
        outputShape: [1, 4, 2, 2])
      #expect(skipping.operations[0].scalings.isEmpty)
      let average = self.graph(
        .averagePool(pool), inputs: [(2.4, zeroPoint)], output: (2.4, zeroPoint))
      #expect(average.operations[0].scalings.isEmpty)
    }
  }

  @Test("come back the same when they are derived again")
  func idempotent() throws {
    var graph = SmallModel.graph
    graph.deriveProfiles()
    #expect(graph.profiles == [.litertReference, .litert])
    let first = graph
    graph.deriveProfiles()
    #expect(graph == first)
    try graph.validate()
  }

  @Test("are left out where a layer has no scales")
  func withoutScales() throws {
    var graph = SmallModel.graph
    graph.tensors[3].quantization = nil
    graph.deriveProfiles()
    // The reference kernels need only the fully connected layer's.
    #expect(graph.profiles == [.litertReference])
  }

  @Test("are needed to run under their profile", arguments: LiteRTOracle.profiles)
  func refused(_ profile: ArithmeticProfile) throws {
    do {
      _ = try Interpreter(graph: SmallModel.graph, options: RunOptions(arithmetic: profile))
      Issue.record("it ran")
    } catch {
      #expect(
        error.description
          == "the model holds no numbers for arithmetic \(profile.name); convert it again with this "
          + "version of qconvert")
    }
  }

  @Test("of any other value are refused or harmless", arguments: UInt64(1)...200)
  func hostile(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var graph = SmallModel.graph
    graph.deriveProfiles()
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      let operation = Int.random(in: 0..<graph.operations.count, using: &generator)
      let donor = Int.random(in: 0..<graph.operations.count, using: &generator)
      var scalings = graph.operations[donor].scalings
      for index in scalings.indices { scalings[index].form.corrupt(using: &generator) }
      graph.operations[operation].scalings = scalings
    }
    do {
      try graph.validate()
    } catch {
      return
    }
    for profile in LiteRTOracle.profiles {
      let interpreter = try Interpreter(graph: graph, options: RunOptions(arithmetic: profile))
      interpreter.mutableBytes(of: 0).copyBytes(
        from: (0..<192).map { UInt8(truncatingIfNeeded: $0 &* 37) })
      interpreter.run()
    }
  }
}

extension ScalingForm {
  /// Changes one of the numbers, or how many there are, at random.
  fileprivate mutating func corrupt(using generator: inout SeededGenerator) {
    let word = UInt32.random(in: 0 ... .max, using: &generator)
    switch self {
    case .binary32(var bits):
      bits[Int(word) % bits.count] = word
      if word % 5 == 0 { bits.append(word) }
      self = .binary32(bits)
    case .binary64(var bits):
      bits[Int(word) % bits.count] = UInt64(word) << 32
      self = .binary64(bits)
    case .exponentials(var bits):
      bits[Int(word) % 256] = word
      if word % 5 == 0 { bits.removeLast() }
      self = .exponentials(bits)
    default: break
    }
  }
}
