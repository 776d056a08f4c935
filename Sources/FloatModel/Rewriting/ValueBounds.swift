extension FloatGraph {
  /// For each value, a number that none of its elements is below, as far as the operators that
  /// make it tell; −∞ where they do not.
  func leastValues() -> [Float] {
    var bounds = values.map { $0.constant?.values.min() ?? -.infinity }
    for node in nodes {
      bounds[node.output] = node.operation.leastValue(of: node.inputs.map { bounds[$0] })
    }
    return bounds
  }
}

extension FloatOperation {
  /// A number that no output element is below, where no element of input i is below `inputs[i]`.
  fileprivate func leastValue(of inputs: [Float]) -> Float {
    switch self {
    case .convolution(let convolution): return convolution.clamp.minimum
    case .fullyConnected(let clamp), .add(let clamp), .subtract(let clamp), .multiply(let clamp):
      return clamp.minimum
    case .activation(let activation): return activation.leastValue(of: inputs[0])
    case .softmax: return 0
    case .maxPool, .averagePool, .mean, .reshape, .transpose, .slice, .identity, .concatenation:
      return inputs.min() ?? -.infinity
    case .batchNormalization, .prelu, .pad, .resize: return -.infinity
    }
  }
}

extension FloatActivation {
  fileprivate func leastValue(of input: Float) -> Float {
    switch self {
    case .clip(let range): return min(max(input, range.minimum), range.maximum)
    case .sigmoid, .hardSigmoid: return 0
    case .tanh: return -1
    // x · clip(x / 6 + 1/2, 0, 1) is least at x = −3/2.
    case .hardSwish: return -0.375
    case .leakyRelu: return -.infinity
    }
  }
}
