import ArgumentParser
import CommandSupport
import Diagnostics
import FloatModel
import Foundation
import IntegerModel
import Quantizer

extension WeightGranularity: ExpressibleByArgument {}
extension ThresholdForm: ExpressibleByArgument {}
extension CalibratorKind: ExpressibleByArgument {}
extension Equalization: ExpressibleByArgument {}
extension BiasCorrection: ExpressibleByArgument {}
extension WeightRounding: ExpressibleByArgument {}
extension OutputType: ExpressibleByArgument {}
extension Preset: ExpressibleByArgument {}

/// What a conversion starts from and how it goes: the options of every command that converts.
struct QuantizationArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Unlabeled inputs that set the activation ranges.",
      discussion: "A folder of PPM, PGM, PNG and JPEG images, or an .npz file with one array per "
        + "model input, samples along its first axis. Needed for float models.",
      valueName: "folder|file.npz"))
  var calibration: String?

  @Option(
    help: ArgumentHelp(
      "At most this many of them, evenly spread over the sorted list. Default: 100; with the "
        + "presets that train, 256.",
      valueName: "samples"))
  var calibrationCount: Int?

  @Flag(help: "Go on without images that cannot be read, naming each.")
  var skipUnreadable = false

  @OptionGroup(title: "Image input")
  var image: ImageOptions

  @Option(
    help: ArgumentHelp(
      "How much time accuracy may take; options given beside it come first.",
      discussion: "plain: calibration and rounding alone. fast: the methods that train nothing, "
        + "seconds. balanced: a short training. best: a long one.",
      valueName: "plain|fast|balanced|best"))
  var preset = Preset.fast

  @Option(help: "One weight threshold per filter, or one per layer.")
  var weights = WeightGranularity.perChannel

  @Option(help: "Form of the activation thresholds.")
  var thresholds = ThresholdForm.asymmetric

  @Option(
    help:
      "Statistic that sets the activation thresholds. Default: mse; with --preset plain, minmax.")
  var calibrator: CalibratorKind?

  @Option(
    help: ArgumentHelp(
      "Share of all values that calibrator 'percentile' keeps. Default: 99.99.",
      valueName: "percent"))
  var percentile: Double?

  @Option(
    help: ArgumentHelp(
      "Balance the float weights before quantizing them, the model's function unchanged.",
      discussion: "'depthwise-rescale' brings the filters of each depthwise convolution to one "
        + "magnitude; 'cross-layer' balances all neighboring layers: the default with --weights "
        + "per-tensor; 'channel-range' brings the channels of a tensor closer to its range: the "
        + "default with --weights per-channel. With --preset plain, none.",
      valueName: "none|depthwise-rescale|cross-layer|channel-range"))
  var equalize: Equalization?

  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      "Let channels that are always zero carry halves of others, half a code apart.",
      discussion: "Default: yes, unless the preset is plain. Changes nothing where there are none.")
  )
  var splitChannels: Bool?

  @Option(
    help: ArgumentHelp(
      "How weights are rounded to their codes.",
      discussion: "'gptq': so that the errors of a filter make up for one another on the "
        + "calibration inputs, at the luckiest of several scales; training then keeps the weights. "
        + "The default, unless the preset is plain or weights are trained, as --preset balanced and "
        + "best do with --weights per-tensor.",
      valueName: "nearest|gptq"))
  var rounding: WeightRounding?

  @Option(
    help: ArgumentHelp(
      "Let biases make up for the mean error of each channel.",
      discussion: "'analytic' derives it from the rounding of the weights, 'empirical' measures "
        + "it on the integer kernels layer by layer: the default, unless the preset is plain.",
      valueName: "none|analytic|empirical"))
  var biasCorrection: BiasCorrection?

  @Option(
    help: ArgumentHelp(
      "Type of the output codes. Default: int8.",
      discussion:
        "int16: the layers that the outputs come from compute in TFLite's 16x8, all others "
        + "as before. Close classes then do not tie.",
      valueName: "int8|int16"))
  var outputType: OutputType?

  @Option(
    name: .customLong("int16"),
    help: ArgumentHelp(
      "Give the outputs of these layers 16-bit codes.",
      discussion:
        "They and the layers that read them compute in TFLite's 16x8: 16-bit activations, "
        + "8-bit weights. 'qconvert sensitivity' lists the layers.",
      valueName: "layer,…"))
  var sixteenBitLayers: String?

  @Option(
    name: .customLong("int16-share"),
    help: ArgumentHelp(
      "Let up to this part of all multiplications be made in 16x8. Default: 0.",
      discussion:
        "The layers are those whose 8-bit rounding leaves the most noise in the logits for "
        + "what they cost. Their names are told.",
      valueName: "percent"))
  var sixteenBitShare: Double?

  @OptionGroup(title: "Training")
  var training: TrainingArguments

  @Option(help: "Arithmetic of the target. Default: tflm.")
  var arithmetic: ArithmeticProfile?

  @Option(help: "Threads of training, calibration and evaluation.")
  var threads = min(ProcessInfo.processInfo.activeProcessorCount, 8)

  func validate() throws {
    guard calibrationCount ?? 1 >= 1 else {
      throw ValidationError("--calibration-count must be at least 1")
    }
    if let percentile {
      guard calibrator == .percentile else {
        throw ValidationError("--percentile applies to --calibrator percentile alone")
      }
      guard percentile > 50, percentile <= 100 else {
        throw ValidationError("--percentile must be above 50 and at most 100")
      }
    }
    if let sixteenBitShare {
      guard sixteenBitShare >= 0, sixteenBitShare <= 100 else {
        throw ValidationError("--int16-share must be 0…100")
      }
    }
    if let sixteenBitLayers, sixteenBitLayers.layerNames.isEmpty {
      throw ValidationError("--int16 needs the name of at least one layer")
    }
    guard (1...256).contains(threads) else {
      throw ValidationError("--threads must be 1…256")
    }
  }

  /// The calibration inputs of a float model.
  func calibrationPath() throws -> String {
    guard let calibration else {
      throw UsageError("Missing expected argument '--calibration <folder|file.npz>'")
    }
    return calibration
  }

  /// Refuses what makes no sense for a model that is quantized already.
  func checkUnused(for model: String) throws {
    let given = [
      ("--calibration", calibration != nil), ("--calibration-count", calibrationCount != nil),
      ("--calibrator", calibrator != nil), ("--percentile", percentile != nil),
      ("--equalize", equalize != nil), ("--bias-correction", biasCorrection != nil),
      ("--rounding", rounding != nil),
      ("--output-type", outputType != nil), ("--int16", sixteenBitLayers != nil),
      ("--int16-share", sixteenBitShare != nil), ("--train", training.train != nil),
      ("--epochs", training.epochs != nil),
    ]
    for (option, isGiven) in given where isGiven {
      throw UsageError(
        "\(option) does not apply: \(model) is quantized already, its own scales are taken over")
    }
  }

  /// The preset's options for a model with what was given in their place.
  func options(for graph: FloatGraph) throws -> QuantizationOptions {
    var options = preset.options(
      weights: weights, multiplications: graph.multiplicationCount)
    options.thresholds = thresholds
    options.calibrator = calibrator ?? options.calibrator
    options.percentile = percentile ?? options.percentile
    options.equalization = equalize ?? options.equalization
    options.splitsChannels = splitChannels ?? options.splitsChannels
    options.biasCorrection = biasCorrection ?? options.biasCorrection
    options.training = try training.options(preset: options.training)
    options.reconstruction = training.reconstruction(&options.training)
    try decideRounding(&options)
    options.outputType = outputType ?? .int8
    options.sixteenBitLayers = sixteenBitLayers?.layerNames ?? []
    options.sixteenBitShare = sixteenBitShare ?? 0
    options.arithmetic = arithmetic ?? .tflm
    options.threads = threads
    return options
  }

  /// The rounding that was asked for, or else the preset's where nothing given contradicts it, and
  /// what that means for training.
  private func decideRounding(_ options: inout QuantizationOptions) throws {
    options.rounding = rounding ?? (training.changeOfWeights == nil ? options.rounding : .nearest)
    let keepsWeights = options.rounding == .gptq
    options.training?.keepsWeights = keepsWeights || training.learnRounding == true
    options.reconstruction?.keepsWeights = keepsWeights
    guard keepsWeights else { return }
    if let name = training.changeOfWeights {
      throw UsageError("--rounding gptq keeps the weights, so that \(name) cannot change them")
    }
    if let training = options.training, !training.trainsThresholds, !training.tunesBiases {
      throw UsageError(
        "--rounding gptq keeps the weights, which leaves nothing to train; leave "
          + "--no-train-thresholds out or add --tune-biases")
    }
  }

  /// Everything ready to convert `source`, the model at `model`.
  func conversion(of source: FloatSource, at model: String) throws -> Conversion {
    let options = try options(for: source.graph)
    let calibration = try calibrationPath()
    let samples = try Samples(
      path: calibration, count: calibrationCount ?? preset.calibrationCount, options: image,
      source: source, skipsUnreadable: skipUnreadable)
    var quantizer = ModelQuantizer(
      graph: source.graph, options: options, samples: samples.set,
      preprocessing: samples.preprocessing)
    var descriptions = ["calibration=\(samples.description)"]
    if options.training != nil || options.reconstruction != nil {
      let inputs = try training.inputs(
        calibration: calibration, images: image, source: source, skipsUnreadable: skipUnreadable,
        fingerprint: "\(try sha256(ofFile: model)) \(options) \(try samples.fingerprint()) "
          + "\(samples.preprocessing.map { "\($0)" } ?? "")")
      quantizer.training = inputs
      descriptions.append("train=\(inputs.samples.count) samples")
    }
    return Conversion(
      quantizer: quantizer, samples: samples,
      record: (options.record + descriptions + ["preset=\(preset.rawValue)"]).sorted())
  }
}

/// A conversion before it runs.
struct Conversion {
  /// What converts.
  var quantizer: ModelQuantizer
  /// The calibration inputs.
  var samples: Samples
  /// The options, `name=value`, as the file records them.
  var record: [String]
}

extension String {
  /// The names that commas separate.
  fileprivate var layerNames: [String] { split(separator: ",").map(String.init) }
}
