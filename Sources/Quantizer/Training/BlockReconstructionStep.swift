import Diagnostics
import FloatEngine
import FloatModel
import Foundation

/// Trains block after block: each learns to give, from the codes that the blocks before it compute,
/// the values that the float network has at its end (Li et al., "BRECQ", 2021; Hubara et al.,
/// "AdaQuant", 2020, layer by layer).
///
/// A block's own output is a far richer signal than the logits of a few hundred images, and one
/// epoch over all blocks costs what one epoch over the network does. Memory: the codes and floats
/// of all samples at one cut of the network, about 5 bytes an element.
public struct BlockReconstructionStep: QuantizationStep {
  /// Unlabeled training inputs.
  public var samples: SampleSet
  /// What is trained, and how long, per block.
  public var options: TrainingOptions
  /// Asked after each step; `true` ends training with the best model so far.
  public var isCancelled: @Sendable () -> Bool
  /// See ``QuantizationStep``.
  public let title = "reconstructing blocks"
  /// An inverted residual has three layers.
  private static let layersPerBlock = 3

  /// Creates the step.
  public init(
    samples: SampleSet, options: TrainingOptions,
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) {
    self.samples = samples
    self.options = options
    self.isCancelled = isCancelled
  }

  /// Changes ranges, weight thresholds, weights and biases.
  ///
  /// - Throws: fewer than two samples; what engines throw.
  public func apply(
    to state: inout QuantizationState, progress: (StepProgress) -> Void
  ) throws(Diagnostic) {
    guard samples.count >= 2 else { throw TrainingStep.tooFew(samples.count) }
    state.graph.separateBiases()
    let blocks = state.graph.upToLogits()
      .blocks(leastLayers: Self.layersPerBlock, keeping: state.wideValues)
    var (inputs, reference) = try readInputs(state)
    for (position, block) in blocks.enumerated() {
      if isCancelled() { break }
      var part = state
      part.graph = block
      let targets = try targets(of: block, state: state, inputs: reference)
      let data = TrainingSamples(count: samples.count, inputs: inputs, targets: targets)
      let network = try StudentNetwork(part, options: options)
      if network.hasParameters {
        var loop = try TrainingLoop(network: network, data: data, options: options)
        try loop.run(isCancelled: isCancelled, checkpoint: nil) { report in
          progress(
            StepProgress(
              (Double(position) + report.share) / Double(blocks.count),
              detail: "block \(position + 1) of \(blocks.count), \(report.detail)"))
        }
        try loop.keepBest(in: &state)
      }
      guard position + 1 < blocks.count else { break }
      inputs = try network.outputCodes(of: data)
      reference = targets.map(\.values)
    }
  }

  /// The network's inputs, as codes and as the floats that the reference sees.
  private func readInputs(
    _ state: QuantizationState
  ) throws(Diagnostic) -> ([TrainingSamples.Input], [[Float]]) {
    let parameters = try TrainingStep.inputParameters(state)
    var inputs = TrainingSamples.emptyInputs(of: state.graph, parameters)
    var floats: [[Float]] = inputs.map { _ in [] }
    var start = 0
    while start < samples.count {
      let batch = min(state.options.batch, samples.count - start)
      let values = try samples.inputs(start..<start + batch)
      let codes = samples.codes(of: values, parameters: parameters)
      for position in inputs.indices {
        inputs[position].codes += codes[position]
        floats[position] += values[position]
      }
      start += batch
    }
    return (inputs, floats)
  }

  /// What the reference computes at the end of `block` for all samples. Steps may have changed
  /// constants, never nodes: the block's nodes are found by their outputs.
  private func targets(
    of block: FloatGraph, state: QuantizationState, inputs: [[Float]]
  ) throws(Diagnostic) -> [TrainingSamples.Target] {
    let outputs = Set(block.nodes.map(\.output))
    var graph = state.reference
    graph.nodes = graph.nodes.filter { outputs.contains($0.output) }
    graph.inputs = block.inputs
    graph.outputs = block.outputs
    let sizes = graph.inputs.map { graph.values[$0].shape.reduce(1, *) }
    var answers = TeacherAnswers(graph)
    var start = 0
    while start < samples.count {
      let batch = min(state.options.batch, samples.count - start)
      let part = zip(inputs, sizes).map { Array($0[start * $1..<(start + batch) * $1]) }
      try answers.add(part, batch: batch, threads: state.options.threads)
      start += batch
    }
    return answers.weightedTargets
  }
}
