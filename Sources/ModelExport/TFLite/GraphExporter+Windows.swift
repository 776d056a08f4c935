import Diagnostics
import IntegerModel
import OperatorArithmetic
import TFLiteFormat

extension GraphExporter {
  /// CONV_2D or DEPTHWISE_CONV_2D.
  mutating func exportConvolution(
    _ operation: Operation, _ parameters: ConvolutionParameters, isDepthwise: Bool
  ) throws(Diagnostic) {
    let (image, weights) = (input(operation), input(operation, 1))
    let derived = try derivation.convolution(
      input: try codes(of: image), weightScales: try scales(of: weights),
      output: try codes(of: output(operation)), stride: parameters.stride,
      dilation: parameters.dilation, padding: parameters.padding)
    try require(parameters.multipliers, are: derived.multipliers)
    let (source, padding) = try paddedInput(
      operation,
      SpatialWindows(
        kernel: SpatialPair(height: weights.shape[1], width: weights.shape[2]),
        stride: parameters.stride, dilation: parameters.dilation, padding: parameters.padding),
      code: image.zeroPoint)
    let target = try clampedOutput(operation, parameters.clamp)
    let window = TFLiteWindow(stride: TFLitePair(parameters.stride), padding: padding)
    let dilation = TFLitePair(parameters.dilation)
    let operands = [
      source, try builder.tensor(operation.inputs[1]), try builder.tensor(operation.inputs[2]),
    ]
    if isDepthwise {
      builder.append(
        .depthwiseConv2D,
        .depthwiseConvolution(
          window, dilation: dilation, depthMultiplier: weights.shape[3] / image.shape[3],
          activation: target.activation), inputs: operands, outputs: [target.tensor])
    } else {
      builder.append(
        .conv2D, .convolution(window, dilation: dilation, activation: target.activation),
        inputs: operands, outputs: [target.tensor])
    }
    try finish(target, of: operation)
  }

  /// TRANSPOSE_CONV, whose output shape is its first input.
  mutating func exportTransposeConvolution(
    _ operation: Operation, _ parameters: TransposeConvolutionParameters
  ) throws(Diagnostic) {
    let (image, weights, result) = (input(operation), input(operation, 1), output(operation))
    let derived = try derivation.convolution(
      input: try codes(of: image), weightScales: try scales(of: weights),
      output: try codes(of: result), stride: parameters.stride, padding: parameters.padding)
    try require(parameters.multipliers, are: derived.multipliers)
    // The convolution that would have made the input from the output has the same windows.
    let windows = SpatialWindows(
      kernel: SpatialPair(height: weights.shape[1], width: weights.shape[2]),
      stride: parameters.stride, padding: parameters.padding)
    guard
      case .scheme(let padding) = WindowPadding(
        windows, image: SpatialPair(height: result.shape[1], width: result.shape[2]),
        count: SpatialPair(height: image.shape[1], width: image.shape[2]))
    else {
      throw Diagnostic(
        problem: "its padding is neither SAME nor VALID, which is all that TRANSPOSE_CONV has",
        remedy: "use one of both in the source model, and crop the result")
    }
    let target = try clampedOutput(operation, parameters.clamp)
    let shape = builder.addConstant(result.shape, named: operation.name + "_shape")
    builder.append(
      .transposeConv,
      .transposeConvolution(
        TFLiteWindow(stride: TFLitePair(parameters.stride), padding: padding),
        activation: target.activation),
      inputs: [
        shape, try builder.tensor(operation.inputs[1]), try builder.tensor(operation.inputs[0]),
        try builder.tensor(operation.inputs[2]),
      ], outputs: [target.tensor])
    try finish(target, of: operation)
  }

  /// FULLY_CONNECTED.
  mutating func exportFullyConnected(
    _ operation: Operation, _ parameters: FullyConnectedParameters
  ) throws(Diagnostic) {
    let (activation, weights, result) = (
      input(operation), input(operation, 1), output(operation)
    )
    let derived = try derivation.fullyConnected(
      input: try codes(of: activation), weightScales: try scales(of: weights),
      output: try codes(of: result))
    try require(parameters.multipliers, are: derived.multipliers)
    var target = try clampedOutput(operation, parameters.clamp)
    let outputs = weights.shape[0]
    let keepsDimensions =
      result.shape.count != 2 && result.shape == Array(activation.shape.dropLast()) + [outputs]
    let rows = [result.elementCount / outputs, outputs]
    let needsReshape = !keepsDimensions && result.shape != rows
    let final = target.tensor
    if needsReshape {
      target.tensor = builder.addIntermediate(like: result, suffix: "_rows", shape: rows)
    }
    builder.append(
      .fullyConnected,
      .fullyConnected(
        activation: target.activation, keepsDimensions: keepsDimensions, hasDefaultWeights: true),
      inputs: try builder.tensors(operation.inputs), outputs: [target.tensor])
    if needsReshape {
      appendReshape(from: target.tensor, to: final, shape: result.shape, operation)
      target.tensor = final
    }
    try finish(target, of: operation)
  }

  /// AVERAGE_POOL_2D or MAX_POOL_2D.
  mutating func exportPool(
    _ operation: Operation, _ parameters: PoolParameters, isAverage: Bool
  ) throws(Diagnostic) {
    let windows = SpatialWindows(
      kernel: parameters.window, stride: parameters.stride, padding: parameters.padding)
    if isAverage, case .explicit = windowPadding(operation, windows) {
      throw Diagnostic(
        problem: "an average pool with padding \(parameters.padding.text) that is neither SAME nor "
          + "VALID has no operator in TFLite",
        remedy: "pad by SAME or VALID in the source model, or count the padding in (PAD first)")
    }
    // Padding must never be the greatest.
    let least = Int32(clamping: input(operation).elementType.minimumCode)
    let (source, padding) = try paddedInput(operation, windows, code: least)
    let target = try clampedOutput(operation, parameters.clamp)
    builder.append(
      isAverage ? .averagePool2D : .maxPool2D,
      .pool(
        TFLiteWindow(stride: TFLitePair(parameters.stride), padding: padding),
        filter: TFLitePair(parameters.window), activation: target.activation),
      inputs: [source], outputs: [target.tensor])
    try finish(target, of: operation)
  }

  // MARK: - Parts

  /// Scales of weights: one, or one per output channel.
  private func scales(of weights: TensorDescription) throws(Diagnostic) -> [Float] {
    guard let bits = weights.quantization?.scaleBits, !bits.isEmpty else {
      throw Diagnostic(
        problem: "the weights '\(weights.name)' have no scale",
        remedy: "convert the source model again")
    }
    return bits.map { Float(bitPattern: $0) }
  }

  private func windowPadding(_ operation: Operation, _ windows: SpatialWindows) -> WindowPadding {
    let (image, result) = (input(operation).shape, output(operation).shape)
    return WindowPadding(
      windows, image: SpatialPair(height: image[1], width: image[2]),
      count: SpatialPair(height: result[1], width: result[2]))
  }

  /// The tensor that windows are to be applied to, and the scheme: the operation's input, or that
  /// padded with `code` by an operator of its own.
  private mutating func paddedInput(
    _ operation: Operation, _ windows: SpatialWindows, code: Int32
  ) throws(Diagnostic) -> (tensor: Int, padding: TFLitePadding) {
    let source = try builder.tensor(operation.inputs[0])
    switch windowPadding(operation, windows) {
    case .scheme(let padding): return (source, padding)
    case .explicit(let padding):
      let image = input(operation)
      let shape = [
        image.shape[0], image.shape[1] + padding.top + padding.bottom,
        image.shape[2] + padding.left + padding.right, image.shape[3],
      ]
      let padded = builder.addIntermediate(like: image, suffix: "_padded", shape: shape)
      appendPad(
        from: source, to: padded, before: [0, padding.top, padding.left, 0],
        after: [0, padding.bottom, padding.right, 0], code: code, like: image, operation)
      return (padded, .valid)
    }
  }
}

extension TFLitePair {
  init(_ pair: SpatialPair) { self.init(height: pair.height, width: pair.width) }
}

extension SpatialPadding {
  /// As messages show it.
  fileprivate var text: String { "\(top),\(left),\(bottom),\(right) (top,left,bottom,right)" }
}
