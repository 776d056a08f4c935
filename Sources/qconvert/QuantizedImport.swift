import CommandSupport
import Diagnostics
import FBQFormat
import FileAccess
import Foundation
import IntegerModel
import ModelImport
import OperatorArithmetic
import Quantizer
import TFLiteFormat

// Models that are quantized already.
extension Quantize {
  /// The graph of a quantized `.tflite` model, or `nil` where the model is a float one.
  func importedGraph() throws -> IntegerGraph? {
    guard try TFLiteModelKind.isTFLite(path: model) else { return nil }
    let file = try TFLiteFile.read(path: model)
    guard TFLiteModelKind(of: file) == .quantized else { return nil }
    try quantization.checkUnused(for: model)
    let name = URL(fileURLWithPath: model).deletingPathExtension().lastPathComponent
    do {
      return try TFLiteIntegerImporter.graph(
        of: file, name: name, arithmetic: quantization.arithmetic ?? .tflm)
    } catch {
      throw error.inFile(model)
    }
  }

  /// Writes an imported graph and prints what it is.
  func write(_ imported: IntegerGraph, labels names: [String], start: Date) throws {
    var graph = imported
    try attachPipeline(to: &graph)
    try attach(labels: names, to: &graph)
    try record(["arithmetic=\(graph.arithmetic.name)"], in: &graph)
    try FBQFile.write(graph, to: output, compress: compress)
    guard PathCheck.isRegularFile(output) else { return }
    try printSummary(of: graph, seconds: Date().timeIntervalSince(start))
  }

  /// Records how images feed the model, where the command line says so.
  private func attachPipeline(to graph: inout IntegerGraph) throws {
    let image = quantization.image
    guard image.isGiven else { return }
    guard graph.inputs.count == 1 else {
      throw UsageError(
        "--mean, --std, --resize, --crop and --color apply to models of one input; this one has "
          + "\(graph.inputs.count)")
    }
    let input = graph.tensors[graph.inputs[0]]
    guard ImageOptions.isImage(input.shape), let codes = AffineCodes(activation: input) else {
      throw UsageError(
        "The model's input '\(input.name)', \(input.elementType.name) \(input.shape), is no image; "
          + "leave out --mean, --std, --resize, --crop and --color")
    }
    graph.inputPipeline = try image.preprocessing(shape: input.shape).pipeline(for: codes)
  }

  private func printSummary(of graph: IntegerGraph, seconds: Double) throws {
    let summary = ModelSummary(graph)
    let size = try MappedFile(path: output).bytes.count
    switch format {
    case .json:
      print(
        try jsonLine(
          ImportReport(
            output: output, bytes: size, operations: graph.operations.count,
            weights: summary.weightCount, headroomBits: summary.leastHeadroom,
            notes: summary.notes, seconds: seconds)))
    case .text:
      print("\(output): \(graph.operations.count) operations, \(byteText(size))")
      print(
        "  weights      \(graph.weightForms), \(summary.weightCount) of them, as in the source")
      print("  arithmetic   \(graph.arithmetic.name)")
      if let headroom = summary.leastHeadroom {
        print("  accumulators proven not to overflow, at least \(bitText(headroom)) of headroom")
      }
      for note in summary.notes { print("  note         \(Diagnostic.printable(note))") }
      print(String(format: "  imported in %.1f s", seconds))
    }
  }
}

private struct ImportReport: Encodable {
  var output: String
  var bytes: Int
  var operations: Int
  var weights: Int
  var headroomBits: Int?
  var notes: [String]
  var seconds: Double
}

extension AffineCodes {
  /// The codes of an 8-bit or 16-bit activation of one scale, `nil` for other tensors.
  init?(activation tensor: TensorDescription) {
    guard let quantization = tensor.quantization, quantization.axis == nil,
      let bits = quantization.scaleBits.first
    else { return nil }
    switch tensor.elementType {
    case .int8, .uint8, .int16: break
    case .int32, .int64, .int4: return nil
    }
    self.init(
      scale: Float(bitPattern: bits), zeroPoint: tensor.zeroPoint,
      elementType: tensor.elementType)
  }
}

extension IntegerGraph {
  /// "int8, per-channel": how the weights of all layers are stored.
  fileprivate var weightForms: String {
    var forms: [String] = []
    for operation in operations {
      for position in operation.weightPositions {
        let weights = tensors[operation.inputs[position]]
        let form =
          weights.elementType.name
          + (weights.quantization?.axis == nil ? " per-tensor" : " per-channel")
        if !forms.contains(form) { forms.append(form) }
      }
    }
    return forms.isEmpty ? "none" : forms.joined(separator: ", ")
  }
}
