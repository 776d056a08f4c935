import ArgumentParser
import CommandSupport
import Diagnostics
import FBQFormat
import Foundation
import ImageInput
import IntegerModel
import IntegerRuntime
import Quantizer

/// `qconvert evaluate MODEL.fbq --reference MODEL.onnx --images DIR|FILE.npz`
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a quantized model against its float model.",
    discussion: """
      Runs both on the same inputs, the quantized one on the integer runtime: the
      numbers are the device's. Prints how often both agree on the class, the
      signal to quantization noise ratio (SQNR) of the logits, and, with labels,
      top-1 and top-5 accuracy with their 95 % confidence intervals.
      """)

  @Argument(help: ArgumentHelp("Quantized model (.fbq).", valueName: "model"))
  var model: String

  @Option(help: ArgumentHelp("The float model it came from (.onnx, .tflite).", valueName: "file"))
  var reference: String

  @Option(
    help: ArgumentHelp(
      "Folder of images, or arrays of real numbers as for --calibration.",
      valueName: "folder|file.npz"))
  var images: String

  @Option(
    help: ArgumentHelp(
      "Right answers: lines 'file class', classes from 0; for arrays 'sample class', samples from "
        + "0.", valueName: "file"))
  var labels: String?

  @Option(help: ArgumentHelp("Use at most this many inputs, evenly spread.", valueName: "inputs"))
  var count: Int?

  @Option(help: "Run under another arithmetic than the file names.")
  var arithmetic: ArithmeticProfile?

  @Option(help: "Inputs processed at a time.")
  var threads = min(ProcessInfo.processInfo.activeProcessorCount, 8)

  @Option(help: "How to print the result.")
  var format = OutputFormat.text

  func validate() throws {
    guard count ?? 1 >= 1 else { throw ValidationError("--count must be at least 1") }
    guard (1...256).contains(threads) else {
      throw ValidationError("--threads must be 1…256")
    }
  }

  func run() throws {
    let graph = try FBQFile.read(path: model)
    let source = try FloatSource(path: reference)
    if let digest = graph.record?.sourceDigest, try digest != sha256(ofFile: reference) {
      warn(
        "\(reference) is not the file that \(model) was converted from; the differences are not "
          + "those of quantization alone", command: "qconvert")
    }
    let (inputs, names) = try inputs(of: source)
    let classCount = graph.tensors[graph.outputs[0]].elementCount
    let assigned = try labels.map { path throws(Diagnostic) in
      try LabelFiles.classes(path: path, classCount: classCount)
    }
    let classes = names.map { assigned?[$0] }
    if let labels, classes.allSatisfy({ $0 == nil }) {
      throw Diagnostic(
        file: labels, problem: "names none of the \(names.count) \(kind) in \(images)",
        remedy: isArrays
          ? "number the samples from 0" : "write the file names as they are in the folder")
    }
    let options = RunOptions(arithmetic: arithmetic, threads: threads)
    let evaluator = Evaluator(
      integerGraph: graph, floatGraph: source.graph, options: options)
    let progress = Progress()
    let result: EvaluationResult
    do {
      result = try evaluator.evaluate(inputs, labels: classes) {
        progress.update("evaluating", $0)
      }
    } catch {
      throw error.inFile(model)
    }
    progress.finish()
    let profile = arithmetic ?? graph.arithmetic
    switch format {
    case .json: print(try jsonLine(EvaluationReport(result, arithmetic: profile.name)))
    case .text: printText(result, arithmetic: profile.name)
    }
  }

  private var isArrays: Bool { Samples.areArrays(path: images) }
  private var kind: String { isArrays ? "samples" : "images" }

  /// What to run on, and what the labels call each of it.
  private func inputs(of source: FloatSource) throws -> (EvaluationInputs, [String]) {
    guard isArrays else {
      let paths = evenly(try ImageFile.list(folder: images), count ?? Int.max)
      return (.images(paths), paths.map { URL(fileURLWithPath: $0).lastPathComponent })
    }
    let all = try Samples.arrays(path: images, count: Int.max, source: source)
    let kept = evenly(Array(0..<all.count), count ?? Int.max)
    return (.arrays(all.subset(kept.count)), kept.map { "\($0)" })
  }

  private func printText(_ result: EvaluationResult, arithmetic: String) {
    print("\(result.images) \(kind), arithmetic \(arithmetic)")
    func row(_ title: String, _ successes: Int, _ trials: Int) {
      let interval = wilsonInterval(successes: successes, trials: trials)
      print(
        String(
          format: "  %@ %5.1f %%  (95 %% interval %.1f–%.1f)",
          title.padding(toLength: 16, withPad: " ", startingAt: 0),
          100 * Double(successes) / Double(trials), 100 * interval.lowerBound,
          100 * interval.upperBound))
    }
    if result.labeled > 0 {
      if result.labeled < result.images { print("  \(result.labeled) of them labeled") }
      row("float top-1", result.floatTop1, result.labeled)
      row("integer top-1", result.integerTop1, result.labeled)
      let drop = pairedInterval(
        lost: result.lost, gained: result.gained, trials: result.labeled)
      print(
        String(
          format:
            "  drop of top-1    %5.1f points  (95 %% interval %.1f to %.1f; %d lost, %d gained)",
          100 * Double(result.lost - result.gained) / Double(result.labeled),
          100 * drop.lowerBound, 100 * drop.upperBound, result.lost, result.gained))
      row("float top-5", result.floatTop5, result.labeled)
      row("integer top-5", result.integerTop5, result.labeled)
    }
    row("agreement", result.agreeing, result.images)
    print(String(format: "  SQNR of logits   %5.1f dB", result.signalToNoise))
  }
}

/// The JSON form of an evaluation; rates are shares of 1.
private struct EvaluationReport: Encodable {
  var arithmetic: String
  var images: Int
  var labeled: Int
  var floatTop1: Double?
  var floatTop5: Double?
  var integerTop1: Double?
  var integerTop5: Double?
  var top1Lost: Int?
  var top1Gained: Int?
  /// Least and greatest drop of top-1, with 95 % confidence.
  var top1DropInterval: [Double]?
  var agreement: Double
  var sqnr: Double

  init(_ result: EvaluationResult, arithmetic: String) {
    self.arithmetic = arithmetic
    images = result.images
    labeled = result.labeled
    func rate(_ successes: Int) -> Double? {
      result.labeled == 0 ? nil : Double(successes) / Double(result.labeled)
    }
    floatTop1 = rate(result.floatTop1)
    floatTop5 = rate(result.floatTop5)
    integerTop1 = rate(result.integerTop1)
    integerTop5 = rate(result.integerTop5)
    if result.labeled > 0 {
      (top1Lost, top1Gained) = (result.lost, result.gained)
      let drop = pairedInterval(
        lost: result.lost, gained: result.gained, trials: result.labeled)
      top1DropInterval = [drop.lowerBound, drop.upperBound]
    }
    agreement = Double(result.agreeing) / Double(result.images)
    sqnr = result.signalToNoise
  }
}
