import Diagnostics
import FloatModel

/// A float graph with all that the steps of the quantizer have found out about it. Steps read and
/// change it; lowering turns the result into integers.
public struct QuantizationState: Sendable {
  /// The simplified float graph.
  public var graph: FloatGraph
  /// The float graph whose layers the quantized ones are to match. Steps that rearrange the network
  /// without changing its function set it to their result; steps that change weights or biases to
  /// make up for quantization leave it, so that its values and those of `graph` correspond.
  public var reference: FloatGraph
  /// What was decided.
  public var options: QuantizationOptions
  /// The range that each activation's codes are to cover.
  public var ranges: [ValueIndex: ValueRange]
  /// What calibration saw, unchanged by later steps.
  public var observed: [ValueIndex: ValueRange]
  /// Ranges that are known rather than observed: image inputs.
  public var knownRanges: [ValueIndex: ValueRange]
  /// The values that get 16-bit codes: see ``FloatGraph/outputTail()`` and ``SixteenBitClasses``.
  public var wideValues: Set<ValueIndex>
  /// T per filter, or a single one, of each weights constant.
  public var weightThresholds: [ValueIndex: [Float]]
  /// What the user should know about the steps: one sentence each, without a final period.
  public var notes: [String]

  /// The state before the first step.
  public init(
    graph: FloatGraph, options: QuantizationOptions,
    knownRanges: [ValueIndex: ValueRange] = [:], wideValues: Set<ValueIndex> = []
  ) {
    self.graph = graph
    reference = graph
    self.options = options
    self.knownRanges = knownRanges
    self.wideValues = wideValues
    ranges = [:]
    observed = [:]
    weightThresholds = [:]
    notes = []
  }
}

/// One step of the quantizer: a type with one method over the state, so that steps combine freely
/// and a new method is one file.
public protocol QuantizationStep {
  /// What the progress line says while it runs.
  var title: String { get }
  /// Does the step; `progress` is told how far it has come where the step takes long.
  func apply(
    to state: inout QuantizationState, progress: (StepProgress) -> Void
  ) throws(Diagnostic)
}

/// How far a step has come.
public struct StepProgress: Hashable, Sendable {
  /// The share done, 0…1.
  public var share: Double
  /// What a user may want to watch meanwhile: "epoch 3 of 8, loss 0.21"; may be empty.
  public var detail: String

  /// Creates a report.
  public init(_ share: Double, detail: String = "") {
    self.share = share
    self.detail = detail
  }
}
