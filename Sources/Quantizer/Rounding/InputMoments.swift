import Diagnostics
import FloatEngine
import FloatModel

/// Sums over window positions of what the weights of a layer's filters are multiplied with, and of
/// the products of each two of them: the covariance of a filter's inputs follows. Beside it, what the
/// inputs of another network, at the same positions, have to do with them.
///
/// Filters of one group read the same inputs. A filter of more than ``greatestBlock`` weights is cut
/// into blocks, as if the inputs of different blocks had nothing to do with each other. Of depthwise
/// layers, all channels are summed at once.
package final class InputMoments {
  /// Weights of a filter `start..<end` and the group that they belong to.
  package struct Block {
    package var group: Int
    package var weights: Range<Int>
  }

  /// Positions that are looked at, per weight of a block, and at least.
  private static let positionsPerWeight = 16
  private static let leastPositions = 4096
  /// The most weights whose products are summed together.
  package static let greatestBlock = 1152

  /// Blocks, group after group.
  package let blocks: [Block]
  private let window: LayerWindow
  private let channelsPerGroup: Int
  /// Of depthwise layers the number of channels, which then lie innermost in all sums; else `nil`.
  private let depthwiseChannels: Int?
  /// Per block, or for all channels of a depthwise layer, with q for the inputs and d for what the
  /// reference's exceed them by, both less their `shifts`: Σ q, Σ d, Σ q · qᵀ, Σ d · qᵀ, and the number
  /// of positions. What a depthwise layer's d have to do with its q is not looked at.
  private var sums: [[Double]]
  private var differenceSums: [[Double]]
  private var products: [[Float]]
  private var differenceProducts: [[Float]]
  private var counts: [Int]
  /// The mean of the first sample's inputs, so that little is lost when the square of the mean is
  /// taken from the mean of the squares.
  private var shifts: [[Float]]
  private var differenceShifts: [[Float]]
  private let positionsPerSample: Int
  private var samples = 0

  /// - Parameter sampleCount: samples that will be added, at least 1.
  init(_ layout: WeightLayout, window: LayerWindow, sampleCount: Int) {
    self.window = window
    let size = layout.filterSize
    channelsPerGroup = size / layout.taps
    depthwiseChannels = layout.isDepthwise ? layout.channels : nil
    let groups = layout.channels / channelsPerGroup
    let parts = (size + Self.greatestBlock - 1) / Self.greatestBlock
    blocks = (0..<groups).flatMap { group in
      (0..<parts).map { part in
        Block(group: group, weights: part * size / parts..<(part + 1) * size / parts)
      }
    }
    let sizes =
      layout.isDepthwise
      ? [(size * layout.channels, size * size * layout.channels)]
      : blocks.map { ($0.weights.count, $0.weights.count * $0.weights.count) }
    sums = sizes.map { Array(repeating: 0, count: $0.0) }
    differenceSums = sums
    products = sizes.map { Array(repeating: 0, count: $0.1) }
    differenceProducts = layout.isDepthwise ? [] : products
    shifts = sizes.map { _ in [] }
    differenceShifts = shifts
    counts = sizes.map { _ in 0 }
    let wanted = max(Self.leastPositions, Self.positionsPerWeight * (blocks[0].weights.count))
    positionsPerSample = min(window.positions, (wanted + sampleCount - 1) / sampleCount)
  }

  /// The moments of what the weights of `node` read; `nil` for nodes without weights.
  package convenience init?(_ node: FloatNode, in graph: FloatGraph, sampleCount: Int) {
    guard let layout = WeightLayout(node, in: graph), let window = LayerWindow(node, in: graph)
    else { return nil }
    self.init(layout, window: window, sampleCount: sampleCount)
  }

  /// Floats that the products take.
  static func floatCount(_ layout: WeightLayout) -> Int {
    let size = layout.filterSize
    let parts = (size + greatestBlock - 1) / greatestBlock
    return 2 * layout.channels / (size / layout.taps) * size * size / parts
  }

  /// Takes in one sample of the layer's input, and the same of the reference.
  ///
  /// - Throws: what oneDNN reports.
  package func add(
    _ sample: UnsafeBufferPointer<Float>, reference: UnsafeBufferPointer<Float>
  ) throws(Diagnostic) {
    let positions = positions()
    samples += 1
    for index in sums.indices {
      let columns = sums[index].count
      var rows = gathered(sample, positions: positions, index)
      var differences = gathered(reference, positions: positions, index)
      for place in rows.indices { differences[place] -= rows[place] }
      Self.add(&rows, columns: columns, shift: &shifts[index], to: &sums[index])
      Self.add(
        &differences, columns: columns, shift: &differenceShifts[index], to: &differenceSums[index])
      counts[index] += positions.count
      if let depthwiseChannels {
        products[index].withUnsafeMutableBufferPointer { target in
          rows.withUnsafeBufferPointer {
            CompensatedRounding.addTapProducts(of: $0, channels: depthwiseChannels, to: target)
          }
        }
      } else {
        try Self.add(rows, times: rows, columns: columns, to: &products[index])
        try Self.add(differences, times: rows, columns: columns, to: &differenceProducts[index])
      }
    }
  }

  private static func add(
    _ first: [Float], times second: [Float], columns: Int, to sums: inout [Float]
  ) throws(Diagnostic) {
    let result = sums.withUnsafeMutableBufferPointer { target in
      first.withUnsafeBufferPointer { first in
        second.withUnsafeBufferPointer { second in
          Result { () throws(Diagnostic) in
            try CompensatedRounding.addProducts(
              of: first, with: second, columns: columns, to: target)
          }
        }
      }
    }
    try result.get()
  }

  /// Centers rows around `shift`, the mean of the first that come, and adds them up.
  private static func add(
    _ rows: inout [Float], columns: Int, shift: inout [Float], to sums: inout [Double]
  ) {
    if shift.isEmpty { shift = means(rows, columns: columns) }
    let partial = center(&rows, around: shift)
    for column in 0..<columns { sums[column] += Double(partial[column]) }
  }

  /// Takes `shift` from each row, and returns the sum of the rows.
  private static func center(_ rows: inout [Float], around shift: [Float]) -> [Float] {
    let columns = shift.count
    var sums = [Float](repeating: 0, count: columns)
    rows.withUnsafeMutableBufferPointer { rows in
      sums.withUnsafeMutableBufferPointer { sums in
        shift.withUnsafeBufferPointer { shift in
          for start in stride(from: 0, to: rows.count, by: columns) {
            for column in 0..<columns {
              let value = rows[start + column] - shift[column]
              rows[start + column] = value
              sums[column] += value
            }
          }
        }
      }
    }
    return sums
  }

  private static func means(_ rows: [Float], columns: Int) -> [Float] {
    var sums = [Double](repeating: 0, count: columns)
    for (place, value) in rows.enumerated() { sums[place % columns] += Double(value) }
    return sums.map { Float($0 / Double(max(rows.count / columns, 1))) }
  }

  /// Window positions spread over the output, others for each sample.
  private func positions() -> [Int] {
    let total = window.positions
    guard positionsPerSample < total else { return Array(0..<total) }
    // Steps of a golden section, made coprime to the number of positions, never meet a position
    // twice and leave no pattern of rows and columns.
    var step = max(1, Int(0.618_033_988_7 * Double(total)))
    while Self.greatestCommonDivisor(step, total) != 1 { step += 1 }
    let start = samples * positionsPerSample
    return (0..<positionsPerSample).map { (start + $0) % total * step % total }
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    b == 0 ? a : greatestCommonDivisor(b, a % b)
  }

  /// What the weights of a block see at each position, `[positions, weights]`, or all channels of a
  /// depthwise layer, `[positions, taps, channels]`; 0 outside the image.
  private func gathered(
    _ sample: UnsafeBufferPointer<Float>, positions: [Int], _ index: Int
  ) -> [Float] {
    let weights = depthwiseChannels == nil ? blocks[index].weights : 0..<sums[index].count
    let channelsPerTap = depthwiseChannels ?? channelsPerGroup
    let firstChannel = blocks[index].group * channelsPerGroup
    let perImage = window.output.height * window.output.width
    return [Float](unsafeUninitializedCapacity: positions.count * weights.count) { rows, count in
      var place = 0
      for position in positions {
        let (image, inside) = position.quotientAndRemainder(dividingBy: perImage)
        let (row, column) = inside.quotientAndRemainder(dividingBy: window.output.width)
        var weight = weights.lowerBound
        while weight < weights.upperBound {
          let (tap, first) = weight.quotientAndRemainder(dividingBy: channelsPerTap)
          let end = min(weights.upperBound, weight - first + channelsPerTap)
          let (tapRow, tapColumn) = tap.quotientAndRemainder(dividingBy: window.kernel.width)
          let y =
            row * window.stride.height - window.padding.top + tapRow * window.dilation.height
          let x =
            column * window.stride.width - window.padding.left + tapColumn * window.dilation.width
          let isInside =
            y >= 0 && y < window.input.height && x >= 0 && x < window.input.width
          let pixel = (image * window.input.height + y) * window.input.width + x
          let source = pixel * window.channels + firstChannel + first
          for offset in 0..<end - weight {
            rows[place] = isInside ? sample[source + offset] : 0
            place += 1
          }
          weight = end
        }
      }
      count = place
    }
  }

  /// Positions that were looked at.
  package var positionCount: Int { counts.first ?? 0 }

  /// Where the sums of a block begin, and how far apart they lie.
  private func place(ofBlock index: Int) -> (store: Int, first: Int, step: Int) {
    depthwiseChannels.map { (0, blocks[index].group, $0) } ?? (index, 0, 1)
  }

  /// The mean input of each weight of a block, and by how much the reference's exceeds it.
  package func means(ofBlock index: Int) -> (inputs: [Double], differences: [Double]) {
    let place = place(ofBlock: index)
    func means(_ sums: [[Double]], _ shifts: [[Float]]) -> [Double] {
      (0..<blocks[index].weights.count).map { weight in
        let column = place.first + weight * place.step
        return sums[place.store][column] / Double(max(counts[place.store], 1))
          + Double(shifts[place.store].isEmpty ? 0 : shifts[place.store][column])
      }
    }
    return (means(sums, shifts), means(differenceSums, differenceShifts))
  }

  /// The covariance of the inputs of a block, `[K, K]`.
  package func covariance(ofBlock index: Int) -> [Double] {
    covariance(ofBlock: index, products, of: sums)
  }

  /// The covariance of what the reference's inputs of a block exceed these by, with these, `[K, K]`;
  /// `nil` for depthwise layers.
  package func differenceCovariance(ofBlock index: Int) -> [Double]? {
    guard depthwiseChannels == nil else { return nil }
    return covariance(ofBlock: index, differenceProducts, of: differenceSums)
  }

  private func covariance(
    ofBlock index: Int, _ products: [[Float]], of rowSums: [[Double]]
  ) -> [Double] {
    let size = blocks[index].weights.count
    let place = place(ofBlock: index)
    let count = Double(max(counts[place.store], 1))
    func mean(_ sums: [[Double]], _ weight: Int) -> Double {
      sums[place.store][place.first + weight * place.step] / count
    }
    let means = (0..<size).map { mean(sums, $0) }
    var result = [Double](repeating: 0, count: size * size)
    for row in 0..<size {
      let rowMean = mean(rowSums, row)
      for column in 0..<size {
        let product = products[place.store][place.first + (row * size + column) * place.step]
        result[row * size + column] = Double(product) / count - rowMean * means[column]
      }
    }
    return result
  }
}
