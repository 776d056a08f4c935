import CIntegerKernels
import IntegerModel

extension TablePlanner {
  /// Average and max pool.
  func pool(
    _ operation: Operation, _ parameters: PoolParameters, _ kernel: fbq_kernel?,
    clampsFlipped: Bool
  ) -> TableStep? {
    guard kernel != nil else { return nil }
    let (image, result) = (x(operation), y(operation))
    let offset: Int32 = clampsFlipped && image.elementType == .uint8 ? 128 : 0
    var p = fbq_pool()
    p.input = UnsafePointer(image.byteAddress)
    p.output = result.byteAddress
    p.flip = image.flip
    p.minimum = parameters.clamp.minimum - offset
    p.maximum = parameters.clamp.maximum - offset
    p.batches = Int32(image.extents[2])
    p.input_height = Int32(image.extents[3])
    p.input_width = Int32(image.extents[4])
    p.channels = Int32(image.extents[5])
    p.output_height = Int32(result.extents[3])
    p.output_width = Int32(result.extents[4])
    p.window_height = Int32(parameters.window.height)
    p.window_width = Int32(parameters.window.width)
    p.stride_height = Int32(parameters.stride.height)
    p.stride_width = Int32(parameters.stride.width)
    p.padding_top = Int32(parameters.padding.top)
    p.padding_left = Int32(parameters.padding.left)
    let taps = parameters.window.height * parameters.window.width
    return step(
      kernel, p, units: result.extents[2] * result.extents[3],
      scratch: image.extents[5] * MemoryLayout<Int32>.size, work: result.extents.count * taps)
  }

  /// Softmax, whose exponentials are a table of the difference to the greatest code.
  func softmax(_ operation: Operation, _ parameters: SoftmaxParameters) -> TableStep? {
    guard kernels.softmax != nil else { return nil }
    let (input, result) = (x(operation), y(operation))
    let exponentials = memory.allocate(Int32.self, count: 256)
    for distance in 0..<256 {
      let difference = -Int32(distance)
      exponentials[distance] =
        difference < parameters.minimumDifference
        ? -1
        : GemmlowpMath.exponential(
          ofNegative: parameters.multiplier.scale(difference, rounding: arithmetic.rounding))
    }
    var s = fbq_softmax()
    s.input = UnsafePointer(input.byteAddress)
    s.output = result.byteAddress
    s.exponentials = UnsafePointer(exponentials)
    s.flip = input.flip
    s.length = input.extents[5]
    s.rows = input.extents.count / s.length
    return step(kernels.softmax, s, units: s.rows, work: input.extents.count)
  }

  /// Mean and sum over axes that follow each other.
  func reduce(_ operation: Operation, _ parameters: ReduceParameters) -> TableStep? {
    let (input, result) = (x(operation), y(operation))
    let shape = graph.tensors[operation.inputs[0]].shape
    let axes = parameters.axes
    for (axis, next) in zip(axes, axes.dropFirst()) where next != axis + 1 { return nil }
    guard let first = axes.first, let last = axes.last else { return nil }
    var r = fbq_reduce()
    r.input = UnsafePointer(input.byteAddress)
    r.output = result.byteAddress
    r.input_flip = input.flip
    r.outer = shape[..<first].reduce(1, *)
    r.count = shape[first...last].reduce(1, *)
    r.inner = shape[(last + 1)...].reduce(1, *)
    let correction = Int32(r.count) * input.flippedZeroPoint
    // The scale adds the bias to the sum of flipped codes: Σ x − count · z.
    let isWide = input.elementType == .int16
    r.stage = uniformOutput(
      result, clamp: result.codeRange, parameters.multiplier, bias: -correction,
      greatest: Int64(r.count) * (isWide ? 1 << 15 : 255))
    return step(
      isWide ? kernels.reduce_16 : kernels.reduce, r, units: r.outer,
      scratch: r.inner * MemoryLayout<Int32>.size,
      work: input.extents.count)
  }

  /// Arg max, or arg min, over the last axis.
  func argument(
    _ operation: Operation, _ parameters: ArgumentParameters, findsLeast: Bool
  ) -> TableStep? {
    let (input, result) = (x(operation), y(operation))
    let length = input.extents[5]
    guard kernels.argument != nil, input.elementType.byteCount(of: 1) == 1, length <= 256,
      parameters.axis == graph.tensors[operation.inputs[0]].shape.count - 1
    else { return nil }
    let rows = input.extents.count / length
    let a = fbq_argument(
      input: UnsafePointer(input.byteAddress), output: result.byteAddress, flip: input.flip,
      finds_least: findsLeast ? 1 : 0, width: UInt8(result.elementType.byteCount(of: 1)),
      rows: rows, length: length)
    return step(kernels.argument, a, units: rows, work: input.extents.count)
  }
}
