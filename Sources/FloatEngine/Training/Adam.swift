import CFloatKernels

/// The state of the Adam optimizer (Kingma and Ba, "Adam: a method for stochastic optimization",
/// 2015, algorithm 1) for one array of parameters.
public struct Adam: Sendable {
  /// Decay of the mean of gradients.
  public static let beta1: Float = 0.9
  /// Decay of the mean of squared gradients.
  public static let beta2: Float = 0.999
  private static let epsilon: Float = 1e-12

  /// Mean of gradients.
  public private(set) var first: [Float]
  /// Mean of squared gradients.
  public private(set) var second: [Float]
  /// Steps so far.
  public private(set) var steps: Int

  /// The state for `count` parameters before the first step.
  public init(count: Int) {
    first = Array(repeating: 0, count: count)
    second = first
    steps = 0
  }

  /// A state read from a checkpoint; both arrays have one element per parameter.
  public init(first: [Float], second: [Float], steps: Int) {
    precondition(first.count == second.count && steps >= 0)
    self.first = first
    self.second = second
    self.steps = steps
  }

  /// Moves `parameters` one step against `gradient` at learning rate `rate`.
  public mutating func step(
    _ parameters: inout [Float], gradient: UnsafeBufferPointer<Float>, rate: Float
  ) {
    precondition(parameters.count == first.count && gradient.count == first.count)
    steps += 1
    let correction1 = 1 - Self.power(Self.beta1, steps)
    let correction2 = (1 - Self.power(Self.beta2, steps)).squareRoot()
    guard let base = gradient.baseAddress else { return }
    float_adam_step(
      &parameters, &first, &second, base, Int64(parameters.count),
      rate * correction2 / correction1, Self.beta1, Self.beta2, Self.epsilon * correction2)
  }

  private static func power(_ base: Float, _ exponent: Int) -> Float {
    var result: Float = 1
    var factor = base
    var left = exponent
    while left > 0 {
      if left & 1 == 1 { result *= factor }
      factor *= factor
      left >>= 1
    }
    return result
  }
}
