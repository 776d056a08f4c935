import Diagnostics
import FloatModel
import TFLiteFormat

/// What is known of a tensor of a float `.tflite` model while its operators are read.
enum FloatTensorContent {
  /// Computed when the network runs.
  case activation(ValueIndex)
  /// Real numbers known when the model is read.
  case constant(FloatTensor)
  /// Integers known when the model is read: shapes, axes, indices.
  case integers(IntegerTensor)
  /// A constant as the file holds it, to be read as what its reader needs.
  case stored(TFLiteTensor)
}

/// One tensor that an operator reads.
struct FloatOperatorInput {
  /// The tensor's name.
  var name: String
  /// What is known of it.
  var content: FloatTensorContent
}
