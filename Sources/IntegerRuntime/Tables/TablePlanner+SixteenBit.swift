import CIntegerKernels
import IntegerModel

// Layers of 16-bit activations (16x8), and what makes them of 8-bit ones and back.
extension TablePlanner {
  /// Fully connected layer, convolution of one group, depthwise convolution with one output per input,
  /// addition, subtraction, mean or sum.
  func sixteenBitOperation(_ operation: Operation) -> TableStep? {
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
    case .add(let parameters): return addition(operation, parameters, sign: 1)
    case .subtract(let parameters): return addition(operation, parameters, sign: -1)
    case .mean(let parameters), .sum(let parameters): return reduce(operation, parameters)
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

  /// Addition (`sign` 1) and subtraction (−1) of arrays whose rows are read element by element.
  private func addition(
    _ operation: Operation, _ parameters: AddParameters, sign: Int32
  ) -> TableStep? {
    let (first, second) = (x(operation), places[operation.inputs[1]])
    let result = y(operation)
    guard
      let rows = BroadcastRows(first.extents, second.extents, onto: result.extents),
      rows.length == 1 || rows.first.element == 1 && rows.second.element == 1
    else { return nil }
    let ranges = [parameters.first, parameters.second].map { multiplier in
      [Int32(Int16.min), Int32(Int16.max)].map {
        Int64(multiplier.scale($0 << parameters.leftShift, rounding: arithmetic.rounding))
      }
    }
    let (least, most) =
      sign > 0
      ? (ranges[0][0] + ranges[1][0], ranges[0][1] + ranges[1][1])
      : (ranges[0][0] - ranges[1][1], ranges[0][1] - ranges[1][0])
    var a = fbq_addition_16()
    a.first = UnsafePointer(first.view(as: Int16.self).codes)
    a.second = UnsafePointer(second.view(as: Int16.self).codes)
    a.output = result.view(as: Int16.self).codes
    // −2^30 does not reach the limit: its double has 32 bits.
    a.stage = uniformOutput(
      result, clamp: parameters.clamp, parameters.output, bias: 0, greatest: max(most, -1 - least))
    a.first_multiplier = fbq_multiplier(parameters.first)
    a.second_multiplier = fbq_multiplier(parameters.second)
    a.left_shift = parameters.leftShift
    a.negates_second = sign < 0 ? 1 : 0
    (a.rows, a.length) = (rows.count, rows.length)
    (a.first_row_stride, a.second_row_stride) = (rows.first.row, rows.second.row)
    return step(kernels.add_16, a, units: a.rows, work: 2 * a.rows * a.length)
  }

  /// The same reals as 16-bit codes, of 8-bit ones; or as 8-bit codes, of 16-bit ones.
  func requantizeAcrossWidths(
    _ operation: Operation, _ multiplier: FixedPointMultiplier
  ) -> TableStep? {
    let (input, result) = (x(operation), y(operation))
    let (count, unit) = (input.extents.count, Int(fbq_lookup_unit))
    let units = (count + unit - 1) / unit
    switch (input.elementType, result.elementType) {
    case (.int8, .int16), (.uint8, .int16):
      let stage = OutputStage(
        rounding: arithmetic.rounding, zeroPoint: result.zeroPoint, clamp: result.codeRange)
      let table = (0..<256).map { byte in
        Int16(
          truncatingIfNeeded: stage.code(input.code(of: byte) - input.zeroPoint, multiplier))
      }
      let widening = fbq_widening(
        input: UnsafePointer(input.byteAddress), output: result.view(as: Int16.self).codes,
        table: memory.copy(table), multiplier: fbq_multiplier(multiplier),
        zero_point: input.flippedZeroPoint, flip: input.flip, count: count)
      return step(kernels.widen, widening, units: units, work: count)
    case (.int16, .int8), (.int16, .uint8):
      let narrowing = fbq_narrowing(
        input: UnsafePointer(input.view(as: Int16.self).codes), output: result.byteAddress,
        stage: uniformOutput(
          result, clamp: result.codeRange, multiplier, bias: 0, greatest: 1 << 15), count: count)
      return step(kernels.narrow, narrowing, units: units, work: count)
    default: return nil
    }
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
    let bytes = kernel.weight_bytes(&convolution)
    // Widened weights double.
    guard isReasonable(bytes / 2, weights) else { return nil }
    let packed = memory.allocateUninitialized(byteCount: bytes)
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
