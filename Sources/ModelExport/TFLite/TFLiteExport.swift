import Diagnostics
import IntegerModel
import TFLiteFormat

/// Quantized graphs as `.tflite` models.
public enum TFLiteExport {
  /// The model that gives, run by TFLite Micro, the bits of `graph` under profile `tflm`, and by
  /// LiteRT's reference kernels those under `litert-reference`.
  ///
  /// A `.tflite` file holds no multipliers: runtimes derive them from the scales. So each operator's
  /// integers are derived again here as TFLite does it, and must be those that the graph stores. Where
  /// TFLite's operators cannot say what the graph does, it becomes several operators: a padding that
  /// is neither SAME nor VALID, a clamp that is no activation, a table that is no operator of its own.
  /// Tensors keep their names. Labels, input pipeline and conversion record have no place in the
  /// format.
  ///
  /// - Parameter graph: a graph that validates.
  /// - Throws: an operation that TFLite would compute with other bits or not at all, named with what
  ///   to do about it.
  public static func model(of graph: IntegerGraph) throws(Diagnostic) -> TFLiteModel {
    var exporter = GraphExporter(graph: graph)
    try exporter.export()
    return exporter.model
  }
}

/// Turns a graph into a model, operation by operation; each family of operators is a file of its own.
struct GraphExporter {
  let graph: IntegerGraph
  var builder: ModelBuilder

  init(graph: IntegerGraph) {
    self.graph = graph
    builder = ModelBuilder(graph: graph)
  }

  var model: TFLiteModel { builder.model }

  mutating func export() throws(Diagnostic) {
    try requireDerivedProfiles()
    for index in graph.inputs { builder.model.inputs.append(try builder.tensor(index)) }
    for operation in graph.operations {
      do {
        try export(operation)
      } catch {
        var diagnostic = error
        if diagnostic.place.isEmpty { diagnostic.place = "operation '\(operation.name)'" }
        throw diagnostic
      }
    }
    for index in graph.outputs { builder.model.outputs.append(try builder.tensor(index)) }
  }

  private mutating func export(_ operation: Operation) throws(Diagnostic) {
    switch operation.kind {
    case .convolution(let parameters):
      try exportConvolution(operation, parameters, isDepthwise: false)
    case .depthwiseConvolution(let parameters):
      try exportConvolution(operation, parameters, isDepthwise: true)
    case .transposeConvolution(let parameters):
      try exportTransposeConvolution(operation, parameters)
    case .fullyConnected(let parameters): try exportFullyConnected(operation, parameters)
    case .add, .subtract, .multiply, .prelu, .leakyRelu, .minimum, .maximum, .requantize,
      .interpolatedFunction:
      try exportElementwise(operation)
    case .lookup(let parameters): try exportLookup(operation, parameters)
    case .averagePool(let parameters):
      try exportPool(operation, parameters, isAverage: true)
    case .maxPool(let parameters): try exportPool(operation, parameters, isAverage: false)
    case .mean, .sum, .reduceMax, .reduceMin, .argMax, .argMin, .softmax, .logSoftmax,
      .l2Normalization:
      try exportReduction(operation)
    case .concatenation, .pad, .reshape, .resizeNearest, .resizeBilinear, .transpose,
      .stridedSlice, .tile, .gather, .depthToSpace, .spaceToDepth, .batchToSpace, .spaceToBatch:
      try exportArrangement(operation)
    case .svdf(let parameters): try exportSVDF(operation, parameters)
    case .sequenceLSTM(let parameters): try exportLSTM(operation, parameters)
    }
  }

  // MARK: - Tensors of an operation

  /// The input of `operation` at a position.
  func input(_ operation: Operation, _ position: Int = 0) -> TensorDescription {
    graph.tensors[operation.inputs[position]]
  }

  /// The first output of `operation`.
  func output(_ operation: Operation) -> TensorDescription {
    graph.tensors[operation.outputs[0]]
  }
}
