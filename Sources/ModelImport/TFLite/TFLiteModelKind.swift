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

  /// The kind of `model`: quantized where any operator but QUANTIZE and DEQUANTIZE, which only
  /// change between the two worlds, gives 8-bit or 16-bit codes.
  public init(of model: TFLiteModel) {
    let computesCodes = model.operators.contains { tfliteOperator in
      guard tfliteOperator.code != .quantize, tfliteOperator.code != .dequantize else {
        return false
      }
      return tfliteOperator.outputs.contains { index in
        guard model.tensors.indices.contains(index) else { return false }
        return switch model.tensors[index].elementType {
        case .int8, .uint8, .int16: true
        default: false
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
