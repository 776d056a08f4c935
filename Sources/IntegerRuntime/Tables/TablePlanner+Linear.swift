import CIntegerKernels
import IntegerModel

extension TablePlanner {
  /// Convolution, or depthwise convolution.
  func convolution(
    _ index: Int, _ parameters: ConvolutionParameters, isDepthwise: Bool
  ) -> TableStep? {
    let operation = graph.operations[index]
    // Weights are packed below; an unpacked copy of int4 weights is needed no longer than that.
    let temporary = PreparedMemory()
    defer { withExtendedLifetime(temporary) {} }
    let weights = graph.byteWeights(of: operation, in: temporary)
    let (image, result) = (x(operation), y(operation))
    let groups = isDepthwise ? 1 : image.extents[5] / weights.extents[5]
    let channels = result.extents[5] / groups
    let depth = weights.extents.count / result.extents[5]
    var c = windows(of: weights.extents, on: image, into: result, parameters)
    c.groups = Int32(groups)
    let isProduct = !isDepthwise || image.extents[5] == 1
    let linear = LinearStep(
      index: index,
      weights: isProduct && isDepthwise ? transposed(weights, in: temporary) : weights,
      multipliers: parameters.multipliers, clamp: parameters.clamp, groups: groups,
      channels: channels, depth: depth, work: result.extents.count * depth)
    return isProduct ? matrixProduct(&c, linear) : depthwise(&c, linear)
  }

  /// The codes of a convolution and its windows on them, of one group; `kernel` are the extents of the
  /// weights.
  func windows(
    of kernel: Extents, on image: TensorPlace, into result: TensorPlace,
    _ parameters: ConvolutionParameters
  ) -> fbq_convolution {
    var c = fbq_convolution()
    c.input = UnsafePointer(image.byteAddress)
    c.output = result.byteAddress
    c.input_zero_point = image.flippedZeroPoint
    c.input_flip = image.flip
    c.batches = Int32(image.extents[2])
    c.input_height = Int32(image.extents[3])
    c.input_width = Int32(image.extents[4])
    c.input_channels = Int32(image.extents[5])
    c.output_height = Int32(result.extents[3])
    c.output_width = Int32(result.extents[4])
    c.output_channels = Int32(result.extents[5])
    c.kernel_height = Int32(kernel[3])
    c.kernel_width = Int32(kernel[4])
    c.stride_height = Int32(parameters.stride.height)
    c.stride_width = Int32(parameters.stride.width)
    c.dilation_height = Int32(parameters.dilation.height)
    c.dilation_width = Int32(parameters.dilation.width)
    c.padding_top = Int32(parameters.padding.top)
    c.padding_left = Int32(parameters.padding.left)
    c.groups = 1
    c.turnColumnIntoRow()
    return c
  }

  /// The windows of a fully connected layer on many rows: one pixel each.
  func windows(ofRows activation: TensorPlace, into result: TensorPlace) -> fbq_convolution {
    let (inputs, outputs) = (activation.extents[5], result.extents[5])
    let rows = activation.extents.count / inputs
    var c = fbq_convolution()
    c.input = UnsafePointer(activation.byteAddress)
    c.output = result.byteAddress
    c.input_zero_point = activation.flippedZeroPoint
    c.input_flip = activation.flip
    (c.batches, c.groups) = (1, 1)
    (c.input_height, c.input_width, c.input_channels) = (Int32(rows), 1, Int32(inputs))
    (c.output_height, c.output_width, c.output_channels) = (Int32(rows), 1, Int32(outputs))
    (c.kernel_height, c.kernel_width, c.stride_height, c.stride_width) = (1, 1, 1, 1)
    (c.dilation_height, c.dilation_width) = (1, 1)
    return c
  }

  /// The weights `[1, KH, KW, O]` of a depthwise convolution of one channel as those `[O, KH, KW, 1]` of
  /// the convolution that it is.
  func transposed(_ weights: TensorPlace, in memory: PreparedMemory) -> TensorPlace {
    let channels = weights.extents[5]
    let count = weights.extents.count
    let address = memory.allocateUninitialized(byteCount: count)
    let (from, to) = (weights.byteAddress, address.assumingMemoryBound(to: UInt8.self))
    for channel in 0..<channels {
      for tap in 0..<count / channels {
        to[channel * (count / channels) + tap] = from[tap * channels + channel]
      }
    }
    return TensorPlace(
      address: address,
      extents: Extents([channels, weights.extents[3], weights.extents[4], 1]),
      elementType: weights.elementType, zeroPoint: weights.zeroPoint)
  }

  /// Fully connected layer: many rows are a 1 × 1 convolution, few use the weights in place.
  func fullyConnected(_ index: Int, _ parameters: FullyConnectedParameters) -> TableStep? {
    let operation = graph.operations[index]
    let (activation, result) = (x(operation), y(operation))
    let (inputs, outputs) = (activation.extents[5], result.extents[5])
    let rows = activation.extents.count / inputs
    let isConvolution = rows >= 4
    let temporary = PreparedMemory()
    defer { withExtendedLifetime(temporary) {} }
    let weights = graph.byteWeights(of: operation, in: isConvolution ? temporary : memory)
    let linear = LinearStep(
      index: index, weights: weights, multipliers: parameters.multipliers, clamp: parameters.clamp,
      groups: 1, channels: outputs, depth: inputs, work: rows * inputs * outputs)
    if isConvolution {
      var c = windows(ofRows: activation, into: result)
      return matrixProduct(&c, linear)
    }
    guard let kernel = kernels.fully_connected?.pointee else { return nil }
    var layer = fbq_fully_connected()
    layer.input = UnsafePointer(activation.byteAddress)
    layer.weights = UnsafePointer(weights.byteAddress)
    layer.output = result.byteAddress
    layer.input_zero_point = activation.flippedZeroPoint
    layer.weight_zero_point = weights.flippedZeroPoint
    layer.input_flip = activation.flip
    layer.weight_flip = weights.flip
    (layer.rows, layer.inputs, layer.outputs) = (Int32(rows), Int32(inputs), Int32(outputs))
    var bias = graph.bias(of: operation, as: Int32.self)
    let reachesLimit = canReachFastLimit(linear, bias: bias)
    kernel.prepare(&layer, &bias)
    layer.stage = stage(of: linear, bias: bias, reachesLimit: reachesLimit)
    return step(
      kernel.run, layer, units: kernel.units(&layer), scratch: kernel.scratch(&layer),
      work: linear.work / (choice == .portable ? 1 : 8))
  }

  // MARK: Parts

  private func matrixProduct(_ c: inout fbq_convolution, _ linear: LinearStep) -> TableStep? {
    let pixels = Int(c.batches) * Int(c.output_height) * Int(c.output_width)
    // Sharing the channels lets each thread read only its part of the weights, sharing the pixels only
    // its part of the image: share what is more.
    c.splits_channels = pixels < linear.channels && linear.channels >= 16 * options.threads ? 1 : 0
    return packed(
      &c, linear, kernels.convolution, work: linear.work / (choice == .portable ? 2 : 24))
  }

  private func depthwise(_ c: inout fbq_convolution, _ linear: LinearStep) -> TableStep? {
    // Blocks of channels leave no row to be read twice; rows are finer.
    c.splits_channels = linear.channels >= 256 * options.threads ? 1 : 0
    return packed(&c, linear, kernels.depthwise, work: linear.work / (choice == .portable ? 1 : 4))
  }

  /// `work` says how long it takes, as ``RunOptions/parallelWork`` counts it.
  private func packed(
    _ c: inout fbq_convolution, _ linear: LinearStep,
    _ kernel: UnsafePointer<fbq_convolution_kernel>?, work: Int
  ) -> TableStep? {
    guard let kernel = kernel?.pointee else { return nil }
    c.weight_flip = linear.weights.flip
    c.weight_zero_point = linear.weights.flippedZeroPoint
    guard kernel.accepts(&c) != 0 else { return nil }
    let bytes = kernel.weight_bytes(&c)
    guard isReasonable(bytes, linear.weights) else { return nil }
    let packed = memory.allocateUninitialized(byteCount: bytes)
    var bias = graph.bias(of: graph.operations[linear.index], as: Int32.self)
    let reachesLimit = canReachFastLimit(linear, bias: bias)
    kernel.pack(&c, linear.weights.byteAddress, &bias, packed)
    graph.tensors[graph.operations[linear.index].inputs[1]].constant?.unload()
    c.weights = UnsafeRawPointer(packed)
    c.stage = stage(of: linear, bias: bias, reachesLimit: reachesLimit)
    return step(
      kernel.run, c, units: kernel.units(&c), scratch: kernel.scratch(&c), work: work)
  }

  /// Packing doubles the weights and pads them to blocks of 8 channels and pairs of taps; groups of one
  /// channel would grow 32-fold.
  func isReasonable(_ packed: Int, _ weights: TensorPlace) -> Bool {
    packed <= 4 * weights.extents.count + (1 << 20)
  }

  /// `bias` is what the kernel starts from.
  private func stage(of linear: LinearStep, bias: [Int32], reachesLimit: Bool) -> fbq_output {
    output(
      y(graph.operations[linear.index]), clamp: linear.clamp, multipliers: linear.multipliers,
      bias: bias, groups: linear.groups, reachesLimit: reachesLimit)
  }

  /// Whether an accumulator can reach 2^30: by a bound without the weights, or else by the proof.
  private func canReachFastLimit(_ linear: LinearStep, bias: [Int32]) -> Bool {
    var greatestBias: Int64 = 0
    for value in bias { greatestBias = max(greatestBias, Int64(value.magnitude)) }
    // 255 is the greatest difference of a code to its zero point.
    let (product, overflow) = Int64(linear.depth).multipliedReportingOverflow(by: 255 * 255)
    if !overflow && product < TablePlanner.fastLimit - greatestBias { return false }
    let headroom = graph.accumulatorHeadroom(of: linear.index) ?? []
    return headroom.contains { $0 < 1 }
  }
}

extension fbq_convolution {
  /// An image of one column that no window leaves is one of one row, with the same bytes: kernels make
  /// most of long rows.
  fileprivate mutating func turnColumnIntoRow() {
    guard input_width == 1, output_width == 1, kernel_width == 1 else { return }
    swap(&input_height, &input_width)
    swap(&output_height, &output_width)
    swap(&kernel_height, &kernel_width)
    swap(&stride_height, &stride_width)
    swap(&dilation_height, &dilation_width)
    swap(&padding_top, &padding_left)
  }
}

/// What the linear operators have in common when they are planned.
private struct LinearStep {
  let index: Int
  let weights: TensorPlace
  let multipliers: [FixedPointMultiplier]
  let clamp: CodeRange
  let groups: Int
  /// Output channels of a group.
  let channels: Int
  /// Products of an output element.
  let depth: Int
  /// Products in all.
  let work: Int
}
