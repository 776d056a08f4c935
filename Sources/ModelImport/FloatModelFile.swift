import Diagnostics
import FloatModel

/// A float model read from a file of any format that is understood.
public struct FloatModelFile: Sendable {
  /// The graph: images `[N, H, W, C]`, shapes inferred, not yet simplified.
  public let graph: FloatGraph
  /// For each input, the axis of the file's own array that each axis of the graph's value is:
  /// `[0, 2, 3, 1]` where an image `[N, C, H, W]` became `[N, H, W, C]`.
  public let inputAxes: [[Int]]

  /// Reads the float model at `path`: `.tflite` where its name or its first bytes say so, else
  /// ONNX.
  ///
  /// - Throws: a diagnostic naming the file, and the node, operator or tensor with its problem.
  public init(path: String) throws(Diagnostic) {
    if try TFLiteModelKind.isTFLite(path: path) {
      graph = try TFLiteFloatImporter.load(path: path)
      inputAxes = graph.inputs.map { [graph] in Array(graph.values[$0].shape.indices) }
    } else {
      let model = try ONNXImporter.loadModel(path: path)
      graph = model.graph
      inputAxes = model.inputAxes
    }
  }
}
