import Diagnostics
import FloatModel
import IntegerModel
import OperatorArithmetic

extension Lowering {
  /// Convolution; depthwise where every input channel is a group of its own.
  mutating func lowerConvolution(
    _ node: FloatNode, _ convolution: FloatConvolution
  ) throws(Diagnostic) {
    let (input, inputParameters) = try operand(of: node)
    let outputParameters = try computedParameters(of: node)
    let weights = try weightTensor(node)
    let quantized = try quantizeWeights(node, weights: weights, input: inputParameters)
    let isDepthwise = convolution.groups > 1 && weights.shape[3] == 1

    let filters = weights.shape[0]
    let shape =
      isDepthwise ? [1, weights.shape[1], weights.shape[2], filters] : weights.shape
    let codes =
      isDepthwise ? Self.filtersLast(quantized.codes, filters: filters) : quantized.codes
    let constants = addLayerConstants(
      node, codes: codes, shape: shape, axis: isDepthwise ? 3 : 0, quantized: quantized,
      input: inputParameters)
    let lowered = try derivation.convolution(
      input: inputParameters.codes, weightScales: quantized.scales,
      output: outputParameters.codes,
      stride: SpatialPair(
        height: convolution.stride.height, width: convolution.stride.width),
      dilation: SpatialPair(
        height: convolution.dilation.height, width: convolution.dilation.width),
      padding: SpatialPadding(convolution.padding), limits: RealRange(convolution.clamp))
    try appendComputing(
      node, isDepthwise ? .depthwiseConvolution(lowered) : .convolution(lowered),
      inputs: [input, constants.weights, constants.bias], notes: Self.notes(quantized))
  }

  /// Fully connected layer.
  mutating func lowerFullyConnected(
    _ node: FloatNode, _ clamp: ClampRange
  ) throws(Diagnostic) {
    let (input, inputParameters) = try operand(of: node)
    let outputParameters = try computedParameters(of: node)
    let weights = try weightTensor(node)
    let quantized = try quantizeWeights(node, weights: weights, input: inputParameters)
    let constants = addLayerConstants(
      node, codes: quantized.codes, shape: weights.shape, axis: 0, quantized: quantized,
      input: inputParameters)
    try appendComputing(
      node,
      .fullyConnected(
        try derivation.fullyConnected(
          input: inputParameters.codes, weightScales: quantized.scales,
          output: outputParameters.codes, limits: RealRange(clamp))),
      inputs: [input, constants.weights, constants.bias], notes: Self.notes(quantized))
  }

  private func weightTensor(_ node: FloatNode) throws(Diagnostic) -> FloatTensor {
    guard let weights = graph.values[node.inputs[1]].constant else {
      throw Diagnostic(
        problem: "its weights are computed by the graph", remedy: "only constant weights quantize")
    }
    return weights
  }

  private func quantizeWeights(
    _ node: FloatNode, weights: FloatTensor, input: ActivationParameters
  ) throws(Diagnostic) -> QuantizedWeights {
    guard let thresholds = state.weightThresholds[node.inputs[1]] else {
      throw Diagnostic(
        problem: "no thresholds were set for its weights",
        remedy: "run the weight threshold step before lowering")
    }
    var bias = [Float](repeating: 0, count: weights.shape[0])
    if node.inputs.count > 2 {
      guard let constant = graph.values[node.inputs[2]].constant else {
        throw Diagnostic(
          problem: "its bias is computed by the graph", remedy: "only constant biases quantize")
      }
      bias = constant.values
    }
    return WeightQuantization(
      weights: weights.values, bias: bias, thresholds: thresholds,
      input: input
    ).quantized()
  }

  /// Adds the constants of a layer.
  private mutating func addLayerConstants(
    _ node: FloatNode, codes: [Int8], shape: [Int], axis: Int, quantized: QuantizedWeights,
    input: ActivationParameters
  ) -> (weights: TensorIndex, bias: TensorIndex) {
    let isPerChannel = quantized.scales.count > 1
    let weights = addTensor(
      TensorDescription(
        name: graph.values[node.inputs[1]].name, shape: shape, elementType: .int8,
        quantization: Quantization(
          scaleBits: quantized.scales.map(\.bitPattern),
          zeroPoints: quantized.scales.map { _ in 0 }, axis: isPerChannel ? axis : nil),
        constant: ConstantBytes(copying: codes)))
    let biasName =
      node.inputs.count > 2 ? graph.values[node.inputs[2]].name : node.name + "_bias"
    // 16-bit activations accumulate in 64 bits.
    let isWide = input.elementType == .int16
    let bias = addTensor(
      TensorDescription(
        name: biasName, shape: [quantized.biases.count], elementType: isWide ? .int64 : .int32,
        quantization: Quantization(
          scaleBits: quantized.scales.map { (input.scale * $0).bitPattern },
          zeroPoints: quantized.scales.map { _ in 0 }, axis: isPerChannel ? 0 : nil),
        constant: isWide
          ? ConstantBytes(copying: quantized.biases.map(Int64.init))
          : ConstantBytes(copying: quantized.biases)))
    return (weights, bias)
  }

  /// `[O, KH, KW, 1]` to `[1, KH, KW, O]`.
  private static func filtersLast(_ codes: [Int8], filters: Int) -> [Int8] {
    let taps = codes.count / filters
    var result = [Int8](repeating: 0, count: codes.count)
    for filter in 0..<filters {
      for tap in 0..<taps { result[tap * filters + filter] = codes[filter * taps + tap] }
    }
    return result
  }

  private static func notes(_ quantized: QuantizedWeights) -> [String] {
    guard quantized.widenedChannels > 0 else { return [] }
    let count = quantized.widenedChannels
    return ["weight scale of \(count) channel\(count == 1 ? "" : "s") widened for the bias"]
  }
}

extension SpatialPadding {
  /// The same padding, of a float graph.
  init(_ padding: EdgePadding) {
    self.init(
      top: padding.top, left: padding.left, bottom: padding.bottom, right: padding.right)
  }
}

extension RealRange {
  /// The same limits, of a float graph.
  init(_ clamp: ClampRange) {
    self.init(minimum: clamp.minimum, maximum: clamp.maximum)
  }
}
