import ONNXFormat
import Diagnostics

/// Adds what one ONNX node computes to the graph and says where its outputs are.
typealias OperatorImport =
  @Sendable (ONNXNode, inout GraphBuilder) throws(Diagnostic) -> [ImportedValue]

/// Every operator that is read, by its ONNX name.
enum OperatorTable {
  static let operators: [String: OperatorImport] = [
    // Layers
    "Conv": ConvolutionOperator.convolution,
    "Gemm": MatrixOperators.gemm,
    "MatMul": MatrixOperators.matMul,
    "BatchNormalization": NormalizationOperators.batchNormalization,
    "AveragePool": PoolOperators.averagePool,
    "GlobalAveragePool": PoolOperators.globalAveragePool,
    "GlobalMaxPool": PoolOperators.globalMaxPool,
    "MaxPool": PoolOperators.maxPool,
    "Softmax": NormalizationOperators.softmax,
    "ReduceMean": ReductionOperators.mean,
    "Resize": ResizeOperators.resize,
    "Upsample": ResizeOperators.upsample,

    // Functions of each element
    "Clip": ActivationOperators.clip,
    "HardSigmoid": ActivationOperators.hardSigmoid,
    "HardSwish": ActivationOperators.hardSwish,
    "LeakyRelu": ActivationOperators.leakyRelu,
    "PRelu": ActivationOperators.prelu,
    "Relu": ActivationOperators.relu,
    "Sigmoid": ActivationOperators.sigmoid,
    "Tanh": ActivationOperators.tanh,
    "Add": ArithmeticOperators.add,
    "Div": ArithmeticOperators.divide,
    "Max": ArithmeticOperators.maximum,
    "Min": ArithmeticOperators.minimum,
    "Mul": ArithmeticOperators.multiply,
    "Neg": ArithmeticOperators.negate,
    "Sub": ArithmeticOperators.subtract,
    "Sum": ArithmeticOperators.sum,

    // The same elements elsewhere
    "Concat": SelectionOperators.concatenate,
    "Dropout": ShapeOperators.dropout,
    "Flatten": ShapeOperators.flatten,
    "Gather": SelectionOperators.gather,
    "Identity": ShapeOperators.identity,
    "Pad": PadOperator.pad,
    "Reshape": ShapeOperators.reshape,
    "Slice": SelectionOperators.slice,
    "Split": SelectionOperators.split,
    "Squeeze": ShapeOperators.squeeze,
    "Transpose": ShapeOperators.transpose,
    "Unsqueeze": ShapeOperators.unsqueeze,

    // Known when the model is read
    "Cast": ConstantOperators.cast,
    "Ceil": ConstantOperators.ceil,
    "Constant": ConstantOperators.constant,
    "ConstantOfShape": ConstantOperators.constantOfShape,
    "Equal": ConstantOperators.equal,
    "Expand": ConstantOperators.expand,
    "Floor": ConstantOperators.floor,
    "Mod": ConstantOperators.remainder,
    "Range": ConstantOperators.range,
    "Reciprocal": ConstantOperators.reciprocal,
    "ReduceProd": ReductionOperators.product,
    "Shape": ConstantOperators.shape,
    "Size": ConstantOperators.size,
    "Sqrt": ConstantOperators.squareRoot,
    "Where": ConstantOperators.select,
  ]

  /// Operators of models that are quantized already.
  private static let quantizedOperators: Set<String> = [
    "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv",
    "QLinearMatMul", "ConvInteger", "MatMulInteger",
  ]

  /// The error for a node that is not read.
  static func unsupported(_ node: ONNXNodeProto) -> Diagnostic {
    if quantizedOperators.contains(node.opType) {
      return Diagnostic(
        problem: "the model is quantized already",
        remedy: "give the float model it was made from; this tool quantizes it itself")
    }
    guard node.domain.isEmpty || node.domain == "ai.onnx" else {
      return Diagnostic(
        problem: "belongs to domain '\(node.domain)'; only standard operators are supported",
        remedy: "export the model without custom operators")
    }
    return Diagnostic(
      problem: "the operator \(node.opType) is not supported",
      remedy: "supported are " + operators.keys.sorted().joined(separator: ", "))
  }
}
