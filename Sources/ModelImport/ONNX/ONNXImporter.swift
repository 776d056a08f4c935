import Diagnostics
import FileAccess
import FloatModel

/// A float graph together with how its inputs and outputs lie compared with the ONNX model.
public struct ONNXImport: Sendable {
  /// The graph: images `[N, H, W, C]`, batch 1, shapes inferred, not yet simplified.
  public var graph: FloatGraph
  /// For each input, the ONNX axis that each axis of the graph's value is: `[0, 2, 3, 1]` where an
  /// ONNX image `[N, C, H, W]` became `[N, H, W, C]`.
  public var inputAxes: [[Int]]
  /// The same for each output.
  public var outputAxes: [[Int]]
  /// Version of the standard operators that the model was exported for.
  public var opset: Int
}

/// Reads float ONNX models, opset 7 to ``greatestOpset``.
///
/// Images become `[N, H, W, C]`: inputs and outputs of rank 4 too, unless the model itself takes or
/// gives them so (it then begins or ends with a Transpose). A dynamic batch becomes 1. Values of
/// other ranks keep the order of their axes.
public enum ONNXImporter {
  /// Oldest version of the standard operators that is read.
  public static let leastOpset = 7
  /// Newest version of the standard operators that is read.
  public static let greatestOpset = 28

  /// The graph of the model in the file at `path`; weights in external files are read from the
  /// same folder.
  ///
  /// - Throws: a diagnostic naming the file, and the node or tensor with its problem.
  public static func load(path: String) throws(Diagnostic) -> FloatGraph {
    try loadModel(path: path).graph
  }

  /// As ``load(path:)``, with the order of axes.
  public static func loadModel(path: String) throws(Diagnostic) -> ONNXImport {
    do {
      let file = try MappedFile(path: path)
      return try withExtendedLifetime(file) { () throws(Diagnostic) -> ONNXImport in
        try load(bytes: file.bytes, folder: folder(of: path))
      }
    } catch {
      throw error.inFile(path)
    }
  }

  /// The model in `bytes`; weights in external files are read from `folder`.
  package static func load(
    bytes: UnsafeRawBufferPointer, folder: String, limits: ImportLimits = ImportLimits()
  ) throws(Diagnostic) -> ONNXImport {
    let model = try ModelReader.read(bytes)
    let opset = try ModelReader.opset(of: model)
    var importer = GraphImporter(
      graph: model.graph, opset: opset, folder: folder, limits: limits)
    return try importer.run()
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
