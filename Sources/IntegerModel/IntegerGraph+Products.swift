extension IntegerGraph {
  /// How many products of an activation and a weight operation `index` sums up; taps on padding count.
  /// `nil` for operations without weights.
  public func productCount(of index: Int) -> Int? {
    let operation = operations[index]
    func elements(_ tensor: TensorIndex) -> Int { tensors[tensor].elementCount }
    switch operation.kind {
    case .convolution, .depthwiseConvolution, .fullyConnected:
      // Every output channel meets its own weights once per element.
      guard let channels = tensors[operation.outputs[0]].shape.last else { return nil }
      return elements(operation.outputs[0]) * (elements(operation.inputs[1]) / channels)
    case .transposeConvolution:
      guard let channels = tensors[operation.inputs[0]].shape.last else { return nil }
      return elements(operation.inputs[0]) * (elements(operation.inputs[1]) / channels)
    default: return nil
    }
  }
}
