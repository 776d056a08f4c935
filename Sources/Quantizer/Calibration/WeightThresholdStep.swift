import Diagnostics
import FloatModel

/// Sets the thresholds of all weights to their greatest magnitude (paper eq. 2): one per filter in
/// vector mode, one per layer in scalar mode.
public struct WeightThresholdStep: QuantizationStep {
  /// See ``QuantizationStep``.
  public let title = "measuring weights"

  /// Creates the step.
  public init() {}

  /// Sets `weightThresholds` of every layer; fails never.
  public func apply(
    to state: inout QuantizationState, progress: (StepProgress) -> Void
  ) throws(Diagnostic) {
    for node in state.graph.nodes {
      guard let weights = node.weights, let tensor = state.graph.values[weights].constant else {
        continue
      }
      let filters = tensor.shape[0]
      let size = tensor.count / filters
      let perFilter = (0..<filters).map { filter in
        tensor.values[filter * size..<(filter + 1) * size].reduce(Float(0)) { max($0, abs($1)) }
      }
      switch state.options.weights {
      case .perChannel: state.weightThresholds[weights] = perFilter
      case .perTensor: state.weightThresholds[weights] = [perFilter.max() ?? 0]
      }
    }
  }
}

extension FloatNode {
  /// The weights that a layer multiplies its input with, output channel first; `nil` for nodes
  /// without weights.
  var weights: ValueIndex? {
    switch operation {
    case .convolution, .fullyConnected: inputs[1]
    default: nil
    }
  }
}
