import Diagnostics
import FileAccess
import Foundation
import IntegerModel
import ONNXFormat

/// Writes quantized graphs as QDQ ONNX: float operators between DequantizeLinear and QuantizeLinear,
/// weights and biases as integers behind DequantizeLinear, which onnxruntime and others fuse to
/// integer kernels.
///
/// Inputs and outputs are the graph's own tensors: their names, integer codes and axes
/// (`[N, H, W, C]`). Inside, images are `[N, C, H, W]`; transposes stand where an image comes in or
/// goes out, or where an operator needs the other order. Operators that only move codes work on the
/// codes themselves. Scales are those of the graph; whoever runs the file chooses how to multiply
/// by them, so that codes may differ from ours by one step per operator.
public struct ONNXExport: Sendable {
  /// Version of the standard operators that is written; the newest that reads its parameters as
  /// attributes where older tools expect them.
  static let opset: Int64 = 17

  private let model: ONNXModelProto

  /// Number of operators of the file.
  public var nodeCount: Int { model.graph.node.count }

  /// The ONNX form of `graph`, which must be valid.
  ///
  /// - Throws: a diagnostic that names the operation that is not written as ONNX, or the tensor whose
  ///   type or scales it cannot hold.
  public init(_ graph: IntegerGraph) throws(Diagnostic) {
    var writer = ONNXGraphWriter(graph)
    var model = ONNXModelProto()
    // The version that came with this opset.
    model.irVersion = 8
    model.producerName = "fbq"
    var version = ONNXOperatorSetProto()
    version.domain = ""
    version.version = Self.opset
    model.opsetImport = [version]
    model.graph = try writer.written()
    self.model = model
  }

  /// Writes the file at `path`, whole or not at all.
  ///
  /// - Throws: a model over the limit of ONNX files, and a file that cannot be written; both name
  ///   the file.
  public func write(to path: String) throws(Diagnostic) {
    let bytes: [UInt8]
    do {
      bytes = try model.serializedBytes()
    } catch {
      throw Diagnostic(
        file: path, problem: "would be larger than 2 GiB, the limit of ONNX files",
        remedy: "export the model as .tflite")
    }
    try AtomicFile.write(bytes, to: path)
  }
}
