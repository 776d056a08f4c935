import ArgumentParser
import CommandSupport
import Diagnostics
import FBQFormat
import FileAccess
import FloatModel
import Foundation
import IntegerModel
import ModelImport
import Quantizer

extension WeightGranularity: ExpressibleByArgument {}
extension ThresholdForm: ExpressibleByArgument {}
extension CalibratorKind: ExpressibleByArgument {}
extension Equalization: ExpressibleByArgument {}
extension BiasCorrection: ExpressibleByArgument {}

/// `qconvert MODEL.onnx -o OUT.fbq`
struct Quantize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Quantize a float model to integers (the default).",
    discussion: """
      Reads a float ONNX model, folds batch normalization, measures activation
      ranges on the calibration inputs, and writes int8 weights, int32 biases and
      every multiplier and shift that the device needs. Conversion includes the
      proof that no 32-bit accumulator can overflow.
      """)

  @Argument(help: ArgumentHelp("Float model (.onnx).", valueName: "model"))
  var model: String

  @Option(name: .shortAndLong, help: ArgumentHelp("Where to write the result.", valueName: "file"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Unlabeled inputs that set the activation ranges.",
      discussion: "A folder of PPM, PGM, PNG and JPEG images, or an .npz file with one array per "
        + "model input, samples along its first axis.",
      valueName: "folder|file.npz"))
  var calibration: String

  @Option(help: "At most this many of them, evenly spread over the sorted list.")
  var calibrationCount = 100

  @Flag(help: "Go on without calibration images that cannot be read, naming each.")
  var skipUnreadable = false

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
      "Balance the float weights before quantizing them, the model's function unchanged.",
      discussion: "'depthwise-rescale' brings the filters of each depthwise convolution to one "
        + "magnitude; 'cross-layer' balances all neighboring layers. Meant for --weights "
        + "per-tensor.",
      valueName: "method"))
  var equalize = Equalization.none

  @Option(
    help: ArgumentHelp(
      "Let biases make up for the mean error of each channel.",
      discussion: "'analytic' derives it from the rounding of the weights, 'empirical' measures "
        + "it on the integer kernels layer by layer.",
      valueName: "method"))
  var biasCorrection = BiasCorrection.none

  @OptionGroup(title: "Training")
  var training: TrainingArguments

  @Option(help: "Arithmetic of the target. Default: tflm.")
  var arithmetic: ArithmeticProfile?

  @Option(
    help: ArgumentHelp("Class names, one per line, to travel in the file.", valueName: "file"))
  var labels: String?

  @Flag(help: "Deflate the constants: a smaller file that takes longer to load.")
  var compress = false

  @Option(help: "Threads of the float engine.")
  var threads = min(ProcessInfo.processInfo.activeProcessorCount, 8)

  @Option(help: "How to print the result.")
  var format = OutputFormat.text

  func validate() throws {
    guard calibrationCount >= 1 else {
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
    guard (1...256).contains(threads) else {
      throw ValidationError("--threads must be 1…256")
    }
    try checkWritten([output], whileReading: [model, calibration] + [labels].compactMap { $0 })
  }

  func run() throws {
    let start = Date()
    // Fail before the work, not after it.
    try AtomicFile.checkWritable(output)
    let names = try labels.map { path in try LabelFiles.names(path: path) } ?? []
    let source = try FloatSource(path: model)
    let samples = try Samples(
      path: calibration, count: calibrationCount, options: image, source: source,
      skipsUnreadable: skipUnreadable)
    let trained = try training.options(preset: nil)
    let options = QuantizationOptions(
      weights: weights, thresholds: thresholds, calibrator: calibrator,
      percentile: percentile ?? QuantizationOptions().percentile, equalization: equalize,
      biasCorrection: biasCorrection, training: trained,
      reconstruction: training.reconstruction(trained), arithmetic: arithmetic ?? .tflm,
      threads: threads)
    let progress = Progress()
    var quantizer = ModelQuantizer(
      graph: source.graph, options: options, samples: samples.set,
      preprocessing: samples.preprocessing)
    if trained != nil {
      quantizer.training = try training.inputs(
        calibration: calibration, images: image, source: source, skipsUnreadable: skipUnreadable,
        fingerprint: "\(try sha256(ofFile: model)) \(options)")
    }
    var result: IntegerGraph
    let notes: [String]
    do {
      let quantized = try quantizer.quantized {
        progress.update($0, $1.share, detail: $1.detail)
      }
      (result, notes) = (quantized.graph, quantized.state.notes)
    } catch {
      throw error.file == nil ? error.inFile(model) : error
    }
    progress.finish()
    try attach(labels: names, to: &result)
    try record(in: &result, samples: samples)
    try FBQFile.write(result, to: output, compress: compress)
    // What goes to a pipe is the model alone, so that `-o /dev/stdout` can be piped on.
    guard PathCheck.isRegularFile(output) else { return }
    try printSummary(of: result, samples: samples, notes: notes, seconds: Date().timeIntervalSince(start))
  }

  private func attach(labels names: [String], to graph: inout IntegerGraph) throws {
    guard let path = labels, let output = graph.outputs.first else { return }
    let classes = graph.tensors[output].elementCount
    guard names.count == classes else {
      throw Diagnostic(
        file: path, problem: "names \(names.count) classes, the model has \(classes) outputs",
        remedy: "write one line per output")
    }
    graph.labels = names
  }

  /// Completes the conversion record.
  private func record(in graph: inout IntegerGraph, samples: Samples) throws {
    var options = [
      "arithmetic=\(graph.arithmetic.name)", "bias-correction=\(biasCorrection.rawValue)",
      "calibration=\(samples.description)",
      "calibrator=\(calibrator.rawValue)", "equalize=\(equalize.rawValue)",
      "thresholds=\(thresholds.rawValue)", "weights=\(weights.rawValue)",
    ]
    if calibrator == .percentile {
      options.append("percentile=\(percentile ?? QuantizationOptions().percentile)")
    }
    graph.record?.sourceName = URL(fileURLWithPath: model).lastPathComponent
    graph.record?.sourceDigest = try sha256(ofFile: model)
    graph.record?.toolVersion = "qconvert \(toolVersion)"
    graph.record?.options = options.sorted()
  }

  private func printSummary(
    of graph: IntegerGraph, samples: Samples, notes: [String], seconds: Double
  ) throws {
    let summary = ModelSummary(graph)
    let size = try MappedFile(path: output).bytes.count
    switch format {
    case .json:
      print(
        try jsonLine(
          QuantizeReport(
            output: output, bytes: size, operations: graph.operations.count,
            weights: summary.weightCount, headroomBits: summary.leastHeadroom,
            samples: samples.set.count, seconds: seconds)))
    case .text:
      print("\(output): \(graph.operations.count) operations, \(byteText(size))")
      print(
        "  weights      int8, \(weights.rawValue), \(summary.weightCount) of them; "
          + "thresholds \(thresholds.rawValue), calibrator \(calibrator.rawValue)")
      print("  arithmetic   \(graph.arithmetic.name)")
      if let headroom = summary.leastHeadroom {
        print("  accumulators proven within 32 bits, at least \(bitText(headroom)) of headroom")
      }
      for note in summary.notes + notes { print("  note         \(note)") }
      print(
        String(format: "  calibrated on %@ in %.1f s", samples.description, seconds))
    }
  }
}

private struct QuantizeReport: Encodable {
  var output: String
  var bytes: Int
  var operations: Int
  var weights: Int
  var headroomBits: Int?
  var samples: Int
  var seconds: Double
}

/// A float model, simplified, whatever its format.
struct FloatSource {
  /// The simplified graph.
  let graph: FloatGraph
  /// For each input, the axis of the file's own array that each axis of the graph's value is.
  let inputAxes: [[Int]]

  /// Reads the model at `path`.
  init(path: String) throws(Diagnostic) {
    do {
      let model = try ONNXImporter.loadModel(path: path)
      graph = try model.graph.simplified()
      inputAxes = model.inputAxes
    } catch {
      throw error.inFile(path)
    }
  }
}
