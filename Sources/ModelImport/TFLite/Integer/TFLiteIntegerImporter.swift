import Diagnostics
import IntegerModel
import TFLiteFormat

/// Takes quantized `.tflite` models over as they are: their own scales and zero points, weights and
/// biases, no calibration. Under profile `tflm` the multipliers are those that TFLite Micro derives when
/// it prepares the model, and the kernels compute its bits.
public enum TFLiteIntegerImporter {
  /// The integer graph of a quantized model, validated.
  ///
  /// Element types and names of inputs and outputs stay those of the file. Where the model takes or
  /// gives floats (QUANTIZE at an input; DEQUANTIZE, with SOFTMAX, LOGISTIC or RESHAPE after it, at
  /// an output) the quantized tensor becomes the input or output, and a note of the record says so.
  /// Chains that compute shapes are folded. Where an operator copies codes between tensors that
  /// the file gives different scales, they are copied as they are, as TFLite Micro does.
  ///
  /// - Parameters:
  ///   - model: a model of kind ``TFLiteModelKind/quantized``.
  ///   - name: the graph's name.
  ///   - arithmetic: whose arithmetic the multipliers and tables are derived for.
  /// - Throws: a float operator between integer ones, a custom one, or one without an integer
  ///   kernel; scales that are zero, negative or not finite; constants, shapes, axes or
  ///   quantization that do not fit together; accumulators that could overflow.
  public static func graph(
    of model: TFLiteModel, name: String, arithmetic: ArithmeticProfile = .tflm
  ) throws(Diagnostic) -> IntegerGraph {
    var importer = try IntegerImporter(model: model, name: name, arithmetic: arithmetic)
    return try importer.run()
  }
}
