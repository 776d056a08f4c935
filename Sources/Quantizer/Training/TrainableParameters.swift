/// What training moves, as flat arrays; ``StudentNetwork`` knows which element means what.
package enum ParameterGroup: String, CaseIterable, Sendable {
  /// See ``TrainableRange``, one activation after the other.
  case activationThresholds = "activation-thresholds"
  /// Parameters of the factors of T_max, per filter or per layer.
  case weightThresholds = "weight-thresholds"
  /// Point-wise factors of the weights (4.2).
  case weightFactors = "weight-factors"
  /// Point-wise factors of the biases (4.2).
  case biasFactors = "bias-factors"
  /// See ``LearnedRounding``, one per weight.
  case roundings
  /// Added to the biases, in steps of the output's codes.
  case biasOffsets = "bias-offsets"

  /// The limits of the point-wise factors (4.2).
  static let pointwiseLimits: ClosedRange<Float> = 0.75...1.25
}

/// One array per group; groups that are not trained are empty.
package typealias TrainableParameters = [ParameterGroup: [Float]]

extension TrainingOptions {
  /// The first learning rate of a group.
  func rate(of group: ParameterGroup) -> Float {
    switch group {
    case .activationThresholds, .weightThresholds: thresholdRate
    case .weightFactors, .biasFactors: weightRate
    case .biasOffsets: biasRate
    case .roundings: roundingRate
    }
  }
}
