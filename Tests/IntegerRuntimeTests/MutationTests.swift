import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import Testing

@Suite("Whatever passes validation runs")
struct MutationTests {
  /// An overflow, a division by zero or a bad index in a Swift kernel traps and ends the test run; the
  /// C kernels are held to the reference, and to their bounds under the address sanitizer.
  @Test(
    "mutated graphs are refused, or give the same codes with every kernel",
    arguments: OperatorFamily.allCases)
  func mutated(_ family: OperatorFamily) throws {
    var (refused, ran) = (0, 0)
    for seed in UInt64(1)...300 {
      var random = RandomGraph(seed: seed, arithmetic: .tflm, family)
      var mutator = Mutator(seed: seed &* 7919)
      var graph = random.builder.graph
      for _ in 0...Int(seed % 3) { mutator.mutate(&graph) }
      do {
        try graph.validate()
      } catch {
        #expect(!error.description.isEmpty)
        refused += 1
        continue
      }
      let bytes = graph.tensors.reduce(0) { $0 + min($1.byteCount, 1 << 24) }
      guard bytes < 1 << 22 else { continue }
      random.builder.graph = graph
      let inputs = random.inputs()
      guard
        let reference = try? Interpreter(graph: graph, options: RunOptions(kernels: .reference)),
        let fastest = try? Interpreter(graph: graph, options: RunOptions(kernels: .auto))
      else { continue }
      #expect(fastest.codes(for: inputs) == reference.codes(for: inputs), "seed \(seed)")
      ran += 1
    }
    #expect(refused > 50 && ran > 5, "\(refused) were refused, \(ran) ran")
  }
}

/// Changes one thing of a graph at a time, mostly for the worse.
private struct Mutator {
  var generator: SplitMix64

  init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  mutating func mutate(_ graph: inout IntegerGraph) {
    let index = generator.integer(0...graph.tensors.count - 1)
    switch generator.integer(0...9) {
    case 0:
      guard !graph.tensors[index].shape.isEmpty else { return }
      let axis = generator.integer(0...graph.tensors[index].shape.count - 1)
      graph.tensors[index].shape[axis] = extent()
    case 1: graph.tensors[index].shape.append(generator.pick([1, 1, 2]))
    case 2:
      graph.tensors[index].quantization?.zeroPoints = [
        generator.pick([-129, -128, -1, 0, 1, 127, 128, 255, 256, .max, .min])
      ]
    case 3: graph.tensors[index].elementType = generator.pick(ElementType.allCases)
    case 4:
      guard !graph.operations[0].inputs.isEmpty else { return }
      let position = generator.integer(0...graph.operations[0].inputs.count - 1)
      graph.operations[0].inputs[position] = generator.integer(-1...graph.tensors.count)
    default: mutate(&graph.operations[0].kind)
    }
  }

  private mutating func extent() -> Int {
    generator.pick([-1, 0, 1, 2, 3, 5, 100, 32_768, 1 << 30, 1 << 31, .max, .min])
  }

  private mutating func small() -> Int32 {
    generator.pick([.min, -129, -32, -31, -1, 0, 1, 7, 20, 30, 31, 127, 200, .max])
  }

  private mutating func change(_ multiplier: inout FixedPointMultiplier) {
    switch generator.integer(0...2) {
    case 0: multiplier.shift = small()
    case 1: multiplier.shift = Int32(generator.integer(-31...30))
    default:
      multiplier.multiplier = generator.pick([.min, -1, 0, 1, 1 << 29, 1 << 30, .max])
    }
  }

  private mutating func change(_ multipliers: inout [FixedPointMultiplier]) {
    guard !multipliers.isEmpty, generator.integer(0...3) > 0 else {
      multipliers.append(.one)
      return
    }
    change(&multipliers[generator.integer(0...multipliers.count - 1)])
  }

  private mutating func change(_ clamp: inout CodeRange) {
    clamp.minimum = generator.pick([-129, -128, 0, 127, 255, .min])
    clamp.maximum = generator.pick([-128, 0, 127, 128, 255, .max])
  }

  private mutating func change(_ pair: inout SpatialPair) {
    if generator.integer(0...1) == 0 { pair.height = extent() } else { pair.width = extent() }
  }

  private mutating func change(_ padding: inout SpatialPadding) {
    let value = generator.pick([-1, 0, 1, 2, 5, 40, 32_767, 32_768, .max])
    switch generator.integer(0...3) {
    case 0: padding.top = value
    case 1: padding.left = value
    case 2: padding.bottom = value
    default: padding.right = value
    }
  }

  private mutating func change(_ values: inout [Int]) {
    guard !values.isEmpty, generator.integer(0...3) > 0 else {
      values.append(0)
      return
    }
    values[generator.integer(0...values.count - 1)] = generator.pick([
      .min, -2, -1, 0, 1, 2, 3, 6, 1 << 30, .max,
    ])
  }

  private mutating func mutate(_ kind: inout OperatorKind) {
    let part = generator.integer(0...3)
    switch kind {
    case .convolution(var p):
      change(&p, part)
      kind = .convolution(p)
    case .depthwiseConvolution(var p):
      change(&p, part)
      kind = .depthwiseConvolution(p)
    case .fullyConnected(var p):
      if part == 0 { change(&p.clamp) } else { change(&p.multipliers) }
      kind = .fullyConnected(p)
    case .add(var p):
      change(&p, part)
      kind = .add(p)
    case .subtract(var p):
      change(&p, part)
      kind = .subtract(p)
    case .multiply(var p):
      if part == 0 { change(&p.clamp) } else { change(&p.multiplier) }
      kind = .multiply(p)
    case .averagePool(var p):
      change(&p, part)
      kind = .averagePool(p)
    case .maxPool(var p):
      change(&p, part)
      kind = .maxPool(p)
    case .mean(var p):
      if part == 0 { change(&p.axes) } else { change(&p.multiplier) }
      kind = .mean(p)
    case .sum(var p):
      if part == 0 { change(&p.axes) } else { change(&p.multiplier) }
      kind = .sum(p)
    case .softmax(var p):
      if part == 0 { p.minimumDifference = small() } else { change(&p.multiplier) }
      kind = .softmax(p)
    case .concatenation: kind = .concatenation(axis: generator.integer(-1...4))
    case .pad(var p):
      switch part {
      case 0: change(&p.before)
      case 1: change(&p.after)
      case 2: p.mode = generator.pick([.constant, .reflect, .symmetric, .edge])
      default: p.value = small()
      }
      kind = .pad(p)
    case .reshape: kind = .requantize(.one)
    case .requantize(var multiplier):
      change(&multiplier)
      kind = .requantize(multiplier)
    case .lookup(var p):
      let count = generator.pick([0, 1, 255, 256, 256, 257])
      p.table = ConstantBytes(copying: [UInt8](repeating: 9, count: count))
      kind = .lookup(p)
    case .resizeNearest(var p):
      let value = generator.pick([Int32.min, -1, 0, 1, 5, .max])
      if part < 2 { p.rows[0] = value } else { p.columns[0] = value }
      kind = .resizeNearest(p)
    case .resizeBilinear(var p):
      if part < 2 { p.alignCorners.toggle() } else { p.halfPixelCenters.toggle() }
      kind = .resizeBilinear(p)
    case .transpose(var permutation):
      change(&permutation)
      kind = .transpose(permutation: permutation)
    case .stridedSlice(var p):
      if part < 2 { change(&p.begin) } else { change(&p.strides) }
      kind = .stridedSlice(p)
    case .prelu(var p):
      if part < 2 { change(&p.positive) } else { change(&p.negative) }
      kind = .prelu(p)
    case .minimum: kind = .maximum
    case .maximum: kind = .add(AddParameters(first: .one, second: .one, output: .one, clamp: .int8))
    case .argMax: kind = .argMin(ArgumentParameters(axis: generator.integer(-1...4)))
    case .argMin: kind = .argMax(ArgumentParameters(axis: generator.integer(-1...4)))
    case .reduceMax(var p):
      if part == 0 { p.keepsDimensions.toggle() } else { change(&p.axes) }
      kind = .reduceMax(p)
    case .reduceMin(var p):
      if part == 0 { p.keepsDimensions.toggle() } else { change(&p.axes) }
      kind = .reduceMin(p)
    case .depthToSpace: kind = .depthToSpace(blockSize: extent())
    case .spaceToDepth: kind = .spaceToDepth(blockSize: extent())
    case .batchToSpace(var p):
      change(&p, part)
      kind = .batchToSpace(p)
    case .spaceToBatch(var p):
      change(&p, part)
      kind = .spaceToBatch(p)
    case .tile(var multiples):
      change(&multiples)
      kind = .tile(multiples: multiples)
    case .gather(var p):
      if part < 2 {
        p.axis = generator.integer(-1...4)
      } else {
        p.batchDimensions = generator.integer(-1...4)
      }
      kind = .gather(p)
    case .logSoftmax(var p):
      switch part {
      case 0: p.minimumDifference = small()
      case 1: change(&p.reverse)
      default: change(&p.multiplier)
      }
      kind = .logSoftmax(p)
    case .l2Normalization: kind = .requantize(.one)
    case .sequenceLSTM(var p):
      change(&p, generator.integer(0...7))
      kind = .sequenceLSTM(p)
    case .svdf(var p):
      switch part {
      case 0: p.rank = generator.pick([.min, -1, 0, 1, 2, 3, .max])
      case 1: change(&p.feature)
      default: change(&p.time)
      }
      kind = .svdf(p)
    case .transposeConvolution(var p):
      switch part {
      case 0: change(&p.stride)
      case 1: change(&p.padding)
      case 2: p.accumulator = p.accumulator == .int64 ? .int32 : .int64
      default: change(&p.multipliers)
      }
      kind = .transposeConvolution(p)
    case .leakyRelu(var p):
      if part < 2 { change(&p.positive) } else { change(&p.negative) }
      kind = .leakyRelu(p)
    case .interpolatedFunction(var p):
      switch part {
      case 0: p.function = generator.pick(UnaryFunction.allCases)
      case 1: p.multiplier = generator.pick([.min, -1, 0, 1, 32_767, 32_768, .max])
      default: p.shift = generator.pick([.min, -1, 0, 1, 30, 31, .max])
      }
      kind = .interpolatedFunction(p)
    }
  }

  private mutating func change(_ p: inout ConvolutionParameters, _ part: Int) {
    switch part {
    case 0: change(&p.stride)
    case 1: change(&p.dilation)
    case 2: change(&p.padding)
    default: change(&p.multipliers)
    }
  }

  private mutating func change(_ p: inout SequenceLSTMParameters, _ part: Int) {
    switch part {
    case 0: change(&p.inputGate.input)
    case 1: change(&p.cellGate.recurrent)
    case 2: change(&p.forgetProduct)
    case 3: change(&p.inputProduct)
    case 4: change(&p.outputProduct)
    case 5: p.cellScaleExponent = small()
    case 6: p.cellClip = small()
    default: p.isTimeMajor.toggle()
    }
  }

  private mutating func change(_ p: inout BatchBlockParameters, _ part: Int) {
    switch part {
    case 0, 1: change(&p.block)
    case 2: change(&p.before)
    default: change(&p.after)
    }
  }

  private mutating func change(_ p: inout PoolParameters, _ part: Int) {
    switch part {
    case 0: change(&p.window)
    case 1: change(&p.stride)
    case 2: change(&p.padding)
    default: change(&p.clamp)
    }
  }

  private mutating func change(_ p: inout AddParameters, _ part: Int) {
    switch part {
    case 0: p.leftShift = small()
    case 1: change(&p.first)
    case 2: change(&p.output)
    default: change(&p.clamp)
    }
  }
}
