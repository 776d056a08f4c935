extension Operation {
  /// Which inputs are weights: those of the products with codes, not biases or states.
  public var weightPositions: Range<Int> {
    switch kind {
    case .convolution, .depthwiseConvolution, .fullyConnected, .transposeConvolution: 1..<2
    case .svdf: 1..<3
    case .sequenceLSTM: 1..<9
    default: 0..<0
    }
  }
}

extension IntegerGraph {
  /// Multiply-accumulates of operation `index` in an inference: its weights, as often as each is
  /// used; 0 where it has none.
  public func macs(of index: Int) -> Int {
    let operation = operations[index]
    let weights = operation.weightPositions.reduce(0) { sum, position in
      sum + tensors[operation.inputs[position]].elementCount
    }
    guard weights > 0 else { return 0 }
    let (input, output) = (tensors[operation.inputs[0]], tensors[operation.outputs[0]])
    switch operation.kind {
    // Each element of the input meets all weights of its channel; padding cuts some off.
    case .transposeConvolution: return input.elementCount * (weights / (input.shape.last ?? 1))
    // All weights are used for each batch, in an LSTM for each step of it.
    case .svdf: return input.shape[0] * weights
    case .sequenceLSTM: return input.shape[0] * input.shape[1] * weights
    // Each element of the output has the weights of its channel.
    default:
      return output.elementCount * (weights / tensors[operation.inputs[2]].elementCount)
    }
  }
}
