/// Logarithm of softmax over the last axis in gemmlowp's fixed point; output scale 1/16, zero point
/// 127.
public struct LogSoftmaxParameters: Hashable, Sendable {
  /// `min(input scale · 2^26, 2^31 − 1)` as multiplier and left shift.
  public var multiplier: FixedPointMultiplier
  /// From Q5.26 back to differences of input codes: about `2^−26 / input scale`.
  public var reverse: FixedPointMultiplier
  /// Differences to the maximum below this give probability 0 (TFLite `diff_min`).
  public var minimumDifference: Int32

  /// Creates the parameters of a log softmax.
  public init(
    multiplier: FixedPointMultiplier, reverse: FixedPointMultiplier, minimumDifference: Int32
  ) {
    self.multiplier = multiplier
    self.reverse = reverse
    self.minimumDifference = minimumDifference
  }
}

/// How one gate of an LSTM scales its two sums to Q3.12, the format its activation reads.
public struct LSTMGate: Hashable, Sendable {
  /// Input scale · input weight scale · 2^12.
  public var input: FixedPointMultiplier
  /// Hidden state scale · recurrent weight scale · 2^12.
  public var recurrent: FixedPointMultiplier

  /// Creates the factors of a gate.
  public init(input: FixedPointMultiplier, recurrent: FixedPointMultiplier) {
    self.input = input
    self.recurrent = recurrent
  }
}

/// A long short-term memory run over a sequence: four gates, no peepholes, no projection, no layer
/// normalization; cell state int16 at a scale that is a power of two.
///
/// With I input features, U units, B batches and T steps, the 15 inputs are
///
/// | position | tensor |
/// |---|---|
/// | 0 | x `[B, T, I]`, or `[T, B, I]` where `isTimeMajor` |
/// | 1…4 | input weights `[U, I]` int8 of the input, forget, cell and output gate |
/// | 5…8 | recurrent weights `[U, U]` int8 of the same gates |
/// | 9…12 | biases `[U]` int32 of the same gates |
/// | 13 | hidden state `[B, U]`, a state of the output's type, scale and zero point |
/// | 14 | cell state `[B, U]` int16, a state |
///
/// and the output is `[B, T, U]`, or `[T, B, U]`.
public struct SequenceLSTMParameters: Hashable, Sendable {
  /// How much of the cell gate enters the cell.
  public var inputGate: LSTMGate
  /// How much of the cell stays.
  public var forgetGate: LSTMGate
  /// What enters the cell.
  public var cellGate: LSTMGate
  /// How much of the cell is shown.
  public var outputGate: LSTMGate
  /// Forget gate (Q0.15) times cell state, to the cell state's scale: 2^−15.
  public var forgetProduct: FixedPointMultiplier
  /// Input gate (Q0.15) times cell gate (Q0.15), to the cell state's scale.
  public var inputProduct: FixedPointMultiplier
  /// Output gate (Q0.15) times tanh of the cell (Q0.15), to the hidden state's scale.
  public var outputProduct: FixedPointMultiplier
  /// The cell state's scale is 2 to this power.
  public var cellScaleExponent: Int32
  /// The cell state is clipped to ± this code; 0 for no clip.
  public var cellClip: Int32
  /// Whether steps are the first axis of x and y, instead of the second.
  public var isTimeMajor: Bool

  /// Creates the parameters of an LSTM.
  public init(
    inputGate: LSTMGate, forgetGate: LSTMGate, cellGate: LSTMGate, outputGate: LSTMGate,
    forgetProduct: FixedPointMultiplier, inputProduct: FixedPointMultiplier,
    outputProduct: FixedPointMultiplier, cellScaleExponent: Int32, cellClip: Int32 = 0,
    isTimeMajor: Bool = false
  ) {
    self.inputGate = inputGate
    self.forgetGate = forgetGate
    self.cellGate = cellGate
    self.outputGate = outputGate
    self.forgetProduct = forgetProduct
    self.inputProduct = inputProduct
    self.outputProduct = outputProduct
    self.cellScaleExponent = cellScaleExponent
    self.cellClip = cellClip
    self.isTimeMajor = isTimeMajor
  }
}

/// A fully connected layer with memory, its filters of rank-1 factors (singular value
/// decomposition filter).
///
/// With I features, F filters, R = `rank` filters a unit, M steps of memory and B batches, the inputs
/// are x `[B, I]`, feature weights `[F, I]` int8, time weights `[F, M]` of the state's type (int16 or
/// int8, zero point 0), bias `[F / R]` int32, and the state `[B, F · M]`, int16 with zero point 0 or
/// int8; the output is `[B, F / R]`.
public struct SVDFParameters: Hashable, Sendable {
  /// Filters that add up to one unit.
  public var rank: Int
  /// Input scale · feature weight scale over the state's scale.
  public var feature: FixedPointMultiplier
  /// State scale · time weight scale over the output's scale.
  public var time: FixedPointMultiplier

  /// Creates the parameters of an SVDF layer.
  public init(rank: Int, feature: FixedPointMultiplier, time: FixedPointMultiplier) {
    self.rank = rank
    self.feature = feature
    self.time = time
  }
}
