import Diagnostics
import Foundation

/// Epochs, learning rates, early stopping.
struct TrainingLoop {
  private let network: StudentNetwork
  private let data: TrainingSamples
  private let options: TrainingOptions
  private let training: [Int]
  private let heldOut: [Int]
  private let schedule: LearningRateSchedule
  private let stepsPerEpoch: Int
  private var state: TrainingCheckpoint
  private var notes: [String] = []
  /// Held-out error before the first step.
  private let initial: OutputError
  /// Enough for the means over all positions of their images.
  private static let samplesForMeans = 64
  private static let greatestSetbackCount = 5

  init(
    network: StudentNetwork, data: TrainingSamples, options: TrainingOptions
  ) throws(Diagnostic) {
    self.network = network
    self.data = data
    self.options = options
    let heldOutCount = min(
      max(Int((Double(data.count) * options.heldOutShare).rounded()), 1), data.count - 1)
    let heldOut = (0..<heldOutCount).map { $0 * data.count / heldOutCount }
    let isHeldOut = Set(heldOut)
    self.heldOut = heldOut
    training = (0..<data.count).filter { !isHeldOut.contains($0) }
    stepsPerEpoch = max(training.count / options.batch, 1)
    schedule = LearningRateSchedule(
      steps: options.epochs * stepsPerEpoch, cycles: options.cycles)
    initial = try network.error(over: heldOut, of: data)
    try network.measureInputs(on: Array(training.prefix(Self.samplesForMeans)), of: data)
    state = TrainingCheckpoint(parameters: network.parameters, loss: network.loss(initial))
  }

  /// Goes on where an earlier run with the same options and samples was left.
  mutating func resume(from file: TrainingCheckpointFile) throws(Diagnostic) {
    guard let stored = try file.read(like: state) else { return }
    state = stored
    try network.update(stored.parameters, isHard: !options.learnsRounding)
    notes.append("training resumed after epoch \(stored.epoch)")
  }

  /// Trains until the epochs are over, nothing improves any more, or `isCancelled`.
  mutating func run(
    isCancelled: () -> Bool, checkpoint: TrainingCheckpointFile?,
    progress: (StepProgress) -> Void
  ) throws(Diagnostic) {
    let start = Date()
    var seen = 0
    while state.epoch < options.epochs, state.epochsWithoutGain < options.patience {
      let order = ShuffledOrder(seed: options.seed, epoch: state.epoch)
        .shuffled(training, mirroredAfter: data.hasMirrored ? data.count : nil)
      for step in 0..<stepsPerEpoch {
        if isCancelled() {
          notes.append("training interrupted in epoch \(state.epoch + 1)")
          return
        }
        let position = state.epoch * stepsPerEpoch + step
        let batch = Array(
          order[step * options.batch..<min((step + 1) * options.batch, order.count)])
        network.pressure = RoundingPressure(
          afterShare: Float(position) / Float(options.epochs * stepsPerEpoch))
        let (loss, gradients) = try network.gradients(over: batch, of: data)
        guard loss.isFinite else {
          try stepBack(loss)
          break
        }
        let rate = schedule.factor(position) * state.rateFactor
        try learn(gradients, step: position, rate: rate)
        seen += batch.count
        progress(
          report(
            step: step, loss: loss, rate: rate,
            speed: Double(seen) / max(Date().timeIntervalSince(start), 1e-3)))
      }
      guard state.setbacks <= Self.greatestSetbackCount else { return }
      try closeEpoch()
      if let checkpoint { try checkpoint.write(state) }
    }
  }

  private mutating func learn(
    _ gradients: TrainableParameters, step: Int, rate: Float
  ) throws(Diagnostic) {
    if schedule.isRestart(step) { state.optimizers = [:] }
    try network.learn(gradients, rate: rate, optimizers: &state.optimizers)
  }

  /// Back to the best parameters with half the rate (a loss of NaN or infinity).
  private mutating func stepBack(_ loss: Double) throws(Diagnostic) {
    state.setbacks += 1
    state.rateFactor /= 2
    state.optimizers = [:]
    try network.update(state.best, isHard: !options.learnsRounding)
    notes.append(
      "the loss became \(loss) in epoch \(state.epoch + 1): went back to the best model and halved "
        + "the learning rate")
  }

  private mutating func closeEpoch() throws(Diagnostic) {
    if options.learnsRounding { try network.update(network.parameters) }
    let loss = network.loss(try network.error(over: heldOut, of: data))
    if options.learnsRounding { try network.update(network.parameters, isHard: false) }
    state.epoch += 1
    state.parameters = network.parameters
    if loss < state.bestLoss {
      state.bestLoss = loss
      state.best = network.parameters
      state.epochsWithoutGain = 0
    } else {
      state.epochsWithoutGain += 1
    }
  }

  /// Writes the best parameters into the quantizer's state.
  func keepBest(in result: inout QuantizationState) throws(Diagnostic) {
    try network.update(state.best)
    network.write(to: &result)
    result.notes += notes
  }

  /// As ``keepBest(in:)``, and says how it went.
  func finish(_ result: inout QuantizationState) throws(Diagnostic) {
    try keepBest(in: &result)
    let final = try network.error(over: heldOut, of: data)
    let epochs = state.epoch == 1 ? "1 epoch" : "\(state.epoch) epochs"
    result.notes.append(
      "trained \(epochs) on \(training.count) samples; held-out \(heldOut.count): "
        + String(
          format: "loss %.4g before, %.4g after (SQNR %.1f to %.1f dB)", network.loss(initial),
          network.loss(final), initial.signalToNoise, final.signalToNoise))
  }

  private func report(step: Int, loss: Double, rate: Float, speed: Double) -> StepProgress {
    let done = Double(state.epoch * stepsPerEpoch + step + 1)
    return StepProgress(
      done / Double(options.epochs * stepsPerEpoch),
      detail: String(
        format: "epoch %d of %d, step %d of %d, loss %.4g, best held-out %.4g, rate %.1e, "
          + "%.0f images/s",
        state.epoch + 1, options.epochs, step + 1, stepsPerEpoch, loss, state.bestLoss,
        Double(rate * options.thresholdRate), speed))
  }
}

extension OutputError {
  /// Ten times the decimal logarithm of the ratio of energies, in dB.
  var signalToNoise: Double { squares == 0 ? .infinity : 10 * log10(signal / squares) }
}

/// The order in which an epoch visits the samples: a function of seed and epoch alone, so that a
/// resumed training visits them as an uninterrupted one does.
package struct ShuffledOrder: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64, epoch: Int) {
    state = seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(epoch) &* 0xD1B5_4A32_D192_ED03
  }

  /// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// `elements` in random order, each replaced by its mirrored twin, `count` further on, with a
  /// probability of one half; by none where `count` is `nil`.
  package func shuffled(_ elements: [Int], mirroredAfter count: Int?) -> [Int] {
    var generator = self
    let order = elements.shuffled(using: &generator)
    guard let count else { return order }
    return order.map { Bool.random(using: &generator) ? $0 + count : $0 }
  }
}
