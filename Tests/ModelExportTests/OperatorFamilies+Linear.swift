import Diagnostics
import IntegerModel
import OperatorArithmetic

extension OperatorFamily {
  /// Layers with weights, and pools.
  static let linear = [
    OperatorFamily(name: "convolution") { sketch in
      let groups = sketch.random.pick([1, 1, 1, 2])
      let depth = sketch.random.integer(1...5)
      let filters = groups * sketch.random.integer(1...4)
      try sketch.drawConvolution(
        weights: { [filters, $0.height, $0.width, depth] }, channels: groups * depth,
        filters: filters, isDepthwise: false)
    },
    OperatorFamily(name: "depthwise convolution") { sketch in
      let channels = sketch.random.integer(1...6)
      let filters = channels * sketch.random.pick([1, 1, 2, 3])
      try sketch.drawConvolution(
        weights: { [1, $0.height, $0.width, filters] }, channels: channels, filters: filters,
        isDepthwise: true)
    },
    OperatorFamily(name: "fully connected") { sketch in
      let (inputs, outputs) = (sketch.random.integer(1...40), sketch.random.integer(1...12))
      let leading = sketch.shape(rank: sketch.random.integer(1...3), upTo: 3)
      let codes = sketch.codes()
      let scales = sketch.weightScales(outputs)
      let result = sketch.outputCodes(input: codes, scales: scales, taps: inputs)
      let x = sketch.input(leading + [inputs], codes)
      let w = sketch.weights([outputs, inputs], scales: scales, axis: 0)
      let b = sketch.bias(outputs, input: codes, scales: scales)
      let shape =
        sketch.random.integer(0...1) == 0
        ? leading + [outputs] : [leading.reduce(1, *), outputs]
      let y = sketch.activation("y", shape, result)
      sketch.finish(
        .fullyConnected(
          try sketch.derivation.fullyConnected(
            input: codes, weightScales: scales, output: result, limits: sketch.limits())),
        [x, w, b], y)
    },
    OperatorFamily(name: "transposed convolution") { try $0.drawTransposedConvolution() },
    OperatorFamily(name: "average pool") { try $0.drawPool(isAverage: true) },
    OperatorFamily(name: "max pool") { try $0.drawPool(isAverage: false) },
  ]
}

extension OperatorSketch {
  mutating func pair(_ range: ClosedRange<Int>) -> SpatialPair {
    SpatialPair(height: random.integer(range), width: random.integer(range))
  }

  /// SAME, VALID or any other padding of windows, and the number of windows; `nil` where none fits.
  mutating func padding(
    image: SpatialPair, kernel: SpatialPair, stride: SpatialPair, dilation: SpatialPair,
    explicit: Bool
  ) -> (padding: SpatialPadding, count: SpatialPair)? {
    var padding = SpatialPadding()
    switch random.integer(0...(explicit ? 2 : 1)) {
    case 0:
      func same(_ image: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> (Int, Int) {
        let count = (image + stride - 1) / stride
        let total = max((count - 1) * stride + (kernel - 1) * dilation + 1 - image, 0)
        return (total / 2, total - total / 2)
      }
      (padding.top, padding.bottom) = same(
        image.height, kernel.height, stride.height, dilation.height)
      (padding.left, padding.right) = same(
        image.width, kernel.width, stride.width, dilation.width)
    case 1: break
    default:
      let limit = pair(0...2)
      padding = SpatialPadding(
        top: min(limit.height, kernel.height - 1), left: min(limit.width, kernel.width - 1),
        bottom: random.integer(0...min(2, kernel.height - 1)),
        right: random.integer(0...min(2, kernel.width - 1)))
    }
    let windows = SpatialWindows(
      kernel: kernel, stride: stride, dilation: dilation, padding: padding)
    return windows.count(onImage: image).map { (padding, $0) }
  }

  mutating func drawConvolution(
    weights shape: (SpatialPair) -> [Int], channels: Int, filters: Int, isDepthwise: Bool
  ) throws {
    let codes = codes()
    let scales = weightScales(filters)
    while true {
      let (image, kernel, stride) = (pair(1...9), pair(1...4), pair(1...3))
      let dilation = random.integer(0...3) == 0 ? pair(1...3) : SpatialPair(height: 1, width: 1)
      guard
        let (padding, count) = padding(
          image: image, kernel: kernel, stride: stride, dilation: dilation, explicit: true)
      else { continue }
      let weightShape = shape(kernel)
      let result = outputCodes(
        input: codes, scales: scales,
        taps: kernel.height * kernel.width * (isDepthwise ? 1 : weightShape[3]))
      let batch = random.integer(1...2)
      let x = input([batch, image.height, image.width, channels], codes)
      let w = weights(weightShape, scales: scales, axis: isDepthwise ? 3 : 0)
      let b = bias(filters, input: codes, scales: scales)
      let y = activation("y", [batch, count.height, count.width, filters], result)
      let parameters = try derivation.convolution(
        input: codes, weightScales: scales, output: result, stride: stride, dilation: dilation,
        padding: padding, limits: limits())
      finish(
        isDepthwise ? .depthwiseConvolution(parameters) : .convolution(parameters), [x, w, b], y)
      return
    }
  }

  mutating func drawTransposedConvolution() throws {
    let (channels, filters) = (random.integer(1...4), random.integer(1...4))
    let codes = codes()
    let scales = weightScales(filters)
    while true {
      // The image of the convolution whose transpose this is.
      let (size, kernel, stride) = (pair(1...9), pair(1...4), pair(1...3))
      guard
        let (padding, count) = padding(
          image: size, kernel: kernel, stride: stride,
          dilation: SpatialPair(height: 1, width: 1), explicit: false)
      else { continue }
      let result = outputCodes(
        input: codes, scales: scales, taps: kernel.height * kernel.width * channels)
      let x = input([1, count.height, count.width, channels], codes)
      let w = weights([filters, kernel.height, kernel.width, channels], scales: scales, axis: 0)
      let b = bias(filters, input: codes, scales: scales)
      let y = activation("y", [1, size.height, size.width, filters], result)
      let base = try derivation.convolution(
        input: codes, weightScales: scales, output: result, stride: stride, padding: padding,
        limits: limits())
      finish(
        .transposeConvolution(
          TransposeConvolutionParameters(
            stride: stride, padding: padding, multipliers: base.multipliers, clamp: base.clamp,
            accumulator: base.accumulator)),
        [x, w, b], y)
      return
    }
  }

  mutating func drawPool(isAverage: Bool) throws {
    let codes = codes()
    while true {
      let (image, kernel, stride) = (pair(1...9), pair(1...4), pair(1...3))
      guard
        let (padding, count) = padding(
          image: image, kernel: kernel, stride: stride,
          dilation: SpatialPair(height: 1, width: 1), explicit: !isAverage),
        padding.top < kernel.height, padding.bottom < kernel.height, padding.left < kernel.width,
        padding.right < kernel.width
      else { continue }
      let channels = random.integer(1...20)
      let x = input([1, image.height, image.width, channels], codes)
      let y = activation("y", [1, count.height, count.width, channels], codes)
      let parameters = PoolParameters(
        window: kernel, stride: stride, padding: padding, clamp: codes.range(of: limits()))
      finish(isAverage ? .averagePool(parameters) : .maxPool(parameters), [x], y)
      return
    }
  }
}
