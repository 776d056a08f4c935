import ArgumentParser
import CommandSupport
import Diagnostics
import Foundation
import IntegerModel
import Quantizer

/// `qconvert sensitivity MODEL.onnx --calibration DIR --images DIR`
struct Sensitivity: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show which layers quantization hurts, and what would help.",
    discussion: """
      Quantizes the model as 'quantize' does, writes nothing, and compares every
      layer with the float model by its signal to quantization noise ratio (SQNR):

        alone       the layer's integer kernel on the float model's values
        cumulative  the same output in the whole integer model
        drop        what the cumulative SQNR loses from the layer's input on
        noise       the layer's part of the noise that all layers add alone

      Layers come in the order of that part. The mends follow, with the options of
      qconvert that they mean.
      """)

  @Argument(help: ArgumentHelp("Float model (.onnx).", valueName: "model"))
  var model: String

  @Option(
    help: ArgumentHelp(
      "Unlabeled inputs that set the activation ranges.", valueName: "folder|file.npz"))
  var calibration: String

  @Option(help: "At most this many of them, evenly spread over the sorted list.")
  var calibrationCount = 100

  @Option(
    help: ArgumentHelp(
      "Unlabeled inputs to compare on. Default: those of --calibration.",
      valueName: "folder|file.npz"))
  var images: String?

  @Option(help: "At most this many of them, evenly spread over the sorted list.")
  var count = 32

  @OptionGroup(title: "Image input")
  var image: ImageOptions

  @Option(help: "One weight threshold per filter, or one per layer.")
  var weights = WeightGranularity.perChannel

  @Option(help: "Form of the activation thresholds.")
  var thresholds = ThresholdForm.asymmetric

  @Option(help: "Statistic that sets the activation thresholds.")
  var calibrator = CalibratorKind.minMax

  @Option(
    help: ArgumentHelp(
      "Share of all values that calibrator 'percentile' keeps. Default: 99.99.",
      valueName: "percent"))
  var percentile: Double?

  @Option(
    help: ArgumentHelp(
      "Balance the float weights before quantizing them, as 'quantize' does.",
      valueName: "method"))
  var equalize = Equalization.none

  @Option(
    help: ArgumentHelp(
      "Let biases make up for the mean error of each channel, as 'quantize' does.",
      valueName: "method"))
  var biasCorrection = BiasCorrection.none

  @Option(help: "Arithmetic of the target. Default: tflm.")
  var arithmetic: ArithmeticProfile?

  @Option(help: "Threads of the float engine and the integer runtime.")
  var threads = min(ProcessInfo.processInfo.activeProcessorCount, 8)

  @Option(help: "How to print the result.")
  var format = OutputFormat.text

  func validate() throws {
    guard calibrationCount >= 1 else {
      throw ValidationError("--calibration-count must be at least 1")
    }
    guard count >= 1 else { throw ValidationError("--count must be at least 1") }
    if let percentile {
      guard calibrator == .percentile else {
        throw ValidationError("--percentile applies to --calibrator percentile alone")
      }
      guard percentile > 50, percentile <= 100 else {
        throw ValidationError("--percentile must be above 50 and at most 100")
      }
    }
    guard (1...256).contains(threads) else {
      throw ValidationError("--threads must be 1…256")
    }
  }

  func run() throws {
    let source = try FloatSource(path: model)
    func samples(_ path: String, _ count: Int) throws -> Samples {
      try Samples(
        path: path, count: count, options: image, source: source, skipsUnreadable: false)
    }
    let calibrationSamples = try samples(calibration, calibrationCount)
    let compared = try samples(images ?? calibration, count)
    let options = QuantizationOptions(
      weights: weights, thresholds: thresholds, calibrator: calibrator,
      percentile: percentile ?? QuantizationOptions().percentile, equalization: equalize,
      biasCorrection: biasCorrection, arithmetic: arithmetic ?? .tflm, threads: threads)
    let progress = Progress()
    let result: QuantizationResult
    let layers: [LayerSensitivity]
    do {
      result = try ModelQuantizer(
        graph: source.graph, options: options, samples: calibrationSamples.set,
        preprocessing: calibrationSamples.preprocessing
      ).quantized { progress.update($0, $1.share, detail: $1.detail) }
      layers = try SensitivityAnalysis(result: result, samples: compared.set, threads: threads)
        .layers { progress.update("comparing layers", $0.share, detail: $0.detail) }
    } catch {
      throw error.inFile(model)
    }
    progress.finish()
    let report = SensitivityReport(layers, graph: result.graph, samples: compared.set.count)
    switch format {
    case .json: print(try jsonLine(report))
    case .text: print(report.text(samples: compared.description))
    }
  }
}
