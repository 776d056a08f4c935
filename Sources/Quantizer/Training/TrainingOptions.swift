/// What the student's outputs are compared by.
public enum DistillationLoss: String, CaseIterable, Sendable {
  /// √(Σ (z^T − z^A)² / N) over a batch of N (FAT paper, eq. 25).
  case rootMeanSquare = "rmse"
  /// Mean of d²/2 where |d| < 1 and of |d| − 1/2 elsewhere, which the authors' code uses.
  case smoothL1 = "smooth-l1"
}

/// What computes the student's forward pass.
public enum StudentArithmetic: String, CaseIterable, Sendable {
  /// Floats rounded to the grid of codes after every layer.
  case fakeQuantized = "fake-quantized"
  /// The integer kernels themselves; gradients pass straight through.
  case device
}

/// How thresholds and weights are trained.
public struct TrainingOptions: Hashable, Sendable {
  /// Passes over the training samples, at most.
  public var epochs: Int
  /// Cosine annealing starts anew, with a fresh optimizer, this many times over the epochs (4.1.2).
  public var cycles: Int
  /// Samples per step.
  public var batch: Int
  /// Samples that pass through the network together, on one thread: changes speed and memory.
  public var microBatch: Int
  /// First learning rate of the thresholds, in units of their factors.
  public var thresholdRate: Float
  /// First learning rate of the point-wise weight factors.
  public var weightRate: Float
  /// First learning rate of the biases, in steps of the layer's output codes.
  public var biasRate: Float
  /// First learning rate of the numbers that decide the rounding of weights.
  public var roundingRate: Float
  /// What is compared.
  public var loss: DistillationLoss
  /// How thresholds are expressed.
  public var parametrization: ThresholdParametrization
  /// Whether thresholds of activations and weights are trained (III.A).
  public var trainsThresholds: Bool
  /// Whether point-wise scale factors in 0.75…1.25 of weights and biases are trained (4.2).
  public var tunesWeights: Bool
  /// Whether offsets of the biases are trained.
  public var tunesBiases: Bool
  /// Whether the rounding of each weight is learned (AdaRound); weight thresholds then stay.
  public var learnsRounding: Bool
  /// Whether weights and their thresholds stay as they are, because their rounding was chosen: learned, or GPTQ.
  public var keepsWeights: Bool
  /// What computes the student.
  public var student: StudentArithmetic
  /// Whether images are mirrored half of the time: twice the samples for the teacher to answer.
  public var mirrors: Bool
  /// Share of the samples that only decides which epoch was best and when to stop.
  public var heldOutShare: Double
  /// Epochs without a better result on the held-out samples before training stops.
  public var patience: Int
  /// Seed of the order of the samples.
  public var seed: UInt64

  /// Creates options; the defaults are those of `qconvert --train`.
  public init(
    epochs: Int = 8, cycles: Int = 1, batch: Int = 32, microBatch: Int = 2,
    thresholdRate: Float = 1e-3, weightRate: Float = 3e-4, biasRate: Float = 2e-3,
    roundingRate: Float = 1e-2, loss: DistillationLoss = .rootMeanSquare,
    parametrization: ThresholdParametrization = .scale,
    trainsThresholds: Bool = true, tunesWeights: Bool = false, tunesBiases: Bool = false,
    learnsRounding: Bool = false, keepsWeights: Bool = false,
    student: StudentArithmetic = .fakeQuantized, mirrors: Bool = true, heldOutShare: Double = 0.1,
    patience: Int = 10,
    seed: UInt64 = 1
  ) {
    self.epochs = epochs
    self.cycles = cycles
    self.batch = batch
    self.microBatch = microBatch
    self.thresholdRate = thresholdRate
    self.weightRate = weightRate
    self.biasRate = biasRate
    self.roundingRate = roundingRate
    self.loss = loss
    self.parametrization = parametrization
    self.trainsThresholds = trainsThresholds
    self.tunesWeights = tunesWeights
    self.tunesBiases = tunesBiases
    self.learnsRounding = learnsRounding
    self.keepsWeights = keepsWeights
    self.student = student
    self.mirrors = mirrors
    self.heldOutShare = heldOutShare
    self.patience = patience
    self.seed = seed
  }
}
