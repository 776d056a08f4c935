import Diagnostics
import IntegerModel
import OperatorArithmetic
import TFLiteFormat

// Operators with weights.
extension IntegerImporter {
  mutating func importLayer(_ source: TFLiteOperator) throws(Diagnostic) {
    switch (source.code, source.options) {
    case (.conv2D, .convolution(let window, let dilation, let activation)):
      try importConvolution(
        source, window, dilation: dilation, activation: activation, isDepthwise: false)
    case (.depthwiseConv2D, .depthwiseConvolution(let window, let dilation, _, let activation)):
      try importConvolution(
        source, window, dilation: dilation, activation: activation, isDepthwise: true)
    case (.transposeConv, .transposeConvolution(let window, let activation)):
      try importTransposeConvolution(source, window, activation: activation)
    case (.fullyConnected, .fullyConnected(let activation, _, let hasDefaultWeights)):
      guard hasDefaultWeights else {
        throw Diagnostic(
          problem: "its weights are shuffled for one processor (SHUFFLED4x16INT8)",
          remedy: "convert the model with default weights")
      }
      try importFullyConnected(source, activation: activation)
    case (.svdf, .svdf(let rank, let activation)):
      try importSVDF(source, rank: rank, activation: activation)
    case (.unidirectionalSequenceLSTM, .lstm): try importLSTM(source)
    default: throw wrongOptions
    }
  }

  private mutating func importConvolution(
    _ source: TFLiteOperator, _ window: TFLiteWindow, dilation: TFLitePair,
    activation: TFLiteActivation, isDepthwise: Bool
  ) throws(Diagnostic) {
    let (image, filter) = (try input(source, 0), try input(source, 1))
    let extents = try imageShape(image)
    let kernel = try imageShape(filter)
    let windows = try Windows(
      image: extents, kernel: SpatialPair(height: kernel[1], width: kernel[2]),
      stride: window.stride, dilation: dilation, padding: window.padding)
    let x = try operand(image)
    let layer = try weights(
      filter, channelAxis: isDepthwise ? 3 : 0, input: try codes(image))
    let bias = try bias(source, 2, layer)
    let result = try output(source)
    var parameters = try derivation.convolution(
      input: layer.input, weightScales: layer.scales, output: try codes(result),
      stride: windows.stride, dilation: windows.dilation, padding: windows.edges,
      limits: activation.limits)
    parameters.accumulator = bias.accumulator
    append(
      isDepthwise ? .depthwiseConvolution(parameters) : .convolution(parameters),
      inputs: [x, layer.tensor, bias.tensor], output: try addOutput(of: source))
  }

  /// Inputs: the output's shape, weights, activation, and perhaps a bias.
  private mutating func importTransposeConvolution(
    _ source: TFLiteOperator, _ window: TFLiteWindow, activation: TFLiteActivation
  ) throws(Diagnostic) {
    let (filter, image) = (try input(source, 1), try input(source, 2))
    let result = try output(source)
    let kernel = try imageShape(filter)
    // Windows lie on the output: the operator is a convolution the other way round.
    let windows = try Windows(
      image: try imageShape(result), kernel: SpatialPair(height: kernel[1], width: kernel[2]),
      stride: window.stride, dilation: TFLitePair(height: 1, width: 1), padding: window.padding)
    let x = try operand(image)
    let layer = try weights(filter, channelAxis: 0, input: try codes(image))
    let bias = try bias(source, 3, layer)
    let base = try derivation.convolution(
      input: layer.input, weightScales: layer.scales, output: try codes(result),
      stride: windows.stride, padding: windows.edges, limits: activation.limits)
    let parameters = TransposeConvolutionParameters(
      stride: base.stride, padding: base.padding, multipliers: base.multipliers,
      clamp: base.clamp, accumulator: bias.accumulator)
    append(
      .transposeConvolution(parameters), inputs: [x, layer.tensor, bias.tensor],
      output: try addOutput(of: source))
  }

  private mutating func importFullyConnected(
    _ source: TFLiteOperator, activation: TFLiteActivation
  ) throws(Diagnostic) {
    let (data, filter) = (try input(source, 0), try input(source, 1))
    let layer = try weights(filter, channelAxis: 0, input: try codes(data))
    let x = try rows(of: try operand(data), width: try shape(filter).last ?? 1)
    let bias = try bias(source, 2, layer)
    let result = try output(source)
    var parameters = try derivation.fullyConnected(
      input: layer.input, weightScales: layer.scales, output: try codes(result),
      limits: activation.limits)
    parameters.accumulator = bias.accumulator
    append(
      .fullyConnected(parameters), inputs: [x, layer.tensor, bias.tensor],
      output: try addOutput(of: source))
  }

  /// `tensor` as rows of `width` elements, whatever its axes are.
  private mutating func rows(of tensor: TensorIndex, width: Int) throws(Diagnostic) -> TensorIndex {
    let given = graph.tensors[tensor]
    guard given.shape.last != width else { return tensor }
    guard given.elementCount % width == 0 else {
      throw Diagnostic(
        problem: "the input '\(given.name)' \(given.shape) does not divide into rows of \(width)")
    }
    var flat = given
    flat.name += "_rows"
    flat.shape = [given.elementCount / width, width]
    flat.constant = nil
    let index = addTensor(flat)
    append(.reshape, inputs: [tensor], output: index)
    return index
  }

  /// `[N, H, W, C]`, or a filter of four axes.
  func imageShape(_ index: Int) throws(Diagnostic) -> [Int] {
    let shape = try shape(index)
    guard shape.count == 4 else {
      throw Diagnostic(
        place: model.place(ofTensor: index), problem: "has shape \(shape); 4 axes are needed")
    }
    return shape
  }
}

/// Weights that are in the graph, with what a layer derives from them.
struct LayerWeights {
  var tensor: TensorIndex
  /// One scale per output channel, or a single one for all.
  var scales: [Float]
  var channels: Int
  /// The activation that they are multiplied with.
  var input: AffineCodes
  /// Name of the weights, for a bias that has none.
  var name: String
}

// Weights and biases.
extension IntegerImporter {
  /// The weights of a layer, added to the graph.
  ///
  /// The axis of their scales must have as many elements as there are output channels, which is what
  /// TFLite Micro checks.
  mutating func weights(
    _ index: Int, channelAxis: Int, input: AffineCodes
  ) throws(Diagnostic) -> LayerWeights {
    let place = model.place(ofTensor: index)
    let shape = try shape(index)
    let bytes = try constant(index)
    guard shape.indices.contains(channelAxis) else {
      throw Diagnostic(place: place, problem: "has shape \(shape), which is not that of weights")
    }
    let channels = shape[channelAxis]
    guard let given = model.tensors[index].quantization, !given.scales.isEmpty else {
      throw Diagnostic(
        place: place, problem: "its weights have no scale",
        remedy: "convert the model with full integer quantization")
    }
    for scale in given.scales { try requireScale(scale, of: index) }
    let isPerChannel = given.scales.count > 1
    if isPerChannel {
      guard given.scales.count == channels else {
        throw Diagnostic(
          place: place,
          problem: "there are \(given.scales.count) scales for \(channels) output channels")
      }
      guard shape.indices.contains(given.axis), shape[given.axis] == channels else {
        throw Diagnostic(
          place: place,
          problem:
            "its scales vary along axis \(given.axis); output channels are axis \(channelAxis) "
            + "of \(shape)")
      }
    }
    let zeroPoints = try weightZeroPoints(given, of: index)
    let tensor: TensorIndex
    if let present = tensors[index] {
      tensor = present
    } else {
      graph.tensors.append(
        TensorDescription(
          name: names[index], shape: shape, elementType: try elementType(index),
          quantization: Quantization(
            scaleBits: given.scales.map(\.bitPattern), zeroPoints: zeroPoints,
            axis: isPerChannel ? channelAxis : nil),
          constant: bytes))
      tensor = graph.tensors.count - 1
      tensors[index] = tensor
    }
    return LayerWeights(
      tensor: tensor, scales: given.scales, channels: channels, input: input, name: names[index])
  }

  /// One zero point per scale; files with fewer mean 0.
  private func weightZeroPoints(
    _ given: TFLiteQuantization, of index: Int
  ) throws(Diagnostic) -> [Int32] {
    let type = try elementType(index)
    var result: [Int32] = []
    for position in given.scales.indices {
      let zeroPoint =
        given.zeroPoints.indices.contains(position) ? given.zeroPoints[position] : 0
      guard zeroPoint >= type.minimumCode, zeroPoint <= type.maximumCode else {
        throw Diagnostic(
          place: model.place(ofTensor: index),
          problem: "the zero point \(zeroPoint) is outside \(type.minimumCode)…\(type.maximumCode)")
      }
      result.append(Int32(clamping: zeroPoint))
    }
    return result
  }

  /// The bias of a layer, added to the graph; zeros where the file has none.
  ///
  /// Its scales are those of the products that it is added to, whatever the file says: kernels read
  /// no others.
  mutating func bias(
    _ source: TFLiteOperator, _ position: Int, _ layer: LayerWeights
  ) throws(Diagnostic) -> (tensor: TensorIndex, accumulator: AccumulatorType) {
    let quantization = Quantization(
      scaleBits: layer.scales.map { (layer.input.scale * $0).bitPattern },
      zeroPoints: layer.scales.map { _ in 0 }, axis: layer.scales.count > 1 ? 0 : nil)
    guard let index = optionalInput(source, position) else {
      let name = names[try output(source)] + "_bias"
      let isWide = layer.input.elementType == .int16 && source.code == .fullyConnected
      let zeros = [UInt8](repeating: 0, count: layer.channels * (isWide ? 8 : 4))
      let tensor = addTensor(
        TensorDescription(
          name: name, shape: [layer.channels], elementType: isWide ? .int64 : .int32,
          quantization: quantization, constant: ConstantBytes(copying: zeros)))
      return (tensor, isWide ? .int64 : .int32)
    }
    let type = try elementType(index)
    guard type == .int32 || (type == .int64 && layer.input.elementType == .int16) else {
      throw Diagnostic(
        place: model.place(ofTensor: index),
        problem: "a bias of \(type.name) does not go with \(layer.input.elementType.name) inputs")
    }
    let bytes = try constant(index)
    let count = try shape(index).reduce(1, *)
    guard count == layer.channels else {
      throw Diagnostic(
        place: model.place(ofTensor: index),
        problem: "the bias has \(count) elements for \(layer.channels) output channels")
    }
    let accumulator: AccumulatorType = type == .int64 ? .int64 : .int32
    // A bias that several layers share has other scales in each.
    if let present = tensors[index], graph.tensors[present].quantization == quantization {
      return (present, accumulator)
    }
    let isFirst = tensors[index] == nil
    graph.tensors.append(
      TensorDescription(
        name: isFirst ? names[index] : names.unique(names[index]), shape: [layer.channels],
        elementType: type, quantization: quantization, constant: bytes))
    if isFirst { tensors[index] = graph.tensors.count - 1 }
    return (graph.tensors.count - 1, accumulator)
  }
}
