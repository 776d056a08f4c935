import FloatModel
import FloatReference
import TestSupport
import Testing

/// Random numbers for the tensors of a test.
struct TensorSource {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// A whole number in `range`.
  mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

  /// One of `choices`.
  mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
    choices[int(0...choices.count - 1)]
  }

  /// A tensor of numbers in `range`.
  mutating func values(_ shape: [Int], in range: ClosedRange<Float> = -2...2) -> [Float] {
    (0..<shape.reduce(1, *)).map { _ in Float.random(in: range, using: &generator) }
  }
}

extension GraphSketch {
  /// A constant of random numbers.
  mutating func random(
    _ name: String, _ shape: [Int], in range: ClosedRange<Float> = -2...2,
    _ source: inout TensorSource
  ) -> ValueIndex {
    constant(name, shape, source.values(shape, in: range))
  }

  /// A convolution with random weights and, where `bias` says so, a random bias.
  mutating func convolution(
    _ name: String, _ x: ValueIndex, outputs: Int, kernel: Int = 1, stride: Int = 1,
    padding: Int = 0, groups: Int = 1, bias: Bool = true, clamp: ClampRange = .none,
    _ source: inout TensorSource
  ) throws -> ValueIndex {
    let channels = shape(x)[3] / groups
    var inputs = [
      x, random("\(name)_w", [outputs, kernel, kernel, channels], in: -1...1, &source),
    ]
    if bias { inputs.append(random("\(name)_b", [outputs], &source)) }
    let parameters = FloatConvolution(
      stride: SpatialExtent(height: stride, width: stride),
      padding: EdgePadding(top: padding, left: padding, bottom: padding, right: padding),
      groups: groups, clamp: clamp)
    return try node(name, .convolution(parameters), inputs)
  }

  /// A batch normalization over the last axis with random parameters.
  mutating func batchNormalization(
    _ name: String, _ x: ValueIndex, _ source: inout TensorSource
  ) throws -> ValueIndex {
    let channels = [shape(x).last ?? 1]
    return try node(
      name, .batchNormalization(epsilon: 1e-3), x, random("\(name)_gamma", channels, &source),
      random("\(name)_beta", channels, &source), random("\(name)_mean", channels, &source),
      random("\(name)_variance", channels, in: 0.1...3, &source))
  }
}

/// The simplified graph, after checking that it computes the same outputs as `graph` for random
/// inputs, under the same names.
func simplifiedAndChecked(
  _ graph: FloatGraph, seed: UInt64 = 1, sourceLocation: SourceLocation = #_sourceLocation
) throws -> FloatGraph {
  let simplified = try graph.simplified()
  try expectSameOutputs(
    graph, simplified, seed: seed, sourceLocation: sourceLocation)
  return simplified
}

/// Checks that two graphs compute the same for random inputs, up to rounding.
func expectSameOutputs(
  _ before: FloatGraph, _ after: FloatGraph, seed: UInt64,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  var source = TensorSource(seed: seed)
  let inputs = before.inputs.map { source.values(before.values[$0].shape, in: -4...4) }
  let expected = try FloatReference(before, inputs: inputs).outputs
  let actual = try FloatReference(after, inputs: inputs).outputs
  #expect(
    after.outputs.map { after.values[$0].name } == before.outputs.map { before.values[$0].name },
    "seed \(seed)", sourceLocation: sourceLocation)
  #expect(
    actual.map(\.shape) == expected.map(\.shape), "seed \(seed)", sourceLocation: sourceLocation)
  for (result, reference) in zip(actual, expected) {
    let tolerance = 1e-4 * max(reference.values.map(abs).max() ?? 0, 1e-3)
    let isClose = zip(result.values, reference.values).allSatisfy { abs($0 - $1) <= tolerance }
    #expect(
      isClose, "seed \(seed): \(before.operationNames) became \(after.operationNames)",
      sourceLocation: sourceLocation)
  }
}
