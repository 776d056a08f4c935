import Diagnostics
import FloatModel
import Foundation

/// Trains thresholds, and weights and biases where asked, by distillation: the quantized student
/// learns to answer as the float teacher does, on unlabeled samples (FAT paper, III and 4.2).
///
/// Part of the samples is held out: the epoch with the least loss on it wins, the start included, so
/// that training never makes a model worse than it found it on samples it has not learned from.
public struct TrainingStep: QuantizationStep {
  /// Unlabeled training inputs.
  public var samples: SampleSet
  /// The float graph before any step changed it.
  public var teacher: FloatGraph
  /// What is trained, and how long.
  public var options: TrainingOptions
  /// Where the state of training is kept after each epoch, to go on from there; `nil` for nowhere.
  public var checkpoint: TrainingCheckpointFile?
  /// Asked after each step; `true` ends training with the best model so far.
  public var isCancelled: @Sendable () -> Bool
  /// See ``QuantizationStep``.
  public let title = "training"

  /// Creates the step.
  public init(
    samples: SampleSet, teacher: FloatGraph, options: TrainingOptions,
    checkpoint: TrainingCheckpointFile? = nil,
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) {
    self.samples = samples
    self.teacher = teacher
    self.options = options
    self.checkpoint = checkpoint
    self.isCancelled = isCancelled
  }

  /// Fewer samples than this are worth a note.
  static let fewSamples = 32

  /// Changes ranges, weight thresholds, weights and biases.
  ///
  /// - Throws: fewer than two samples; what engine, teacher and checkpoint throw.
  public func apply(
    to state: inout QuantizationState, progress: (StepProgress) -> Void
  ) throws(Diagnostic) {
    guard samples.count >= 2 else { throw Self.tooFew(samples.count) }
    if samples.count < Self.fewSamples {
      state.notes.append(
        "only \(samples.count) training samples: the result may fit them rather than the task")
    }
    state.graph.separateBiases()
    let inputs = try Self.inputParameters(state)
    let data = try TrainingSamples(
      samples: samples, teacher: teacher, inputParameters: inputs, options: state.options,
      mirrors: options.mirrors
    ) { progress(StepProgress($0.share * 0.02, detail: $0.detail)) }
    if data.isConstant {
      state.notes.append(
        "the float model answers all training samples alike: they teach little")
    }
    var loop = try TrainingLoop(
      network: StudentNetwork(state, options: options), data: data, options: options)
    if let checkpoint { try loop.resume(from: checkpoint) }
    try loop.run(isCancelled: isCancelled, checkpoint: checkpoint) { report in
      progress(StepProgress(0.02 + 0.98 * report.share, detail: report.detail))
    }
    try loop.finish(&state)
  }

  /// What is wrong with fewer than two samples.
  package static func tooFew(_ count: Int) -> Diagnostic {
    Diagnostic(
      place: "training",
      problem: "there \(count == 1 ? "is 1 sample" : "are \(count) samples"), training needs 2",
      remedy: "give more, better hundreds: some are held out to tell when to stop")
  }

  /// The parameters of each graph input.
  package static func inputParameters(
    _ state: QuantizationState
  ) throws(Diagnostic) -> [ActivationParameters] {
    let parameters = Lowering(state).activationParameters
    var result: [ActivationParameters] = []
    for input in state.graph.inputs {
      guard let found = parameters[input] else {
        throw Diagnostic(
          place: "tensor '\(state.graph.values[input].name)'",
          problem: "it has no range", remedy: "calibrate before training")
      }
      result.append(found)
    }
    return result
  }
}

extension TrainingSamples {
  /// Whether the teacher gives the same outputs for all samples.
  var isConstant: Bool {
    targets.allSatisfy { target in
      let first = target.values.prefix(target.size)
      return (1..<count).allSatisfy { sample in
        target.values[sample * target.size..<(sample + 1) * target.size].elementsEqual(first)
      }
    }
  }
}
