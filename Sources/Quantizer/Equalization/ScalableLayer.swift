import FloatModel

/// A convolution or fully connected layer whose weights and bias are constants that nothing else
/// reads, so that its channels can be scaled.
///
/// Weights are `[O, KH, KW, C / groups]` or `[O, I]`, bias is `[O]`.
struct ScalableLayer {
  /// Position of the node in the graph.
  let position: Int
  /// The weights constant.
  let weights: ValueIndex
  /// The bias constant, if there is one.
  let bias: ValueIndex?
  /// The fused activation.
  let clamp: ClampRange
  /// Which weights belong to which channels.
  let layout: WeightLayout

  /// The node at `position` of `graph`; `nil` where it is no such layer.
  init?(_ position: Int, in graph: FloatGraph, readers: ReaderTable) {
    let node = graph.nodes[position]
    guard let layout = WeightLayout(node, in: graph) else { return nil }
    for constant in node.inputs.dropFirst() {
      guard graph.values[constant].constant != nil, readers.count(of: constant) == 1 else {
        return nil
      }
    }
    switch node.operation {
    case .convolution(let convolution): clamp = convolution.clamp
    case .fullyConnected(let range): clamp = range
    default: return nil
    }
    self.position = position
    self.layout = layout
    weights = node.inputs[1]
    bias = node.inputs.count > 2 ? node.inputs[2] : nil
  }

  /// Number of output channels.
  var outputs: Int { layout.filters }

  /// Number of input channels.
  var inputs: Int { layout.channels }

  /// Multiplies every filter and its bias by `factors[filter]`. Where a factor is 1 nothing
  /// changes, not even by a bit.
  func scaleOutputs(by factors: [Double], in graph: inout FloatGraph) {
    graph.values[weights].constant?.values.withUnsafeMutableBufferPointer { values in
      layout.forEachWeight { index, filter, _ in
        if factors[filter] != 1 { values[index] = Float(Double(values[index]) * factors[filter]) }
      }
    }
    guard let bias else { return }
    for filter in 0..<outputs where factors[filter] != 1 {
      let value = graph.values[bias].constant?.values[filter] ?? 0
      graph.values[bias].constant?.values[filter] = Float(Double(value) * factors[filter])
    }
  }

  /// Divides the weights that an input channel is multiplied with by `factors[channel]`. Where a
  /// factor is 1 nothing changes, not even by a bit.
  func scaleInputs(byInverseOf factors: [Double], in graph: inout FloatGraph) {
    graph.values[weights].constant?.values.withUnsafeMutableBufferPointer { values in
      layout.forEachWeight { index, _, channel in
        if factors[channel] != 1 { values[index] = Float(Double(values[index]) / factors[channel]) }
      }
    }
  }

  /// Adds a number to the bias of each filter; does nothing without a bias.
  func addToBias(_ numbers: [Double], in graph: inout FloatGraph) {
    guard let bias else { return }
    for filter in 0..<outputs where numbers[filter] != 0 {
      let value = graph.values[bias].constant?.values[filter] ?? 0
      graph.values[bias].constant?.values[filter] = Float(Double(value) + numbers[filter])
    }
  }

  /// The greatest magnitude of each filter's weights, each weight times the factor of its input
  /// channel; `nil` for factors of 1.
  func filterMaxima(inputsBy inputFactors: [Double]? = nil, in graph: FloatGraph) -> [Double] {
    var maxima = [Double](repeating: 0, count: outputs)
    let inputFactors = inputFactors ?? Array(repeating: 1, count: inputs)
    forEachMagnitude(in: graph) { magnitude, filter, channel in
      maxima[filter] = max(maxima[filter], magnitude * inputFactors[channel])
    }
    return maxima
  }

  /// The greatest magnitude of the weights that each input channel is multiplied with, each weight
  /// times the factor of its filter; `nil` for factors of 1.
  func inputMaxima(outputsBy factors: [Double]? = nil, in graph: FloatGraph) -> [Double] {
    var maxima = [Double](repeating: 0, count: inputs)
    let factors = factors ?? Array(repeating: 1, count: outputs)
    forEachMagnitude(in: graph) { magnitude, filter, channel in
      maxima[channel] = max(maxima[channel], magnitude * factors[filter])
    }
    return maxima
  }

  /// For each filter, Σ of its weights times `inputs[channel]`, over all taps.
  func response(toConstant inputs: [Double], in graph: FloatGraph) -> [Double] {
    let everyTap = Array(repeatElement(inputs, count: layout.taps).joined())
    return layout.response(of: graph.values[weights].constant?.values ?? [], to: everyTap)
  }

  private func forEachMagnitude(
    in graph: FloatGraph, _ body: (_ magnitude: Double, _ filter: Int, _ channel: Int) -> Void
  ) {
    let values = graph.values[weights].constant?.values ?? []
    values.withUnsafeBufferPointer { values in
      layout.forEachWeight { index, filter, channel in
        body(Double(abs(values[index])), filter, channel)
      }
    }
  }
}

/// Which nodes read each value of a graph.
struct ReaderTable {
  private var readers: [[Int]]
  private var isOutput: [Bool]

  /// Lists the readers of every value of `graph`.
  init(_ graph: FloatGraph) {
    readers = Array(repeating: [], count: graph.values.count)
    isOutput = Array(repeating: false, count: graph.values.count)
    for (position, node) in graph.nodes.enumerated() {
      for input in node.inputs { readers[input].append(position) }
    }
    for output in graph.outputs { isOutput[output] = true }
  }

  /// Positions of the nodes that read `value`, in order; one that reads it twice is listed twice.
  func positions(of value: ValueIndex) -> [Int] { readers[value] }

  /// How often `value` is read, by nodes or by the caller of the graph.
  func count(of value: ValueIndex) -> Int { readers[value].count + (isOutput[value] ? 1 : 0) }

  /// Whether the caller of the graph reads `value`.
  func isGraphOutput(_ value: ValueIndex) -> Bool { isOutput[value] }
}
