import Diagnostics

extension FloatGraph {
  /// Gives every convolution and fully connected layer that has no bias one of zeros, so that what
  /// corrects or trains biases finds one in each layer.
  public mutating func addMissingBiases() {
    var names = UniqueNames(values.map(\.name))
    for (position, node) in nodes.enumerated() where node.inputs.count == 2 {
      switch node.operation {
      case .convolution, .fullyConnected: break
      default: continue
      }
      guard let filters = values[node.inputs[1]].shape.first else { continue }
      let name = names.take(node.name + "_bias")
      let zeros = FloatTensor(shape: [filters], values: Array(repeating: 0, count: filters))
      nodes[position].inputs.append(values.count)
      values.append(FloatValue(name: name, constant: zeros))
    }
  }
}
