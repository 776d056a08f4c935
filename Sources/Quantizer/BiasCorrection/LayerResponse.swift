import Diagnostics
import FloatModel

/// The mean over samples of what a layer computes for each output channel before its activation.
struct LayerResponse {
  /// Without the bias.
  let products: [Double]
  /// The bias.
  let bias: [Double]

  /// The float layer at `position` for inputs with these means per tap.
  init?(ofLayerAt position: Int, in graph: FloatGraph, to means: [Double]) {
    let node = graph.nodes[position]
    guard let layout = WeightLayout(node, in: graph),
      let weights = graph.values[node.inputs[1]].constant
    else { return nil }
    products = layout.response(of: weights.values, to: means)
    if node.inputs.count > 2, let bias = graph.values[node.inputs[2]].constant {
      self.bias = bias.values.map(Double.init)
    } else {
      bias = Array(repeating: 0, count: layout.filters)
    }
  }

  /// The mean with the bias.
  var sum: [Double] { zip(products, bias).map { $0 + $1 } }
}

extension QuantizationState {
  /// Sets the bias of the layer at `position` so that its quantized weights give the mean
  /// `wanted[channel]` for inputs with the mean `inputMeans` per tap, `input` being the parameters of
  /// its input.
  mutating func correctBias(
    ofLayerAt position: Int, wanted: [Double], inputMeans: [Double], input: ActivationParameters
  ) {
    let node = graph.nodes[position]
    guard let layout = WeightLayout(node, in: graph),
      let weights = graph.values[node.inputs[1]].constant,
      let bias = graph.values[node.inputs[2]].constant,
      let thresholds = weightThresholds[node.inputs[1]]
    else { return }
    var corrected = bias.values
    // The bias may widen the scale of the weights, which is then another one.
    for _ in 0..<2 {
      let quantized = WeightQuantization(
        weights: weights.values, bias: corrected, thresholds: thresholds, input: input
      ).quantized()
      let products = layout.response(of: quantized.codes.map(Float.init), to: inputMeans)
      for channel in corrected.indices {
        let product = products[channel] * Double(quantized.scale(of: channel))
        corrected[channel] = Float(wanted[channel] - product)
      }
      if quantized.widenedChannels == 0 { break }
    }
    graph.values[node.inputs[2]].constant?.values = corrected
  }
}
