import Diagnostics
import FloatModel

/// Chooses the activations that get 16-bit codes: those whose rounding leaves the most noise in the
/// logits for the multiplications that then take 16x8, one after the other, as long as a budget
/// lasts.
///
/// Runs before calibration. A few activations make most of the noise of small networks, often the
/// first ones: they have few channels, and all that follows depends on them.
public struct SixteenBitSelectionStep: QuantizationStep {
  /// The calibration samples.
  public var samples: SampleSet
  /// See ``QuantizationStep``.
  public let title = "choosing 16-bit layers"

  /// An activation that makes less than this part of the noise stays in 8 bits.
  private static let leastShare = 1e-3

  /// Creates the step.
  public init(samples: SampleSet) { self.samples = samples }

  /// Adds to `wideValues` within `options.sixteenBitShare`, and notes what was chosen.
  ///
  /// - Throws: no samples; an image that cannot be read; what the engine throws.
  public func apply(
    to state: inout QuantizationState, progress: (StepProgress) -> Void
  ) throws(Diagnostic) {
    guard samples.count > 0 else { throw SampleSet.noSamples }
    let graph = state.graph
    let classes = SixteenBitClasses(graph)
    let noise = try RoundingNoise(
      of: graph, classes: classes.computed, samples: samples, threads: state.options.threads,
      progress: progress)
    let wide = state.wideValues
    var candidates = classes.computed
      .filter { wide.isDisjoint(with: $0) && classes.obstacle(to: $0) == nil }
      .map { values in
        (values: values, energy: values.reduce(0) { $0 + (noise.energies[$1] ?? 0) })
      }
    let total = noise.energies.filter { !wide.contains($0.key) }.values.reduce(0, +)
    candidates.removeAll { $0.energy <= total * Self.leastShare }
    let costs = graph.nodes.map { $0.multiplicationCount(in: graph) }
    let all = costs.reduce(0, +)
    let budget = Double(all) * state.options.sixteenBitShare / 100
    var nodes = classes.nodes(around: wide)
    var (spent, removed, chosen) = (0, 0.0, Set<ValueIndex>())
    while true {
      let priced = candidates.indices.map { index in
        let added = classes.nodes(around: candidates[index].values).subtracting(nodes)
        return (index: index, cost: added.reduce(0) { $0 + costs[$1] })
      }.filter { Double(spent + $0.cost) <= budget }
      func gain(_ index: Int, _ cost: Int) -> Double {
        candidates[index].energy / Double(max(cost, 1))
      }
      guard let best = priced.max(by: { gain($0.index, $0.cost) < gain($1.index, $1.cost) }) else {
        break
      }
      let candidate = candidates.remove(at: best.index)
      nodes.formUnion(classes.nodes(around: candidate.values))
      chosen.formUnion(candidate.values)
      spent += best.cost
      removed += candidate.energy
    }
    state.wideValues.formUnion(chosen)
    state.notes.append(note(chosen, in: graph, cost: (spent, all), noise: (removed, total)))
  }

  private func note(
    _ chosen: Set<ValueIndex>, in graph: FloatGraph, cost: (spent: Int, all: Int),
    noise: (removed: Double, total: Double)
  ) -> String {
    let names = graph.nodes.filter { chosen.contains($0.output) && $0.roundsItsOutput }.map(\.name)
    guard !names.isEmpty else {
      return "no layer got 16-bit outputs: none fits in the share of multiplications"
    }
    func percent(_ part: Double, of whole: Double) -> String {
      "\(Int((100 * part / max(whole, .leastNormalMagnitude)).rounded())) %"
    }
    return "16-bit outputs of \(names.joined(separator: ", ")): "
      + "\(percent(Double(cost.spent), of: Double(cost.all))) of the multiplications in 16x8, "
      + "against \(percent(noise.removed, of: noise.total)) of the noise of rounded activations"
  }
}
