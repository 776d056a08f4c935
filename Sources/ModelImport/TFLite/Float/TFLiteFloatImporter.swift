import Diagnostics
import FloatModel
import TFLiteFormat

/// Reads float `.tflite` models: float32 activations, weights float32, or float16 or integer codes
/// with scales, in place or behind DEQUANTIZE.
///
/// Images are `[N, H, W, C]` as in the file, and every shape is the file's own: a variable batch
/// becomes 1.
public enum TFLiteFloatImporter {
  /// The graph of the model in the file at `path`; see ``graph(of:)``.
  ///
  /// - Throws: a diagnostic naming the file, and the operator or tensor with its problem.
  public static func load(path: String) throws(Diagnostic) -> FloatGraph {
    do {
      return try graph(of: try TFLiteFile.read(path: path))
    } catch {
      throw error.inFile(path)
    }
  }

  /// The graph of `model`, shapes inferred, not yet simplified. Values are named after the file's
  /// tensors.
  ///
  /// - Throws: a diagnostic naming the operator or tensor with its problem.
  public static func graph(of model: TFLiteModel) throws(Diagnostic) -> FloatGraph {
    try graph(of: model, limits: ImportLimits())
  }

  /// As ``graph(of:)``, within limits.
  package static func graph(
    of model: TFLiteModel, limits: ImportLimits
  ) throws(Diagnostic) -> FloatGraph {
    var reader = FloatGraphReader(model, limits: limits)
    return try reader.run()
  }
}
