import IntegerModel
import IntegerTestSupport

extension RandomGraph {
  mutating func addConvolution() {
    let groups = generator.pick([1, 1, 1, 2, 3])
    // Few channels, or enough for several vectors of any table.
    // Whole steps of 4 are read where they lie.
    let inputs =
      groups
      * generator.pick([
        generator.integer(1...11), generator.integer(12...90), 4 * generator.integer(1...20),
      ])
    let outputs = groups * generator.pick([generator.integer(1...19), generator.integer(20...70)])
    let windows = randomWindows(largest: 4)
    let image = imageSize(for: windows)
    let x = input("x", [generator.integer(1...2), image.height, image.width, inputs])
    let kernel = windows.kernel
    let shape = [outputs, kernel.height, kernel.width, inputs / groups]
    addWindowed(windows, x, shape, outputs: outputs, depth: shape.dropFirst().reduce(1, *)) {
      .convolution($0)
    }
  }

  mutating func addDepthwiseConvolution() {
    let inputs = generator.pick([1, 2, 3, 7, 8, 9, 15, 16, 31, 64, 65, 130])
    let outputs = inputs * generator.pick([1, 1, 1, 2, 3])
    let windows = randomWindows(largest: generator.pick([4, 4, 4, 18]))
    let image = imageSize(for: windows)
    let x = input("x", [generator.integer(1...2), image.height, image.width, inputs])
    let kernel = windows.kernel
    let shape = [1, kernel.height, kernel.width, outputs]
    addWindowed(windows, x, shape, outputs: outputs, depth: kernel.height * kernel.width) {
      .depthwiseConvolution($0)
    }
  }

  mutating func addFullyConnected() {
    let inputs = generator.pick([generator.integer(1...70), generator.integer(60...300)])
    let outputs = generator.integer(1...37)
    let leading = generator.pick([[], [1], [3], [2, 2], [1, 2, 5]])
    let x = input("x", leading + [inputs])
    let w = weights([outputs, inputs])
    let accumulator = accumulator(depth: inputs)
    let b = bias(outputs, depth: inputs, accumulator)
    let y = output(leading + [outputs])
    let parameters = FullyConnectedParameters(
      multipliers: multipliers(outputs, bits: sumBits(inputs), accumulator), clamp: clamp(type),
      accumulator: accumulator)
    builder.operation("op", .fullyConnected(parameters), [x, w, b], y)
  }

  mutating func addTransposeConvolution() {
    let inputs = generator.integer(1...5)
    let outputs = generator.integer(1...6)
    let windows = randomWindows(largest: 4)
    let image = [
      generator.integer(1...2), generator.integer(1...5), generator.integer(1...5), inputs,
    ]
    func extent(_ count: Int, _ kernel: Int, _ stride: Int, _ padding: Int) -> Int {
      max((count - 1) * stride + kernel - padding + generator.integer(-2...2), 1)
    }
    let x = input("x", image)
    let shape = [outputs, windows.kernel.height, windows.kernel.width, inputs]
    let depth = shape.dropFirst().reduce(1, *)
    let w = weights(shape)
    let accumulator = accumulator(depth: depth)
    let b = bias(outputs, depth: depth, accumulator)
    let height = extent(
      image[1], windows.kernel.height, windows.stride.height,
      windows.padding.top + windows.padding.bottom)
    let width = extent(
      image[2], windows.kernel.width, windows.stride.width,
      windows.padding.left + windows.padding.right)
    let y = output([image[0], height, width, outputs])
    let parameters = TransposeConvolutionParameters(
      stride: windows.stride, padding: windows.padding,
      multipliers: multipliers(outputs, bits: sumBits(depth), accumulator), clamp: clamp(type),
      accumulator: accumulator)
    builder.operation("op", .transposeConvolution(parameters), [x, w, b], y)
  }

  /// Bits of most sums of that many products of an activation and a weight.
  private func sumBits(_ depth: Int) -> Int { (type == .int16 ? 22 : 14) + bits(depth) / 2 }

  /// Adds a convolution of either kind.
  private mutating func addWindowed(
    _ windows: SpatialWindows, _ x: TensorIndex, _ shape: [Int], outputs: Int, depth: Int,
    _ kind: (ConvolutionParameters) -> OperatorKind
  ) {
    let image = builder.graph.tensors[x].shape
    let w = weights(shape)
    let accumulator = accumulator(depth: depth)
    let b = bias(outputs, depth: depth, accumulator)
    guard
      let count = windows.count(onImage: SpatialPair(height: image[1], width: image[2]))
    else { preconditionFailure("the image is at least as large as the window") }
    let y = output([image[0], count.height, count.width, outputs])
    let parameters = ConvolutionParameters(
      stride: windows.stride, dilation: windows.dilation, padding: windows.padding,
      multipliers: multipliers(outputs, bits: sumBits(depth), accumulator), clamp: clamp(type),
      accumulator: accumulator)
    builder.operation("op", kind(parameters), [x, w, b], y)
  }

  /// Kernels, strides, dilations and paddings, different along both axes.
  private mutating func randomWindows(largest: Int) -> SpatialWindows {
    func pair(_ range: ClosedRange<Int>) -> SpatialPair {
      SpatialPair(height: generator.integer(range), width: generator.integer(range))
    }
    let kernel: SpatialPair =
      switch generator.integer(0...5) {
      case 0, 1: SpatialPair(3)
      case 2: SpatialPair(5)
      case 3: SpatialPair(1)
      default: pair(1...largest)
      }
    if kernel == SpatialPair(1) && generator.integer(0...1) == 0 {
      return SpatialWindows(kernel: kernel, stride: SpatialPair(1), padding: SpatialPadding())
    }
    var windows = SpatialWindows(
      kernel: kernel, stride: generator.pick([SpatialPair(1), SpatialPair(2), pair(1...3)]),
      padding: SpatialPadding())
    if generator.integer(0...2) == 0 { windows.dilation = pair(1...3) }
    if generator.integer(0...3) > 0 {
      windows.padding = SpatialPadding(
        top: generator.integer(0...4), left: generator.integer(0...4),
        bottom: generator.integer(0...4), right: generator.integer(0...4))
    }
    return windows
  }

  /// An image on which at least one window fits.
  private mutating func imageSize(for windows: SpatialWindows) -> SpatialPair {
    let padding = windows.padding
    let height = (windows.kernel.height - 1) * windows.dilation.height + 1
    let width = (windows.kernel.width - 1) * windows.dilation.width + 1
    return SpatialPair(
      height: max(height - padding.top - padding.bottom, 1) + generator.integer(0...7),
      width: max(width - padding.left - padding.right, 1) + generator.integer(0...17))
  }
}
