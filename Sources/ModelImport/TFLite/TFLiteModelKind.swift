import Diagnostics
import FileAccess
import TFLiteFormat

/// Which of the two importers a `.tflite` model is for.
public enum TFLiteModelKind: Hashable, Sendable {
  /// Computes with reals, even where its weights are stored in fewer bits: behind DEQUANTIZE, as
  /// float16, or as the int8 weights of a layer that reads and gives floats (dynamic range
  /// quantization). It goes through the quantizer.
  case float
  /// Computes with integer codes, at least in part. Its own scales are taken over.
  case quantized

  /// The kind of `model`: quantized where any operator but QUANTIZE, DEQUANTIZE and CAST, which only
  /// change between the two worlds, gives 8-bit or 16-bit codes, or reads an activation of them (ARG_MAX
  /// gives indices).
  public init(of model: TFLiteModel) {
    func isCode(_ index: Int) -> Bool {
      guard model.tensors.indices.contains(index) else { return false }
      return switch model.tensors[index].elementType {
      case .int8, .uint8, .int16: true
      default: false
      }
    }
    let computesCodes = model.operators.contains { tfliteOperator in
      switch tfliteOperator.code {
      case .quantize, .dequantize: false
      // To codes it belongs to a quantized model, whose error names it.
      case .cast: tfliteOperator.outputs.contains(where: isCode)
      default:
        tfliteOperator.outputs.contains(where: isCode)
          || tfliteOperator.inputs.contains { index in
            // Weights of a layer that reads and gives floats are constants.
            isCode(index) && model.tensors[index].constant == nil
              && model.tensors[index].quantization != nil
          }
      }
    }
    self = computesCodes ? .quantized : .float
  }

  /// Whether the file at `path` is named, or begins, as TensorFlow Lite's do.
  ///
  /// - Throws: a file that cannot be read, where its name does not say it.
  public static func isTFLite(path: String) throws(Diagnostic) -> Bool {
    if path.lowercased().hasSuffix(".tflite") { return true }
    let file = try MappedFile(path: path)
    return withExtendedLifetime(file) {
      file.bytes.count >= 8 && file.bytes[4..<8].elementsEqual("TFL3".utf8)
    }
  }
}
