import ArgumentParser
import CommandSupport
import Diagnostics
import FBQFormat
import FileAccess
import Foundation
import IntegerModel
import ModelExport
import TFLiteFormat

/// `qconvert export MODEL.fbq -o OUT.tflite|OUT.onnx`
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a quantized model in another format.",
    discussion: """
      The ending of OUT chooses the format:

        .tflite   TensorFlow Lite, integers throughout. LiteRT's reference kernels
                  and TFLite Micro give the same bits as qrun under the profiles
                  litert-reference and tflm. Runtimes derive multipliers from the
                  scales in the file; that they will find those of MODEL is
                  checked, operator by operator.
        .onnx     ONNX with QuantizeLinear and DequantizeLinear around float
                  operators, as onnxruntime and others take quantized models.
                  Codes may differ from qrun's by a step here and there:
                  docs/export.md has figures.

      Names of tensors are kept; labels and the description of image inputs stay
      behind.
      """)

  @Argument(help: ArgumentHelp("Quantized model (.fbq).", valueName: "model"))
  var model: String

  @Option(
    name: [.customShort("o"), .long], help: ArgumentHelp("File to write.", valueName: "file"))
  var output: String

  func validate() throws {
    _ = try format
    try checkWritten([output], whileReading: [model])
  }

  func run() throws {
    try AtomicFile.checkWritable(output)
    let graph = try FBQFile.read(path: model)
    let operatorCount: Int
    switch try format {
    case .tflite:
      let exported: TFLiteModel
      do {
        exported = try TFLiteExport.model(of: graph)
      } catch {
        throw error.inFile(model)
      }
      try TFLiteFile.write(exported, to: output)
      operatorCount = exported.operators.count
    case .onnx:
      let exported: ONNXExport
      do {
        exported = try ONNXExport(graph)
      } catch {
        throw error.inFile(model)
      }
      try exported.write(to: output)
      operatorCount = exported.nodeCount
    }
    // What goes to a pipe is the model alone, so that `-o /dev/stdout` can be piped on.
    guard PathCheck.isRegularFile(output) else { return }
    let size = try MappedFile(path: output).bytes.count
    print("\(output): \(operatorCount) operators, \(byteText(size))")
  }

  /// The formats that models are written in; raw values are the endings of file names.
  private enum Format: String, CaseIterable {
    case tflite
    case onnx
  }

  private var format: Format {
    get throws {
      let ending = URL(fileURLWithPath: output).pathExtension
      guard let format = Format(rawValue: ending.lowercased()) else {
        let known = Format.allCases.map { ".\($0.rawValue)" }.joined(separator: ", ")
        throw ValidationError(
          ending.isEmpty
            ? "'\(output)' has no ending that chooses the format; known are: \(known)"
            : "cannot export to '.\(ending)'; known are: \(known)")
      }
      return format
    }
  }
}
