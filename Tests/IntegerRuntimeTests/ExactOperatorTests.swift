import BigInt
import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import Testing

/// Those that compute with the operators' own numbers.
private let profiles: [ArithmeticProfile] = [.tflm, .tosa]

/// Operators stated once more on integers of any size, sums scattered where the kernels gather them.
@Suite("The reference kernels compute what their definitions say, on integers of any size")
struct ExactOperatorTests {
  @Test(
    "sums of products, in 32 and in 64 bits",
    arguments: [
      OperatorFamily.convolution, .depthwiseConvolution, .fullyConnected, .transposeConvolution,
    ], [ElementType.int8, .uint8, .int16])
  func linear(_ family: OperatorFamily, _ type: ElementType) throws {
    for seed in UInt64(1)...60 {
      let profile = profiles[Int(seed) % profiles.count]
      var random = RandomGraph(seed: seed, arithmetic: profile, family, type: type)
      let graph = random.builder.graph
      let inputs = random.inputs()
      let interpreter = try Interpreter(graph: graph, options: RunOptions(kernels: .reference))
      #expect(
        interpreter.codes(for: inputs) == ExactLayer(graph).outputs(for: inputs[0]),
        "seed \(seed): \(graph.operations[0])")
    }
  }

  @Test(
    "codes of any type in those of any other",
    arguments: [ElementType.int8, .uint8, .int16, .int32],
    [ElementType.int8, .uint8, .int16, .int32])
  func requantize(_ type: ElementType, _ result: ElementType) throws {
    for seed in UInt64(1)...40 {
      var generator = SplitMix64(seed: seed)
      func zeroPoint(_ type: ElementType) -> Int {
        type == .int8 || type == .uint8 ? generator.codes(1, in: type.codes)[0] : 0
      }
      var builder = GraphBuilder()
      let (zero, resultZero) = (zeroPoint(type), zeroPoint(result))
      let x = builder.input("x", [50], type, zeroPoint: Int32(zero))
      let y = builder.activation("y", [50], result, zeroPoint: Int32(resultZero))
      let multiplier = FixedPointMultiplier(
        multiplier: Int32.random(in: (1 << 30)...Int32.max, using: &generator),
        shift: Int32(generator.integer(-31...30)))
      builder.operation("requantize", .requantize(multiplier), [x], y)
      builder.graph.outputs = [y]
      let inputs = generator.codes(50, in: type.codes)
      for profile in profiles {
        let interpreter = try Interpreter(
          graph: builder.graph, options: RunOptions(arithmetic: profile))
        let expected = inputs.map { code in
          let difference = Int32(clamping: code - zero)
          let scaled = Int(Exact.scale(difference, multiplier, profile.rounding)) + resultZero
          return min(max(scaled, result.codes.lowerBound), result.codes.upperBound)
        }
        #expect(interpreter.codes(for: [inputs]) == expected, "seed \(seed), \(profile.name)")
      }
    }
  }

  @Test(
    "16-bit sums, differences, products and slopes",
    arguments: [OperatorFamily.add, .subtract, .multiply, .leakyRelu])
  func elementwise(_ family: OperatorFamily) throws {
    for seed in UInt64(1)...60 {
      let profile = profiles[Int(seed) % profiles.count]
      var random = RandomGraph(seed: seed, arithmetic: profile, family, type: .int16)
      let graph = random.builder.graph
      let inputs = random.inputs()
      // Broadcasting is the business of the 8-bit cases.
      guard inputs.allSatisfy({ $0.count == inputs[0].count }) else { continue }
      func scale(_ x: Int, _ m: FixedPointMultiplier) -> Int {
        Int(Exact.scale(Int32(x), m, profile.rounding))
      }
      let expected: [Int] = inputs[0].indices.map { index in
        let (x1, x2) = (inputs[0][index], inputs[inputs.count - 1][index])
        switch graph.operations[0].kind {
        case .add(let p):
          let sum = scale(x1 << Int(p.leftShift), p.first) + scale(x2 << Int(p.leftShift), p.second)
          return min(max(scale(sum, p.output), Int(p.clamp.minimum)), Int(p.clamp.maximum))
        case .subtract(let p):
          let sum = scale(x1 << Int(p.leftShift), p.first) - scale(x2 << Int(p.leftShift), p.second)
          return min(max(scale(sum, p.output), Int(p.clamp.minimum)), Int(p.clamp.maximum))
        case .multiply(let p):
          return min(
            max(scale(x1 * x2, p.multiplier), Int(p.clamp.minimum)), Int(p.clamp.maximum))
        case .leakyRelu(let p):
          return min(max(scale(x1, x1 < 0 ? p.negative : p.positive), -32_768), 32_767)
        default: return .max
        }
      }
      let interpreter = try Interpreter(graph: graph)
      #expect(interpreter.codes(for: inputs) == expected, "seed \(seed)")
    }
  }
}

/// One layer with weights: every product of an input element and a weight is added to the one output
/// element that it belongs to.
private struct ExactLayer {
  let graph: IntegerGraph
  let image: [Int]
  let weights: [Int]
  let weightShape: [Int]
  let result: [Int]

  init(_ graph: IntegerGraph) {
    self.graph = graph
    let operation = graph.operations[0]
    func rankFour(_ shape: [Int]) -> [Int] {
      guard case .fullyConnected = operation.kind else { return shape }
      let last = shape[shape.count - 1]
      return [shape.reduce(1, *) / last, 1, 1, last]
    }
    image = rankFour(graph.tensors[operation.inputs[0]].shape)
    result = rankFour(graph.tensors[operation.outputs[0]].shape)
    weightShape = rankFour(graph.tensors[operation.inputs[1]].shape)
    let tensor = graph.tensors[operation.inputs[1]]
    let zeroPoint = Int(tensor.zeroPoint)
    weights = tensor.integers.map { $0 - zeroPoint }
  }

  func outputs(for codes: [Int]) -> [Int] {
    let operation = graph.operations[0]
    let x = graph.tensors[operation.inputs[0]]
    let y = graph.tensors[operation.outputs[0]]
    let bias = graph.tensors[operation.inputs[2]].integers
    let layer = Layer(operation.kind, channels: image[3], outputs: result[3])
    var sums = (0..<result.reduce(1, *)).map { BigInt(bias[$0 % result[3]]) }
    for (element, code) in codes.enumerated() {
      let (n, r, s, c) = indices(element, image)
      for (tap, weight) in weights.enumerated() {
        let (o, k, l, d) =
          layer.isDepthwise
          ? depthwiseIndices(tap) : indices(tap, weightShape)
        guard layer.channel(o: o, d: d, weightShape[3]) == c,
          let i = layer.row(r, k), i < result[1], let j = layer.column(s, l), j < result[2]
        else { continue }
        sums[((n * result[1] + i) * result[2] + j) * result[3] + o] +=
          BigInt(weight) * BigInt(code - Int(x.zeroPoint))
      }
    }
    return sums.enumerated().map { element, sum in
      let channel = element % result[3]
      let m = layer.multipliers[layer.multipliers.count == 1 ? 0 : channel]
      let scaled: Int32 =
        layer.accumulator == .int64
        ? Exact.scale(wide: Int64(sum), m)
        : Exact.scale(Int32(sum), m, graph.arithmetic.rounding)
      let code = Int(scaled) + Int(y.zeroPoint)
      return min(max(code, Int(layer.clamp.minimum)), Int(layer.clamp.maximum))
    }
  }

  private func indices(_ flat: Int, _ shape: [Int]) -> (Int, Int, Int, Int) {
    (
      flat / (shape[1] * shape[2] * shape[3]), flat / (shape[2] * shape[3]) % shape[1],
      flat / shape[3] % shape[2], flat % shape[3]
    )
  }

  private func depthwiseIndices(_ flat: Int) -> (Int, Int, Int, Int) {
    let (_, k, l, o) = indices(flat, weightShape)
    return (o, k, l, 0)
  }
}

/// What the layers differ in.
private struct Layer {
  var stride = SpatialPair(1)
  var dilation = SpatialPair(1)
  var padding = SpatialPadding()
  var isTransposed = false
  var isDepthwise = false
  var multipliers: [FixedPointMultiplier] = []
  var clamp = CodeRange.int8
  var accumulator = AccumulatorType.int32
  private let channels: Int
  private let outputs: Int

  init(_ kind: OperatorKind, channels: Int, outputs: Int) {
    (self.channels, self.outputs) = (channels, outputs)
    switch kind {
    case .convolution(let p), .depthwiseConvolution(let p):
      (stride, dilation, padding) = (p.stride, p.dilation, p.padding)
      (multipliers, clamp, accumulator) = (p.multipliers, p.clamp, p.accumulator)
      if case .depthwiseConvolution = kind { isDepthwise = true }
    case .fullyConnected(let p):
      (multipliers, clamp, accumulator) = (p.multipliers, p.clamp, p.accumulator)
    case .transposeConvolution(let p):
      (stride, padding, isTransposed) = (p.stride, p.padding, true)
      (multipliers, clamp, accumulator) = (p.multipliers, p.clamp, p.accumulator)
    default: break
    }
  }

  /// The input channel that channel `d` of the weights of output `o` belongs to.
  func channel(o: Int, d: Int, _ groupChannels: Int) -> Int {
    if isDepthwise { return o / (outputs / channels) }
    let groups = channels / groupChannels
    return o / (outputs / groups) * groupChannels + d
  }

  func row(_ r: Int, _ k: Int) -> Int? {
    position(r, k, stride.height, dilation.height, padding.top)
  }

  func column(_ s: Int, _ l: Int) -> Int? {
    position(s, l, stride.width, dilation.width, padding.left)
  }

  /// Where the product of input `r` and tap `k` goes.
  private func position(_ r: Int, _ k: Int, _ stride: Int, _ dilation: Int, _ padding: Int) -> Int?
  {
    if isTransposed {
      let i = r * stride + k - padding
      return i < 0 ? nil : i
    }
    let distance = r + padding - k * dilation
    return distance < 0 || distance % stride != 0 ? nil : distance / stride
  }
}

extension TensorDescription {
  /// The values of a constant.
  fileprivate var integers: [Int] {
    guard let constant else { return [] }
    return switch elementType {
    case .int8: constant.array(of: Int8.self).map { Int($0) }
    case .uint8: constant.array(of: UInt8.self).map { Int($0) }
    case .int16: constant.array(of: Int16.self).map { Int($0) }
    case .int32: constant.array(of: Int32.self).map { Int($0) }
    case .int64: constant.array(of: Int64.self).map { Int($0) }
    case .int4:
      constant.array(of: UInt8.self).flatMap { [Int($0 & 15), Int($0 >> 4)] }
        .prefix(elementCount).map { $0 < 8 ? $0 : $0 - 16 }
    }
  }
}
