import FloatModel
import TestSupport

/// Random numbers for the tensors of a test.
public struct TensorSource {
  private var generator: SeededGenerator

  /// Starts the sequence that belongs to `seed`.
  public init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// A whole number in `range`.
  public mutating func int(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &generator)
  }

  /// One of `choices`.
  public mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
    choices[int(0...choices.count - 1)]
  }

  /// A tensor of numbers in `range`.
  public mutating func values(_ shape: [Int], in range: ClosedRange<Float> = -2...2) -> [Float] {
    (0..<shape.reduce(1, *)).map { _ in Float.random(in: range, using: &generator) }
  }
}

extension GraphSketch {
  /// A constant of random numbers.
  public mutating func random(
    _ name: String, _ shape: [Int], in range: ClosedRange<Float> = -2...2,
    _ source: inout TensorSource
  ) -> ValueIndex {
    constant(name, shape, source.values(shape, in: range))
  }

  /// A convolution with random weights and, where `bias` says so, a random bias.
  public mutating func convolution(
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
  public mutating func batchNormalization(
    _ name: String, _ x: ValueIndex, _ source: inout TensorSource
  ) throws -> ValueIndex {
    let channels = [shape(x).last ?? 1]
    return try node(
      name, .batchNormalization(epsilon: 1e-3), x, random("\(name)_gamma", channels, &source),
      random("\(name)_beta", channels, &source), random("\(name)_mean", channels, &source),
      random("\(name)_variance", channels, in: 0.1...3, &source))
  }
}
