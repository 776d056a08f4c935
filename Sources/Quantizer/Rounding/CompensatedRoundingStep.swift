import Diagnostics
import FloatEngine
import FloatModel
import Foundation

/// Puts the weights on the grid of their codes so that the rounding errors of a filter make up for
/// one another, rather than each weight on the code nearest to it (Frantar et al. 2022, "GPTQ").
///
/// What counts is the variance of the error of what a filter computes, over the positions and
/// samples of calibration; its mean is left to bias correction, which should follow. With a
/// threshold per filter, each filter takes, of several scales around that of its greatest weight,
/// the one with the least error: luck decides how the few weights of a depthwise filter fall, and of
/// dozens of scales one is lucky.
///
/// Layers are rounded in execution order, block by block (``FloatGraph/blocks(leastLayers:keeping:)``),
/// each on what the rounded blocks before it compute. The
/// weights of those that mix channels are moved first to where they make the float network's sums of
/// these inputs, as well as they can: much of what rounding did to the layers before is a function of
/// what came out of them, and can be taken back.
///
/// Runs after calibration and weight thresholds. Weights that several layers share, or that read what
/// never varies, keep their values.
public struct CompensatedRoundingStep: QuantizationStep {
  /// The calibration samples.
  public var samples: SampleSet
  /// See ``QuantizationStep``.
  public let title = "rounding weights"

  /// The share of the mean variance that is added to each, see ``CompensatedRounding``.
  private static let damping = 0.05
  /// The same for moving weights, see ``InputRegression``.
  private static let regressionDamping = 0.1
  /// Filters that saw fewer positions than this for each of their weights, as the last layer's did,
  /// would be fitted to the samples: their weights are not moved, and are damped more.
  private static let leastPositionsPerWeight = 4
  private static let dampingOfUnseen = 0.5
  /// Scales that are tried, over that of the greatest weight.
  private static let scales: ClosedRange<Float> = 0.9...1.15
  /// How many: fewer for large filters, whose luck evens out and whose rounding takes longer.
  private static func scaleCount(weights: Int) -> Int {
    min(max(65536 / (weights * weights), 4096 / weights, 3), 256)
  }
  /// Products that are held at a time; layers that take more are looked at together with fewer others.
  package var greatestFloatCount = 1 << 27
  /// Bytes of activations that may be held at a time; of more samples than fit only some are used.
  package var greatestByteCount = 1 << 29

  /// Creates the step.
  public init(samples: SampleSet) { self.samples = samples }

  /// Sets weights and weight thresholds of `graph`.
  ///
  /// - Throws: no samples; an image that cannot be read; what the engine throws.
  public func apply(
    to state: inout QuantizationState, progress: (StepProgress) -> Void
  ) throws(Diagnostic) {
    guard samples.count > 0 else { throw SampleSet.noSamples }
    let layers = layers(of: state)
    guard let last = layers.last else { return }
    let (blocks, used) = blocks(of: state.graph)
    if used.count < samples.count {
      state.notes.append(
        "rounding used \(used.count) of \(samples.count) samples, all that fit in "
          + "\(greatestByteCount) bytes")
    }
    let reference = state.reference
    // Its biases follow the weights, so that the layers behind see no mean error; those of the state
    // are bias correction's to set.
    var rounded = state.graph
    rounded.separateBiases()
    var run = try PairedRun(reference, samples: used, options: state.options)
    var done = 0
    for block in blocks where block.lowerBound <= last.position {
      let inside = layers.filter { block.contains($0.position) }
      for group in groups(of: inside) {
        let moments = try moments(
          of: group, in: block, &run, reference, rounded, sampleCount: used.count)
        for layer in group {
          if let moments = moments[layer.position] {
            round(layer, moments, in: &state)
            rounded.values[layer.weights] = state.graph.values[layer.weights]
            rounded.correctBias(ofLayerAt: layer.position, layer.layout, moments, reference)
          }
          done += 1
          progress(StepProgress(Double(done) / Double(layers.count)))
        }
      }
      guard block.upperBound <= last.position else { break }
      try run.advance(to: block.upperBound, in: rounded)
    }
  }

  /// A layer whose weights are rounded.
  private struct Layer {
    var position: Int
    var weights: ValueIndex
    var layout: WeightLayout
    var window: LayerWindow
  }

  private func layers(of state: QuantizationState) -> [Layer] {
    var readers: [ValueIndex: Int] = [:]
    for node in state.graph.nodes {
      for input in node.inputs { readers[input, default: 0] += 1 }
    }
    return state.graph.nodes.enumerated().compactMap { position, node in
      guard let weights = node.weights, state.weightThresholds[weights] != nil,
        readers[weights] == 1, state.graph.values[node.inputs[0]].constant == nil,
        let layout = WeightLayout(node, in: state.graph),
        let window = LayerWindow(node, in: state.graph)
      else { return nil }
      return Layer(position: position, weights: weights, layout: layout, window: window)
    }
  }

  /// Positions of nodes that a single value joins to the next, and the samples whose elements of these
  /// values fit in memory, of both networks.
  private func blocks(of graph: FloatGraph) -> (blocks: [Range<Int>], samples: SampleSet) {
    func byteCount(_ value: ValueIndex) -> Int {
      2 * MemoryLayout<Float>.stride * graph.values[value].shape.reduce(1, *)
    }
    let inputs = graph.inputs.reduce(0) { $0 + byteCount($1) }
    let used = samples.subset(max(1, greatestByteCount / max(inputs, 1)))
    let large = graph.nodes.map(\.output).filter {
      byteCount($0) * used.count > greatestByteCount
    }
    var start = 0
    let ranges = graph.blocks(leastLayers: 1, keeping: Set(large)).map { block in
      defer { start += block.nodes.count }
      return start..<start + block.nodes.count
    }
    return (ranges, used)
  }

  /// The layers of a block in groups that are rounded on the same moments: all of them, unless their
  /// products take too much memory. To look at each layer of a residual block on its own brings nothing.
  private func groups(of layers: [Layer]) -> [[Layer]] {
    var result: [[Layer]] = [[]]
    var held = 0
    for layer in layers {
      let count = InputMoments.floatCount(layer.layout)
      if held > 0, held + count > greatestFloatCount {
        result.append([])
        held = 0
      }
      result[result.count - 1].append(layer)
      held += count
    }
    return result
  }

  /// The moments of each layer's inputs, by position.
  private func moments(
    of layers: [Layer], in block: Range<Int>, _ run: inout PairedRun, _ reference: FloatGraph,
    _ rounded: FloatGraph, sampleCount: Int
  ) throws(Diagnostic) -> [Int: InputMoments] {
    var readers: [ValueIndex: [InputMoments]] = [:]
    var result: [Int: InputMoments] = [:]
    for layer in layers {
      let moments = InputMoments(layer.layout, window: layer.window, sampleCount: sampleCount)
      result[layer.position] = moments
      readers[reference.nodes[layer.position].inputs[0], default: []].append(moments)
    }
    try run.compare(
      to: block.upperBound, in: reference, and: rounded,
      last: layers.last?.position ?? block.lowerBound, wanted: Set(readers.keys)
    ) { value, reference, changed throws(Diagnostic) in
      for moments in readers[value] ?? [] { try moments.add(changed, reference: reference) }
    }
    return result
  }

  private func round(
    _ layer: Layer, _ moments: InputMoments, in state: inout QuantizationState
  ) {
    guard let weights = state.graph.values[layer.weights].constant?.values,
      let thresholds = state.weightThresholds[layer.weights]
    else { return }
    var result = (weights: weights, thresholds: thresholds)
    for (index, block) in moments.blocks.enumerated() {
      let covariance = moments.covariance(ofBlock: index)
      let isSeen =
        moments.positionCount >= Self.leastPositionsPerWeight * block.weights.count
      guard
        let rounding = CompensatedRounding(
          moments: covariance, count: block.weights.count,
          damping: isSeen ? Self.damping : Self.dampingOfUnseen)
      else { continue }
      var filters = FilterRounding(
        weights: weights, thresholds: thresholds, layout: layer.layout, scales: Self.scales,
        scaleCount: { Self.scaleCount(weights: $0) })
      if isSeen, let cross = moments.differenceCovariance(ofBlock: index),
        let regression = InputRegression(
          moments: covariance, cross: cross, count: block.weights.count,
          damping: Self.regressionDamping)
      {
        filters.adapt(block, to: regression, threads: state.options.threads)
      }
      filters.round(
        block, isOnly: block.weights.count == layer.layout.filterSize, rounding,
        threads: state.options.threads, into: &result)
    }
    state.graph.values[layer.weights].constant?.values = result.weights
    state.weightThresholds[layer.weights] = result.thresholds
  }
}

extension FloatGraph {
  /// Sets the bias of a layer so that the mean of its sums is the reference's.
  fileprivate mutating func correctBias(
    ofLayerAt position: Int, _ layout: WeightLayout, _ moments: InputMoments,
    _ reference: FloatGraph
  ) {
    let (node, original) = (nodes[position], reference.nodes[position])
    guard let weights = values[node.inputs[1]].constant?.values,
      let floatWeights = reference.values[original.inputs[1]].constant?.values,
      var bias = values[node.inputs[2]].constant?.values
    else { return }
    for (index, block) in moments.blocks.enumerated() {
      let means = moments.means(ofBlock: index)
      let first = block.group * layout.filtersPerGroup
      for filter in first..<first + layout.filtersPerGroup {
        let start = filter * layout.filterSize + block.weights.lowerBound
        var missing = 0.0
        for offset in means.inputs.indices {
          let (wanted, found) = (floatWeights[start + offset], weights[start + offset])
          missing +=
            Double(wanted) * (means.inputs[offset] + means.differences[offset])
            - Double(found) * means.inputs[offset]
        }
        bias[filter] += Float(missing)
      }
    }
    values[node.inputs[2]].constant?.values = bias
  }
}
