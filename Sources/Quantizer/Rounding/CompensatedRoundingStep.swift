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
/// Runs after calibration and weight thresholds. Weights that several layers share, or that read what
/// never varies, keep their values.
public struct CompensatedRoundingStep: QuantizationStep {
  /// The calibration samples.
  public var samples: SampleSet
  /// See ``QuantizationStep``.
  public let title = "rounding weights"

  /// The share of the mean variance that is added to each, see ``CompensatedRounding``.
  private static let damping = 0.01
  /// Scales that are tried, over that of the greatest weight.
  private static let scales: ClosedRange<Float> = 0.9...1.15
  /// How many: fewer for large filters, whose luck evens out and whose rounding takes longer.
  private static func scaleCount(weights: Int) -> Int {
    min(max(65536 / (weights * weights), 4096 / weights, 3), 256)
  }
  /// Products that are held at a time; of more, the samples are run several times.
  package var greatestFloatCount = 1 << 27

  /// Creates the step.
  public init(samples: SampleSet) { self.samples = samples }

  /// Sets weights and weight thresholds of `graph`.
  ///
  /// - Throws: what ``SampleSet/run(through:options:progress:observe:)`` throws.
  public func apply(
    to state: inout QuantizationState, progress: (StepProgress) -> Void
  ) throws(Diagnostic) {
    let passes = passes(over: layers(of: state))
    for (number, pass) in passes.enumerated() {
      let share = 1 / Double(passes.count)
      let start = Double(number) * share
      let moments = try moments(of: pass, state) {
        progress(StepProgress(start + share * 0.7 * $0.share))
      }
      for (position, layer) in pass.enumerated() {
        if let moments = moments[layer.position] { round(layer, moments, in: &state) }
        progress(
          StepProgress(start + share * (0.7 + 0.3 * Double(position + 1) / Double(pass.count))))
      }
    }
  }

  /// A layer whose weights are rounded.
  private struct Layer {
    var position: Int
    var input: ValueIndex
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
      return Layer(
        position: position, input: node.inputs[0], weights: weights, layout: layout, window: window)
    }
  }

  /// The layers in groups whose products fit in memory together.
  private func passes(over layers: [Layer]) -> [[Layer]] {
    var result: [[Layer]] = []
    var held = 0
    for layer in layers {
      let count = InputMoments.floatCount(layer.layout)
      if result.isEmpty || held + count > greatestFloatCount {
        result.append([])
        held = 0
      }
      result[result.count - 1].append(layer)
      held += count
    }
    return result
  }

  /// The moments of each layer's inputs in the float network, by position.
  private func moments(
    of layers: [Layer], _ state: QuantizationState, progress: (StepProgress) -> Void
  ) throws(Diagnostic) -> [Int: InputMoments] {
    var readers: [ValueIndex: [InputMoments]] = [:]
    var result: [Int: InputMoments] = [:]
    for layer in layers {
      let moments = InputMoments(layer.layout, window: layer.window, sampleCount: samples.count)
      result[layer.position] = moments
      readers[state.reference.nodes[layer.position].inputs[0], default: []].append(moments)
    }
    var fault: Diagnostic?
    try samples.run(through: state.reference, options: state.options, progress: progress) {
      value, elements in
      do throws(Diagnostic) {
        for moments in readers[value] ?? [] { try moments.add(elements) }
      } catch {
        fault = fault ?? error
      }
    }
    if let fault { throw fault }
    return result
  }

  private func round(
    _ layer: Layer, _ moments: InputMoments, in state: inout QuantizationState
  ) {
    guard let weights = state.graph.values[layer.weights].constant?.values,
      let thresholds = state.weightThresholds[layer.weights]
    else { return }
    let filters = FilterRounding(
      weights: weights, thresholds: thresholds, layout: layer.layout, scales: Self.scales,
      scaleCount: { Self.scaleCount(weights: $0) })
    var result = (weights: weights, thresholds: thresholds)
    for (index, block) in moments.blocks.enumerated() {
      guard
        let rounding = CompensatedRounding(
          moments: moments.covariance(ofBlock: index), count: block.weights.count,
          damping: Self.damping)
      else { continue }
      filters.round(
        block, isOnly: block.weights.count == layer.layout.filterSize, rounding,
        threads: state.options.threads, into: &result)
    }
    state.graph.values[layer.weights].constant?.values = result.weights
    state.weightThresholds[layer.weights] = result.thresholds
  }
}
