import Foundation
import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import TestSupport
import Testing

/// One computation that the TOSA reference model can do, as Tests/Oracles/tosa_run.py reads it.
private struct TOSACase: Encodable {
  var kind: String
  var x: [Int]
  var second: [Int]?
  var rows: Int?
  /// As stored in a graph.
  var scales: [FixedPointMultiplier]
  var zeroPoints: [Int32] = []
  var xShape: [Int]?
  var weights: [Int]?
  var weightShape: [Int]?
  var bias: [Int]?
  var yShape: [Int]?
  /// Top, bottom, left, right.
  var padding: [Int]?
  var stride: [Int]?
  var dilation: [Int]?
  /// TOSA keeps the left shift of an addition in the shift of its rescales.
  var leftShifts: [Int32] = []

  /// What fbq computes under profile `tosa`.
  var expected: [Int] = []

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(kind, forKey: .kind)
    try container.encode(x, forKey: .x)
    try container.encodeIfPresent(second, forKey: .second)
    try container.encodeIfPresent(rows, forKey: .rows)
    try container.encode(scales.map(\.multiplier), forKey: .multipliers)
    let shifts = scales.indices.map { index in
      31 - scales[index].shift - (leftShifts.isEmpty ? 0 : leftShifts[index])
    }
    try container.encode(shifts, forKey: .shifts)
    try container.encode(zeroPoints, forKey: .zeroPoints)
    try container.encodeIfPresent(xShape, forKey: .xShape)
    try container.encodeIfPresent(weights, forKey: .weights)
    try container.encodeIfPresent(weightShape, forKey: .weightShape)
    try container.encodeIfPresent(bias, forKey: .bias)
    try container.encodeIfPresent(yShape, forKey: .yShape)
    try container.encodeIfPresent(padding, forKey: .padding)
    try container.encodeIfPresent(stride, forKey: .stride)
    try container.encodeIfPresent(dilation, forKey: .dilation)
  }

  private enum Key: String, CodingKey {
    case kind, x, second, rows, multipliers, shifts, zeroPoints, xShape, weights, weightShape
    case bias, yShape, padding, stride, dilation
  }
}

/// Random cases inside the domain in which TOSA defines a result: an accumulator below
/// `2^(shift − 1)` for shifts up to 31.
private struct TOSACases {
  var generator: SplitMix64

  mutating func multiplier(shift: ClosedRange<Int>) -> FixedPointMultiplier {
    let value = generator.pick([
      Int32(1) << 30, Int32.max, Int32.random(in: (1 << 30)...Int32.max, using: &generator),
    ])
    return FixedPointMultiplier(
      multiplier: value, shift: Int32(generator.integer(shift)))
  }

  mutating func rescale() -> TOSACase {
    let (rows, columns) = (64, 64)
    let scales = (0..<columns).map { _ in multiplier(shift: -31...20) }
    var x: [Int] = []
    for _ in 0..<rows {
      for scale in scales {
        let bits = min(31 - Int(scale.shift) - 1, 31)
        let limit = 1 << generator.integer(0...bits)
        x.append(generator.codes(1, in: -limit...(limit - 1))[0])
      }
    }
    let expected = x.enumerated().map { index, value in
      Int(scales[index % columns].scale(Int32(value), rounding: .single))
    }
    return TOSACase(kind: "rescale", x: x, rows: rows, scales: scales, expected: expected)
  }

  mutating func requantize() throws -> TOSACase {
    let scale = multiplier(shift: -12...4)
    let (x, y) = (generator.codes(256, in: -128...127), [256])
    let zeroPoints = generator.codes(2, in: -128...127).map(Int32.init)
    var builder = GraphBuilder(arithmetic: .tosa)
    let input = builder.input("x", y, zeroPoint: zeroPoints[0])
    let output = builder.activation("y", y, zeroPoint: zeroPoints[1])
    builder.operation("op", .requantize(scale), [input], output)
    return TOSACase(
      kind: "requantize", x: x, scales: [scale], zeroPoints: zeroPoints,
      expected: try codes(of: builder, output, for: [x]))
  }

  mutating func add() throws -> TOSACase {
    let inputs = [generator.codes(256, in: -128...127), generator.codes(256, in: -128...127)]
    let zeroPoints = generator.codes(3, in: -128...127).map(Int32.init)
    // Ratios of the scales to twice the greater one: at most 1/2.
    let scales = [
      multiplier(shift: -6...(-1)), multiplier(shift: -6...(-1)), multiplier(shift: -20...(-15)),
    ]
    var builder = GraphBuilder(arithmetic: .tosa)
    let first = builder.input("x1", [256], zeroPoint: zeroPoints[0])
    let second = builder.input("x2", [256], zeroPoint: zeroPoints[1])
    let output = builder.activation("y", [256], zeroPoint: zeroPoints[2])
    let parameters = AddParameters(
      first: scales[0], second: scales[1], output: scales[2], clamp: .int8)
    builder.operation("op", .add(parameters), [first, second], output)
    return TOSACase(
      kind: "add", x: inputs[0], second: inputs[1], scales: scales, zeroPoints: zeroPoints,
      leftShifts: [20, 20, 0], expected: try codes(of: builder, output, for: inputs))
  }

  mutating func windowed(depthwise: Bool) throws -> TOSACase {
    func pair(_ range: ClosedRange<Int>) -> SpatialPair {
      SpatialPair(height: generator.integer(range), width: generator.integer(range))
    }
    let (kernel, stride, dilation) = (pair(1...4), pair(1...3), pair(1...2))
    let outputSize = pair(1...5)
    let padding = SpatialPadding(
      top: generator.integer(0...2), left: generator.integer(0...2),
      bottom: generator.integer(0...2), right: generator.integer(0...2))
    // TOSA demands that the windows end exactly at the image's edge.
    let height =
      (outputSize.height - 1) * stride.height + (kernel.height - 1) * dilation.height + 1
      - padding.top - padding.bottom
    let width =
      (outputSize.width - 1) * stride.width + (kernel.width - 1) * dilation.width + 1
      - padding.left - padding.right
    guard height > 0, width > 0 else { return try windowed(depthwise: depthwise) }

    let channels = generator.integer(1...9)
    let filters = depthwise ? channels * generator.integer(1...2) : generator.integer(1...9)
    let xShape = [1, height, width, channels]
    let weightShape =
      depthwise
      ? [1, kernel.height, kernel.width, filters]
      : [filters, kernel.height, kernel.width, channels]
    let yShape = [1, outputSize.height, outputSize.width, filters]
    let x = generator.codes(xShape.reduce(1, *), in: -128...127)
    let weights = generator.codes(weightShape.reduce(1, *), in: -127...127)
    let bias = generator.codes(filters, in: -50_000...50_000)
    let zeroPoints = generator.codes(2, in: -128...127).map(Int32.init)
    let scales = (0..<filters).map { _ in multiplier(shift: -14...(-6)) }

    var builder = GraphBuilder(arithmetic: .tosa)
    let input = builder.input("x", xShape, zeroPoint: zeroPoints[0])
    let output = builder.activation("y", yShape, zeroPoint: zeroPoints[1])
    let parameters = ConvolutionParameters(
      stride: stride, dilation: dilation, padding: padding, multipliers: scales, clamp: .int8)
    builder.operation(
      "op", depthwise ? .depthwiseConvolution(parameters) : .convolution(parameters),
      [
        input, builder.constant("w", weightShape, .int8, weights),
        builder.constant("b", [filters], .int32, bias),
      ], output)
    return TOSACase(
      kind: depthwise ? "depthwise" : "convolution", x: x, scales: scales, zeroPoints: zeroPoints,
      xShape: xShape, weights: weights, weightShape: weightShape, bias: bias, yShape: yShape,
      padding: [padding.top, padding.bottom, padding.left, padding.right],
      stride: [stride.height, stride.width], dilation: [dilation.height, dilation.width],
      expected: try codes(of: builder, output, for: [x]))
  }

  private func codes(
    of builder: GraphBuilder, _ output: TensorIndex, for inputs: [[Int]]
  ) throws -> [Int] {
    var graph = builder.graph
    graph.outputs = [output]
    return try Interpreter(graph: graph).codes(for: inputs)
  }
}

@Suite("Profile tosa gives the bits of the TOSA reference model")
struct TOSAReferenceModelTests {
  static let python = ProcessInfo.processInfo.environment["FBQ_TOSA_PYTHON"]

  @Test(
    "rescale, requantize, add, convolution, depthwise convolution",
    .enabled(if: python != nil, "set FBQ_TOSA_PYTHON to a Python interpreter with tosa-tools"))
  func sameBits() throws {
    let seed: UInt64 = 0x705A
    var make = TOSACases(generator: SplitMix64(seed: seed))
    var cases: [TOSACase] = []
    for _ in 0..<100 {
      cases.append(make.rescale())
      cases.append(try make.requantize())
      cases.append(try make.add())
      cases.append(try make.windowed(depthwise: false))
      cases.append(try make.windowed(depthwise: true))
    }
    let results = try run(cases)
    try #require(results.count == cases.count)
    for (index, (tested, result)) in zip(cases, results).enumerated() {
      #expect(tested.expected == result, "case \(index), a \(tested.kind), seed \(seed)")
    }
  }

  private func run(_ cases: [TOSACase]) throws -> [[Int]] {
    let folder = try TemporaryFolder()
    try folder.write([UInt8](JSONEncoder().encode(cases)), to: "cases.json")
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Oracles/tosa_run.py").path
    let outcome = try Command(
      try #require(Self.python),
      ["-W", "ignore", script, folder.file("cases.json"), folder.file("results.json")]
    ).run()
    try #require(outcome.status == 0, "\(outcome.errors)")
    let bytes = try #require(folder.read("results.json"))
    return try JSONDecoder().decode([[Int]].self, from: Data(bytes))
  }
}
