import Diagnostics
import FloatModel

/// Runs the float graph over the samples and sets every activation's range from the statistics of
/// the chosen calibrator.
public struct CalibrationStep: QuantizationStep {
  /// The calibration samples.
  public var samples: SampleSet
  /// See ``QuantizationStep``.
  public let title = "calibrating"

  /// Creates the step.
  public init(samples: SampleSet) { self.samples = samples }

  /// Sets `observed` and `ranges` of every activation.
  ///
  /// - Throws: what ``SampleSet/run(through:options:progress:observe:)`` throws.
  public func apply(
    to state: inout QuantizationState, progress: (StepProgress) -> Void
  ) throws(Diagnostic) {
    let options = state.options
    let graph = state.graph
    var calibrators: [ValueIndex: any Calibrator] = [:]
    let wide = state.wideValues
    try samples.run(through: graph, options: options, progress: progress) { value, elements in
      // 16-bit codes have room for all values.
      calibrators[
        value, default: wide.contains(value) ? MinMaxCalibrator() : options.makeCalibrator()
      ].observe(elements)
    }
    state.observed = calibrators.mapValues { $0.range() }
    state.ranges = state.observed.merging(state.knownRanges) { $1 }
  }
}
