import Diagnostics
import FloatModel
import IntegerModel

/// What training needs besides its options.
public struct TrainingInputs: Sendable {
  /// Unlabeled inputs.
  public var samples: SampleSet
  /// Where the state of training is kept; `nil` for nowhere.
  public var checkpoint: TrainingCheckpointFile?
  /// Asked after each step; `true` ends training with the best model so far.
  public var isCancelled: @Sendable () -> Bool

  /// Creates inputs.
  public init(
    samples: SampleSet, checkpoint: TrainingCheckpointFile? = nil,
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) {
    self.samples = samples
    self.checkpoint = checkpoint
    self.isCancelled = isCancelled
  }
}

/// The whole way from a float graph to an integer one: a list of steps, then lowering.
public struct ModelQuantizer {
  /// The simplified float graph.
  public var graph: FloatGraph
  /// What steers the quantization.
  public var options: QuantizationOptions
  /// Unlabeled calibration inputs.
  public var samples: SampleSet
  /// How images feed the first input; `nil` for models that take none.
  public var preprocessing: ImagePreprocessing?
  /// What options that train are carried out with; they are passed over without it.
  public var training: TrainingInputs?

  /// Creates a quantizer.
  public init(
    graph: FloatGraph, options: QuantizationOptions, samples: SampleSet,
    preprocessing: ImagePreprocessing?
  ) {
    self.graph = graph
    self.options = options
    self.samples = samples
    self.preprocessing = preprocessing
  }

  /// The steps that the options ask for, in order.
  var steps: [any QuantizationStep] {
    var steps: [any QuantizationStep] = []
    switch options.equalization {
    case .none: break
    case .depthwiseRescale: steps.append(DepthwiseRescalingStep(samples: samples))
    case .crossLayer: steps.append(CrossLayerEqualizationStep(samples: samples))
    case .channelRange: steps.append(ChannelRangeEqualizationStep(samples: samples))
    }
    if options.splitsChannels { steps.append(ChannelSplittingStep(samples: samples)) }
    if options.sixteenBitShare > 0 { steps.append(SixteenBitSelectionStep(samples: samples)) }
    steps += [CalibrationStep(samples: samples), WeightThresholdStep()]
    if options.rounding == .gptq { steps.append(CompensatedRoundingStep(samples: samples)) }
    switch options.biasCorrection {
    case .none: break
    case .analytic: steps.append(AnalyticBiasCorrectionStep(samples: samples))
    case .empirical: steps.append(EmpiricalBiasCorrectionStep(samples: samples))
    }
    if let training {
      if let reconstruction = options.reconstruction {
        steps.append(
          BlockReconstructionStep(
            samples: training.samples, options: reconstruction, isCancelled: training.isCancelled))
      }
      if let distillation = options.training {
        steps.append(
          TrainingStep(
            samples: training.samples, teacher: graph, options: distillation,
            checkpoint: training.checkpoint, isCancelled: training.isCancelled))
      }
    }
    return steps
  }

  /// Runs all steps and lowers the result. `progress` is told the title of the step under way and
  /// how far it has come.
  ///
  /// - Throws: what steps and lowering throw.
  public func quantized(
    progress: (String, StepProgress) -> Void
  ) throws(Diagnostic) -> QuantizationResult {
    var known: [ValueIndex: ValueRange] = [:]
    if let preprocessing, let input = graph.inputs.first {
      known[input] = preprocessing.range
    }
    var state = QuantizationState(
      graph: graph, options: options, knownRanges: known,
      wideValues: try graph.wideValues(options))
    for step in steps {
      try step.apply(to: &state) { progress(step.title, $0) }
    }
    var lowering = Lowering(state)
    var result = try lowering.lowered()
    if let preprocessing, let input = graph.inputs.first,
      let parameters = lowering.activationParameters[input]
    {
      result.inputPipeline = preprocessing.pipeline(for: parameters.codes)
    }
    return QuantizationResult(graph: result, state: state, values: lowering.values)
  }
}

/// An integer graph beside the state that it was lowered from.
public struct QuantizationResult: Sendable {
  /// The integer graph.
  public var graph: IntegerGraph
  /// The float graph as quantized, and all that the steps decided.
  public var state: QuantizationState
  /// The float value whose elements, in the same layout, the codes of an activation stand for.
  /// Tensors inside an operator that became several have none.
  public var values: [TensorIndex: ValueIndex]
}
