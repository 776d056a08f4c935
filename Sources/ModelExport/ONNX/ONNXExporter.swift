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
public enum ONNXExporter {
  /// Version of the standard operators that is written; the newest that reads its parameters as
  /// attributes where older tools expect them.
  static let opset: Int64 = 17

  /// Writes `graph` to the file at `path`, whole or not at all.
  ///
  /// - Throws: what ``bytes(of:)`` throws, and a file that cannot be written; both name the file.
  public static func write(_ graph: IntegerGraph, to path: String) throws(Diagnostic) {
    do throws(Diagnostic) {
      try AtomicFile.write(try bytes(of: graph), to: path)
    } catch {
      throw error.inFile(path)
    }
  }

  /// The bytes of the file. `graph` must be valid.
  ///
  /// - Throws: a diagnostic that names the operation that ONNX has no form for, or the tensor whose
  ///   type or scales it cannot hold.
  public static func bytes(of graph: IntegerGraph) throws(Diagnostic) -> [UInt8] {
    var writer = ONNXGraphWriter(graph)
    var model = ONNXModelProto()
    // The version that came with this opset.
    model.irVersion = 8
    model.producerName = "fbq"
    var version = ONNXOperatorSetProto()
    version.domain = ""
    version.version = opset
    model.opsetImport = [version]
    model.graph = try writer.written()
    do {
      let data: Data = try model.serializedBytes()
      return [UInt8](data)
    } catch {
      throw Diagnostic(
        problem: "is too large for an ONNX file, whose limit is 2 GiB",
        remedy: "export it as .tflite or .c instead")
    }
  }
}
