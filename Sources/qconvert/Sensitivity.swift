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

  @Argument(help: ArgumentHelp("Float model (.onnx, .tflite).", valueName: "model"))
  var model: String

  @Option(
    help: ArgumentHelp(
      "Unlabeled inputs to compare on. Default: those of --calibration.",
      valueName: "folder|file.npz"))
  var images: String?

  @Option(help: "At most this many of them, evenly spread over the sorted list.")
  var count = 32

  @OptionGroup
  var quantization: QuantizationArguments

  @Option(help: "How to print the result.")
  var format = OutputFormat.text

  func validate() throws {
    guard count >= 1 else { throw ValidationError("--count must be at least 1") }
  }

  func run() throws {
    let source = try FloatSource(path: model)
    let conversion = try quantization.conversion(of: source, at: model)
    let compared = try Samples(
      path: try images ?? quantization.calibrationPath(), count: count, options: quantization.image,
      source: source, skipsUnreadable: quantization.skipUnreadable)
    let progress = Progress()
    let result: QuantizationResult
    let layers: [LayerSensitivity]
    do {
      result = try conversion.quantizer.quantized {
        progress.update($0, $1.share, detail: $1.detail)
      }
      layers = try SensitivityAnalysis(
        result: result, samples: compared.set, threads: quantization.threads
      )
      .layers { progress.update("comparing layers", $0.share, detail: $0.detail) }
    } catch {
      throw error.file == nil ? error.inFile(model) : error
    }
    progress.finish()
    let report = SensitivityReport(layers, graph: result.graph, samples: compared.set.count)
    switch format {
    case .json: print(try jsonLine(report))
    case .text: print(report.text(samples: compared.description))
    }
  }
}
