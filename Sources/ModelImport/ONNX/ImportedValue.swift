import FloatModel

/// A value of the float graph, and how the ONNX value lies in it.
struct Placed: Equatable {
  var value: ValueIndex
  var layout: Layout
}

/// What is known of a value of an ONNX graph while its nodes are read.
enum ImportedValue {
  /// Computed when the network runs.
  case activation(Placed)
  /// A float constant, in ONNX order.
  case constant(FloatTensor)
  /// Integers, in ONNX order.
  case integers(IntegerTensor)
  /// Something the importer does not carry, and why.
  case unavailable(String)
}
