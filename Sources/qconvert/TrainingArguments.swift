import ArgumentParser
import CommandSupport
import Quantizer

extension DistillationLoss: ExpressibleByArgument {}
extension ThresholdParametrization: ExpressibleByArgument {}
extension StudentArithmetic: ExpressibleByArgument {}

/// Options of training; what is not given comes from the preset.
struct TrainingArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Train on these unlabeled inputs, a folder of images or an .npz file.",
      discussion: "The quantized model learns to answer as the float model does. Default with the "
        + "presets that train: all inputs of --calibration.",
      valueName: "folder|file.npz"))
  var train: String?

  @Option(
    help: ArgumentHelp(
      "Train on at most this many of them, evenly spread. Default: all.", valueName: "samples"))
  var trainCount: Int?

  @Option(
    help: ArgumentHelp(
      "Before that, train block by block with this many passes; 0 for none.",
      valueName: "epochs"))
  var blockEpochs: Int?

  @Option(
    help: ArgumentHelp(
      "Passes over the training inputs, at most. Default: 8; with --preset best, 30.",
      discussion: "Presets give small models up to three times as many.", valueName: "epochs"))
  var epochs: Int?

  @Option(
    help: ArgumentHelp(
      "Cycles of cosine annealing over the epochs, each with a fresh optimizer. Default: 1.",
      valueName: "cycles"))
  var cycles: Int?

  @Option(help: "Samples per training step. Default: 32; in presets, 8.")
  var batch: Int?

  @Option(
    help: ArgumentHelp(
      "First learning rate of the thresholds' factors. Default: 0.001; presets have their own.",
      valueName: "rate"))
  var learningRate: Float?

  @Option(
    help: ArgumentHelp(
      "First learning rate of the weights' point-wise factors. Default: 0.0003; presets "
        + "have their own.", valueName: "rate"))
  var weightRate: Float?

  @Option(
    help: ArgumentHelp(
      "First learning rate of the biases, in steps of the output's codes. Default: 0.002; "
        + "presets have their own.", valueName: "rate"))
  var biasRate: Float?

  @Option(help: "What the outputs of both models are compared by. Default: rmse.")
  var loss: DistillationLoss?

  @Option(
    help: ArgumentHelp(
      "Threshold T over the trained number: its clipped scale (paper), 2^t, or the free step.",
      discussion: "Default: scale; with the presets that train, step."))
  var parametrization: ThresholdParametrization?

  @Flag(
    inversion: .prefixedNo,
    help: "Train the thresholds of activations and weights. Default: yes.")
  var trainThresholds: Bool?

  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      "Train point-wise factors, 0.75 to 1.25, of weights and biases.",
      discussion: "Default: in presets, where weights are rounded to the nearest code."))
  var tuneWeights: Bool?

  @Flag(inversion: .prefixedNo, help: "Train offsets of the biases. Default: in presets.")
  var tuneBiases: Bool?

  @Flag(
    name: .customLong("adaround"), inversion: .prefixedNo,
    help: ArgumentHelp(
      "Learn block by block for each weight whether it is rounded up or down.",
      discussion:
        "Takes 8 epochs unless --block-epochs says otherwise; weights and their thresholds "
        + "stay from then on."))
  var learnRounding: Bool?

  @Option(
    help: ArgumentHelp(
      "What computes the model in training: floats rounded to codes, or the integer kernels.",
      discussion: "Default: fake-quantized."))
  var student: StudentArithmetic?

  @Flag(
    inversion: .prefixedNo,
    help: "Train on images and their mirror images. Default: yes; not for models that read text.")
  var mirror: Bool?

  @Option(
    help: ArgumentHelp(
      "Share of the inputs that only tells which epoch is best. Default: 0.1.", valueName: "share"))
  var heldOut: Double?

  @Option(
    help: ArgumentHelp(
      "Stop after this many epochs without a better result on them. Default: 10; in presets, "
        + "all epochs.", valueName: "epochs"))
  var patience: Int?

  @Option(help: "Seed of the order of the training inputs. Default: 1.")
  var seed: UInt64?

  @Option(
    help: ArgumentHelp(
      "Keep the state of training here after each epoch, and go on from it.",
      valueName: "folder"))
  var checkpoint: String?

  func validate() throws {
    try check(trainCount, "--train-count", 2...10_000_000)
    try check(blockEpochs, "--block-epochs", 0...100_000)
    try check(epochs, "--epochs", 0...100_000)
    try check(cycles, "--cycles", 1...100_000)
    try check(batch, "--batch", 1...65_536)
    try check(patience, "--patience", 1...100_000)
    for (name, value) in [
      ("--learning-rate", learningRate), ("--weight-rate", weightRate), ("--bias-rate", biasRate),
    ] {
      if let value, !(value > 0 && value <= 10) {
        throw ValidationError("\(name) must be above 0 and at most 10")
      }
    }
    if let heldOut, !(heldOut > 0 && heldOut < 1) {
      throw ValidationError("--held-out must be between 0 and 1")
    }
  }

  private func check(_ value: Int?, _ name: String, _ range: ClosedRange<Int>) throws {
    if let value, !range.contains(value) {
      throw ValidationError("\(name) must be \(range.lowerBound)…\(range.upperBound)")
    }
  }

  /// The first option given that means nothing without training; `nil` if there is none.
  private var givenWithoutTraining: String? {
    let given: [(String, Bool)] = [
      ("--train-count", trainCount != nil), ("--block-epochs", blockEpochs != nil),
      ("--epochs", epochs != nil),
      ("--cycles", cycles != nil), ("--batch", batch != nil),
      ("--learning-rate", learningRate != nil), ("--weight-rate", weightRate != nil),
      ("--bias-rate", biasRate != nil), ("--loss", loss != nil),
      ("--parametrization", parametrization != nil),
      ("--train-thresholds", trainThresholds != nil), ("--tune-weights", tuneWeights != nil),
      ("--tune-biases", tuneBiases != nil), ("--adaround", learnRounding != nil),
      ("--student", student != nil),
      ("--mirror", mirror != nil), ("--held-out", heldOut != nil), ("--patience", patience != nil),
      ("--seed", seed != nil),
      ("--checkpoint", checkpoint != nil),
    ]
    return given.first { $0.1 }?.0
  }

  /// The option given that changes weights, if any.
  var changeOfWeights: String? {
    learnRounding == true
      ? "--adaround"
      : tuneWeights == true ? "--tune-weights" : weightRate == nil ? nil : "--weight-rate"
  }

  /// The options of training: the preset's with what was given in their place; `nil` for none.
  ///
  /// - Throws: options of training where nothing is trained.
  func options(preset: TrainingOptions?) throws -> TrainingOptions? {
    guard var result = preset ?? (train == nil ? nil : TrainingOptions()) else {
      if let name = givenWithoutTraining {
        throw UsageError(
          "\(name) applies to training; add --train FOLDER or --preset balanced or best")
      }
      return nil
    }
    result.epochs = epochs ?? result.epochs
    result.cycles = cycles ?? result.cycles
    result.batch = batch ?? result.batch
    result.thresholdRate = learningRate ?? result.thresholdRate
    result.weightRate = weightRate ?? result.weightRate
    result.biasRate = biasRate ?? result.biasRate
    result.loss = loss ?? result.loss
    result.parametrization = parametrization ?? result.parametrization
    result.trainsThresholds = trainThresholds ?? result.trainsThresholds
    result.tunesWeights = tuneWeights ?? result.tunesWeights
    result.tunesBiases = tuneBiases ?? result.tunesBiases
    result.learnsRounding = learnRounding ?? result.learnsRounding
    result.student = student ?? result.student
    result.mirrors = mirror ?? result.mirrors
    result.heldOutShare = heldOut ?? result.heldOutShare
    // The last, small steps of the cosine bring the most: presets never stop before them.
    result.patience = patience ?? (preset == nil ? result.patience : result.epochs)
    result.seed = seed ?? result.seed
    if result.epochs == 0, checkpoint != nil {
      throw UsageError(
        "--checkpoint keeps the training of the whole model, which --epochs 0 leaves out")
    }
    if learnRounding == true, tuneWeights == true {
      throw UsageError("--adaround keeps the weights, so that --tune-weights cannot change them")
    }
    if result.learnsRounding, blockEpochs == 0 {
      throw UsageError("--adaround works block by block; leave --block-epochs 0 out")
    }
    if train != nil, result.epochs == 0, !result.learnsRounding, (blockEpochs ?? 0) == 0 {
      throw UsageError(
        "--epochs 0 leaves nothing to --train; add --block-epochs or --adaround, or leave both out")
    }
    guard
      result.trainsThresholds || result.tunesWeights || result.tunesBiases
        || result.learnsRounding
    else {
      throw UsageError(
        "--no-train-thresholds leaves nothing to train; add --tune-weights, --tune-biases or "
          + "--adaround")
    }
    return result
  }
}

extension TrainingArguments {
  /// Training block by block, with the rates of `training`; `nil` for none. Learned rounding happens
  /// here: the end-to-end training that follows then keeps the weights.
  func reconstruction(_ training: inout TrainingOptions?) -> TrainingOptions? {
    guard var blocks = training else { return nil }
    blocks.epochs = blockEpochs ?? (blocks.learnsRounding ? Self.roundingEpochs : 0)
    blocks.cycles = 1
    if blocks.learnsRounding {
      training?.learnsRounding = false
      training?.keepsWeights = true
      blocks.tunesWeights = false
    }
    if training?.epochs == 0 { training = nil }
    return blocks.epochs > 0 ? blocks : nil
  }

  private static let roundingEpochs = 8

  /// The inputs of training, and what stops it.
  func inputs(
    calibration: String, images: ImageOptions, source: FloatSource, skipsUnreadable: Bool,
    fingerprint: @autoclosure () throws -> String
  ) throws -> TrainingInputs {
    let path = train ?? calibration
    let samples = try Samples(
      path: path, count: trainCount ?? .max, options: images, source: source,
      skipsUnreadable: skipsUnreadable)
    guard samples.set.count >= 2 else {
      throw TrainingStep.tooFew(samples.set.count).inFile(path)
    }
    let interruption = Interruption(
      message: "stopping with the best model so far; press Ctrl-C again to end at once",
      command: "qconvert")
    return TrainingInputs(
      samples: samples.set,
      checkpoint: try checkpoint.map { folder in
        try TrainingCheckpointFile(
          folder: folder,
          fingerprint: "\(try fingerprint()) \(try samples.fingerprint())")
      }, isCancelled: { interruption.wasRequested })
  }
}
