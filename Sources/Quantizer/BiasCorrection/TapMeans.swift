import Diagnostics
import FloatModel

/// The geometry of a layer's windows over its input `[N, H, W, C]`. A fully connected layer is one
/// tap over `[…, I]`.
struct LayerWindow: Sendable {
  let images: Int
  let input: SpatialExtent
  let output: SpatialExtent
  let kernel: SpatialExtent
  let stride: SpatialExtent
  let dilation: SpatialExtent
  let padding: EdgePadding
  /// Number of input channels.
  let channels: Int

  /// One tap over every position of `[…, C]`: the mean of each channel.
  init(pointwiseOver shape: [Int]) {
    let one = SpatialExtent(height: 1, width: 1)
    images = 1
    // Rows of one axis only, as the sums of single rows are in float32.
    input = SpatialExtent(
      height: shape.dropLast(2).reduce(1, *), width: shape.dropLast().last ?? 1)
    output = input
    (kernel, stride, dilation, padding) = (one, one, one, EdgePadding())
    channels = shape[shape.count - 1]
  }

  /// The windows of `node`; `nil` for nodes without weights.
  init?(_ node: FloatNode, in graph: FloatGraph) {
    guard let weights = node.weights else { return nil }
    let shape = graph.values[node.inputs[0]].shape
    var convolution = FloatConvolution(
      stride: SpatialExtent(height: 1, width: 1), padding: EdgePadding())
    var input = [1, shape.dropLast(2).reduce(1, *), shape.dropLast().last ?? 1]
    var output = input
    var taps = SpatialExtent(height: 1, width: 1)
    if case .convolution(let given) = node.operation {
      convolution = given
      (input, output) = (shape, graph.values[node.output].shape)
      let weightShape = graph.values[weights].shape
      taps = SpatialExtent(height: weightShape[1], width: weightShape[2])
    }
    images = input[0]
    channels = shape[shape.count - 1]
    self.input = SpatialExtent(height: input[1], width: input[2])
    self.output = SpatialExtent(height: output[1], width: output[2])
    kernel = taps
    stride = convolution.stride
    dilation = convolution.dilation
    padding = convolution.padding
  }

  /// Number of sums: one per tap and input channel.
  fileprivate var sumCount: Int { kernel.height * kernel.width * channels }
  /// Number of window positions per sample.
  var positions: Int { images * output.height * output.width }

  /// Adds to `sums[tap · C + channel]` what the tap sees over all window positions of one sample,
  /// 0 outside the image. `real(index)` is the element at `index` of the input.
  ///
  /// Each row is summed once per tap column and then added to the tap rows that see it.
  @inline(__always)
  fileprivate func add(to sums: inout [Double], _ real: (Int) -> Float) {
    var rowSum = [Float](repeating: 0, count: channels)
    for row in 0..<images * input.height {
      let y = row % input.height
      for tapColumn in 0..<kernel.width {
        let columns = outputs(seeing: tapColumn)
        guard !columns.isEmpty else { continue }
        rowSum.withUnsafeMutableBufferPointer { rowSum in
          for channel in 0..<channels { rowSum[channel] = 0 }
          for column in columns {
            let x = column * stride.width + tapColumn * dilation.width - padding.left
            let start = (row * input.width + x) * channels
            for channel in 0..<channels { rowSum[channel] += real(start + channel) }
          }
        }
        for tapRow in 0..<kernel.height {
          let offset = y + padding.top - tapRow * dilation.height
          guard offset >= 0, offset % stride.height == 0, offset / stride.height < output.height
          else { continue }
          let first = (tapRow * kernel.width + tapColumn) * channels
          for channel in 0..<channels { sums[first + channel] += Double(rowSum[channel]) }
        }
      }
    }
  }

  /// The output columns whose tap in `tapColumn` lies inside the image.
  private func outputs(seeing tapColumn: Int) -> Range<Int> {
    let offset = padding.left - tapColumn * dilation.width
    // offset ≤ column · stride < offset + width
    let first = max(0, (offset + stride.width - 1) / stride.width)
    let end = min(output.width, max(0, (offset + input.width - 1)) / stride.width + 1)
    return first..<max(first, offset + input.width > 0 ? end : first)
  }
}

/// The mean input that each tap of a layer sees, over all window positions of all samples; the mean
/// of what the layer computes before its activation follows from it and the weights.
struct TapMeans: SampleStatistic {
  private let window: LayerWindow
  private var sums: [Double]
  private var positions = 0

  /// Starts without samples.
  init(_ window: LayerWindow) {
    self.window = window
    sums = Array(repeating: 0, count: window.sumCount)
  }

  /// Takes in one sample in reals.
  mutating func add(_ sample: UnsafeBufferPointer<Float>) {
    window.add(to: &sums) { sample[$0] }
    positions += window.positions
  }

  /// Takes in one sample in codes: the distances from `zeroPoint`.
  mutating func add<Code: FixedWidthInteger>(
    _ sample: UnsafeBufferPointer<Code>, zeroPoint: Int32
  ) {
    window.add(to: &sums) { Float(Int32(sample[$0]) &- zeroPoint) }
    positions += window.positions
  }

  /// Takes in what `other` has seen.
  mutating func add(_ other: TapMeans) {
    for index in sums.indices { sums[index] += other.sums[index] }
    positions += other.positions
  }

  /// Means, `[tap · C + channel]`.
  var means: [Double] { sums.map { $0 / Double(max(positions, 1)) } }
}

extension FloatGraph {
  /// The layers whose biases can be corrected: positions of the nodes with weights and a bias of
  /// constants and an input that is computed.
  func correctableLayers() -> [Int] {
    nodes.indices.filter { position in
      let node = nodes[position]
      return node.weights != nil && node.inputs.count > 2
        && node.inputs.dropFirst().allSatisfy { values[$0].constant != nil }
        && values[node.inputs[0]].constant == nil
    }
  }

  /// Gives every layer a bias constant of its own, so that each can be corrected alone.
  mutating func separateBiases() {
    addMissingBiases()
    var names = UniqueNames(values.map(\.name))
    var isTaken: Set<ValueIndex> = []
    for position in nodes.indices where nodes[position].weights != nil {
      let bias = nodes[position].inputs[2]
      guard values[bias].constant != nil, !isTaken.insert(bias).inserted else { continue }
      var copy = values[bias]
      copy.name = names.take(copy.name)
      nodes[position].inputs[2] = values.count
      values.append(copy)
    }
  }
}
