import CFloatKernels

/// Learned rounding of weights (Nagel et al., "Up or down? Adaptive rounding for post-training
/// quantization", 2020): a trained number v per weight decides between the code below and the one
/// above. All arrays have as many elements; all on the calling thread.
public enum LearnedRounding {
  /// The v at which the soft rounding of `weights` gives `weights` itself.
  public static func start(
    _ weights: UnsafeBufferPointer<Float>, into v: UnsafeMutableBufferPointer<Float>, scale: Float
  ) {
    guard let source = weights.baseAddress, let target = v.baseAddress else { return }
    float_learned_round_start(source, target, Int64(weights.count), scale)
  }

  /// The rounded weights: in between while v is trained, on the grid where `isHard`.
  public static func round(
    _ weights: UnsafeBufferPointer<Float>, _ v: UnsafeBufferPointer<Float>,
    into result: UnsafeMutableBufferPointer<Float>, scale: Float, isHard: Bool
  ) {
    guard let source = weights.baseAddress, let choice = v.baseAddress,
      let target = result.baseAddress
    else { return }
    float_learned_round(source, choice, target, Int64(weights.count), scale, isHard ? 1 : 0)
  }

  /// Takes d loss / d rounded weight to d loss / d v in place; `strength` and `exponent` are those of
  /// the regularizer that drives each weight to one of its codes (eq. 24).
  public static func backward(
    _ weights: UnsafeBufferPointer<Float>, _ v: UnsafeBufferPointer<Float>,
    gradients: UnsafeMutableBufferPointer<Float>, scale: Float, strength: Float, exponent: Float
  ) {
    guard let source = weights.baseAddress, let choice = v.baseAddress,
      let target = gradients.baseAddress
    else { return }
    float_learned_round_backward(
      source, choice, target, Int64(weights.count), scale, strength, exponent)
  }
}
