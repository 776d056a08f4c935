import CIntegerKernels
import IntegerModel

// Layers of 16-bit activations (16x8).
extension TablePlanner {
  /// Fully connected layer, convolution of one group, or depthwise convolution with one output per input.
  func sixteenBitLayer(_ operation: Operation) -> TableStep? {
    switch operation.kind {
    case .fullyConnected(let parameters):
      let layer = SixteenBitLayer(
        operation: operation, multipliers: parameters.multipliers, clamp: parameters.clamp,
        accumulator: parameters.accumulator)
      return pixelwise(layer, windows(ofRows: x(operation), into: y(operation)))
    case .convolution(let parameters):
      return convolution(SixteenBitLayer(operation, parameters), parameters)
    case .depthwiseConvolution(let parameters):
      return depthwise(SixteenBitLayer(operation, parameters), parameters)
    default: return nil
    }
  }

  /// Few rows use the weights in place; many, or pixels, are a matrix product with packed weights, where
  /// its kernel takes them.
  private func pixelwise(_ layer: SixteenBitLayer, _ windows: fbq_convolution) -> TableStep? {
    let rows = x(layer.operation).extents.count / x(layer.operation).extents[5]
    if rows >= 4, let step = matrixProduct(layer, windows) { return step }
    return fullyConnected(layer)
  }

  private func convolution(
    _ layer: SixteenBitLayer, _ parameters: ConvolutionParameters
  ) -> TableStep? {
    let (image, result) = (x(layer.operation), y(layer.operation))
    let kernel = Extents(graph.tensors[layer.operation.inputs[1]].shape)
    guard kernel[5] == image.extents[5] else { return nil }
    let windows = windows(of: kernel, on: image, into: result, parameters)
    let isPixelwise =
      kernel[3] == 1 && kernel[4] == 1 && parameters.stride == SpatialPair(height: 1, width: 1)
      && parameters.padding == SpatialPadding()
    return isPixelwise ? pixelwise(layer, windows) : matrixProduct(layer, windows)
  }

  private func depthwise(
    _ layer: SixteenBitLayer, _ parameters: ConvolutionParameters
  ) -> TableStep? {
    let (image, result) = (x(layer.operation), y(layer.operation))
    let temporary = PreparedMemory()
    defer { withExtendedLifetime(temporary) {} }
    let weights = graph.byteWeights(of: layer.operation, in: temporary)
    let windows = windows(of: weights.extents, on: image, into: result, parameters)
    // One channel in is a convolution.
    return image.extents[5] == 1
      ? packed(
        layer, windows, transposed(weights, in: temporary), kernels.convolution_16x8,
        work: windows.products / (choice == .portable ? 2 : 12))
      : packed(
        layer, windows, weights, kernels.depthwise_16x8,
        work: windows.products / Int(windows.input_channels) / (choice == .portable ? 1 : 2))
  }

  // MARK: Parts

  private func matrixProduct(_ layer: SixteenBitLayer, _ windows: fbq_convolution) -> TableStep? {
    let temporary = PreparedMemory()
    defer { withExtendedLifetime(temporary) {} }
    return packed(
      layer, windows, graph.byteWeights(of: layer.operation, in: temporary),
      kernels.convolution_16x8, work: windows.products / (choice == .portable ? 2 : 12))
  }

  /// `work` says how long it takes, as ``RunOptions/parallelWork`` counts it.
  private func packed(
    _ layer: SixteenBitLayer, _ windows: fbq_convolution, _ weights: TensorPlace,
    _ kernel: UnsafePointer<fbq_convolution_16x8_kernel>?, work: Int
  ) -> TableStep? {
    guard let kernel = kernel?.pointee else { return nil }
    var convolution = fbq_convolution_16x8()
    convolution.windows = windows
    convolution.stage = stage(of: layer)
    guard kernel.accepts(&convolution, weights.byteAddress) != 0 else { return nil }
    let packed = memory.allocateUninitialized(byteCount: kernel.weight_bytes(&convolution))
    kernel.pack(&convolution, weights.byteAddress, packed)
    graph.tensors[layer.operation.inputs[1]].constant?.unload()
    convolution.windows.weights = UnsafeRawPointer(packed)
    return step(
      kernel.run, convolution, units: kernel.units(&convolution),
      scratch: kernel.scratch(&convolution), work: work)
  }

  private func fullyConnected(_ layer: SixteenBitLayer) -> TableStep? {
    guard let kernel = kernels.fully_connected_16x8 else { return nil }
    let (activation, result) = (x(layer.operation), y(layer.operation))
    let (inputs, outputs) = (activation.extents[5], result.extents[5])
    let rows = activation.extents.count / inputs
    var connected = fbq_fully_connected_16x8()
    connected.input = UnsafePointer(activation.view(as: Int16.self).codes)
    connected.weights = UnsafePointer(
      graph.byteWeights(of: layer.operation, in: memory).byteAddress)
    connected.output = result.view(as: Int16.self).codes
    connected.stage = stage(of: layer)
    (connected.rows, connected.inputs, connected.outputs) = (rows, inputs, outputs)
    let unit = Int(fbq_16x8_unit)
    return step(
      kernel, connected, units: (outputs + unit - 1) / unit,
      work: rows * inputs * outputs / (choice == .portable ? 2 : 4))
  }

  private func stage(of layer: SixteenBitLayer) -> fbq_output_16x8 {
    let factors = memory.allocateUninitialized(
      byteCount: layer.multipliers.count * MemoryLayout<fbq_multiplier>.stride
    ).bindMemory(to: fbq_multiplier.self, capacity: layer.multipliers.count)
    for (index, multiplier) in layer.multipliers.enumerated() {
      factors[index] = fbq_multiplier(multiplier)
    }
    let bias =
      layer.accumulator == .int64
      ? graph.bias(of: layer.operation, as: Int64.self)
      : graph.bias(of: layer.operation, as: Int32.self).map { Int64($0) }
    var stage = fbq_output_16x8()
    stage.bias = memory.copy(bias)
    stage.multipliers = UnsafePointer(factors)
    stage.has_one_multiplier = layer.multipliers.count == 1 ? 1 : 0
    stage.has_narrow_sums = layer.accumulator == .int32 ? 1 : 0
    stage.single = arithmetic.rounding == .single ? 1 : 0
    (stage.minimum, stage.maximum) = (layer.clamp.minimum, layer.clamp.maximum)
    return stage
  }
}

/// What layers of 16-bit activations have in common when they are planned.
private struct SixteenBitLayer {
  let operation: Operation
  let multipliers: [FixedPointMultiplier]
  let clamp: CodeRange
  let accumulator: AccumulatorType
}

extension SixteenBitLayer {
  init(_ operation: Operation, _ parameters: ConvolutionParameters) {
    self.init(
      operation: operation, multipliers: parameters.multipliers, clamp: parameters.clamp,
      accumulator: parameters.accumulator)
  }
}

extension fbq_convolution {
  /// Products of a convolution of one group.
  fileprivate var products: Int {
    let pixels = Int(batches) * Int(output_height) * Int(output_width)
    let depth = Int(kernel_height) * Int(kernel_width) * Int(input_channels)
    return pixels * depth * Int(output_channels)
  }
}
