import Diagnostics
import IntegerModel
import OperatorArithmetic
import TFLiteFormat

/// One run over the operators of a quantized model, in execution order.
///
/// Each kind of operator is a method in a file of its own; the parts they share are here and in
/// `IntegerImporter+Tensors.swift`.
struct IntegerImporter {
  let model: TFLiteModel
  let islands: FloatIslands
  let derivation: OperatorDerivation
  /// The graph so far.
  var graph: IntegerGraph
  /// The integer tensor of each tensor of the file that has one.
  var tensors: [Int: TensorIndex] = [:]
  /// Tensors whose integers are known before the model runs, computed ones included.
  var known: [Int: IntegerTensor] = [:]
  /// Shapes that folding found, where the file's are dynamic.
  var shapes: [Int: [Int]] = [:]
  var layers: [LayerRecord] = []
  var names: TensorNames

  /// Prepares the import.
  init(
    model: TFLiteModel, name: String, arithmetic: ArithmeticProfile
  ) throws(Diagnostic) {
    self.model = model
    derivation = OperatorDerivation(profile: arithmetic)
    try Self.requireIndices(model)
    islands = try FloatIslands(model)
    graph = IntegerGraph(name: name, arithmetic: arithmetic)
    names = TensorNames(model, first: islands.inputs + islands.outputs)
  }

  /// Imports everything.
  mutating func run() throws(Diagnostic) -> IntegerGraph {
    for input in islands.inputs { try addInput(input) }
    for position in model.operators.indices where !islands.dropped.contains(position) {
      do {
        try importOperator(model.operators[position])
      } catch {
        var diagnostic = error
        if diagnostic.place.isEmpty { diagnostic.place = model.place(ofOperator: position) }
        throw diagnostic
      }
    }
    for output in islands.outputs { try addOutput(output) }
    addNotesOfIslands()
    // The derivation trusts the graph; what it adds is proven like the rest.
    try graph.validate()
    graph.deriveProfiles()
    try graph.validate()
    graph.record = ConversionRecord(
      sourceName: "", sourceDigest: "", toolVersion: "", options: [],
      layers: layersWithHeadroom())
    return graph
  }

  /// Models need not come from the reader.
  private static func requireIndices(_ model: TFLiteModel) throws(Diagnostic) {
    for (position, source) in model.operators.enumerated() {
      for index in source.inputs + source.outputs
      where index != -1 && !model.tensors.indices.contains(index) {
        throw Diagnostic(
          place: "operator \(position) \(source.code.schemaName)",
          problem: "tensor index \(index) is outside 0…\(model.tensors.count - 1)")
      }
    }
    for index in model.inputs + model.outputs where !model.tensors.indices.contains(index) {
      throw Diagnostic(
        place: "inputs and outputs",
        problem: "tensor index \(index) is outside 0…\(model.tensors.count - 1)")
    }
  }

  // MARK: - Operators

  private mutating func importOperator(_ source: TFLiteOperator) throws(Diagnostic) {
    if try fold(source) { return }
    switch source.code {
    case .conv2D, .depthwiseConv2D, .fullyConnected, .transposeConv, .svdf,
      .unidirectionalSequenceLSTM:
      try importLayer(source)
    case .add, .sub, .mul, .minimum, .maximum, .prelu, .quantize: try importElementwise(source)
    case .logistic, .tanh, .hardSwish, .relu, .relu6, .reluN1To1, .leakyRelu:
      try importFunction(source)
    case .mean, .sum, .reduceMax, .reduceMin, .argMax, .argMin, .softmax, .logSoftmax,
      .l2Normalization, .averagePool2D, .maxPool2D:
      try importReduction(source)
    case .stridedSlice, .slice, .split, .splitV, .unpack: try importSelection(source)
    case .reshape, .squeeze, .expandDims, .transpose, .concatenation, .pack, .pad, .padV2,
      .mirrorPad, .resizeBilinear, .resizeNearestNeighbor, .depthToSpace, .spaceToDepth,
      .batchToSpaceND, .spaceToBatchND, .tile, .broadcastTo, .gather:
      try importMovement(source)
    case .custom:
      throw Diagnostic(
        problem: "is a custom operator",
        remedy: "cut the model before it, or convert it with built-in operators alone")
    case .dequantize, .cast, .gatherND, .shape, .div, .floorDiv, .sqrt:
      throw Diagnostic(
        problem: "has no integer kernel here",
        remedy: "cut the model before it, or convert it without this operator")
    }
  }

  /// The error for options of another operator.
  var wrongOptions: Diagnostic {
    Diagnostic(
      problem: "its options are missing or those of another operator",
      remedy: "the file is damaged; convert the model again")
  }

  // MARK: - Operations

  /// Appends an operation, named after its output.
  mutating func append(
    _ kind: OperatorKind, inputs: [TensorIndex], output: TensorIndex, notes: [String] = []
  ) {
    let name = graph.tensors[output].name
    graph.operations.append(
      Operation(name: name, kind: kind, inputs: inputs, outputs: [output]))
    layers.append(
      LayerRecord(
        operation: name, observedMinimumBits: 0, observedMaximumBits: 0, headroomBits: -1,
        notes: notes))
  }

  /// Notes of what was left out stand at the first operation that touches the tensor.
  private mutating func addNotesOfIslands() {
    for note in islands.notes {
      guard let tensor = tensors[islands.aliases[note.tensor] ?? note.tensor] else { continue }
      let position = graph.operations.firstIndex { operation in
        operation.inputs.contains(tensor) || operation.outputs.contains(tensor)
      }
      guard let position else { continue }
      layers[position].notes.append(note.text)
    }
  }

  private func layersWithHeadroom() -> [LayerRecord] {
    var records = layers
    for index in graph.operations.indices {
      if let headroom = graph.accumulatorHeadroom(of: index)?.min() {
        records[index].headroomBits = Int32(headroom)
      }
    }
    return records
  }
}

/// Unique, non-empty names for tensors: `.tflite` promises neither.
struct TensorNames {
  private var taken = UniqueNames()
  private var ofSource: [Int: String] = [:]

  /// Names the tensors of `model`; those listed `first` keep theirs where any can.
  init(_ model: TFLiteModel, first: [Int]) {
    for index in first + Array(model.tensors.indices) where ofSource[index] == nil {
      ofSource[index] = unique(model.tensors[index].name)
    }
  }

  /// The name of a tensor of the file.
  subscript(_ index: Int) -> String { ofSource[index] ?? "" }

  /// `name`, numbered where it is taken.
  mutating func unique(_ name: String) -> String {
    taken.take(name.isEmpty ? "tensor" : name)
  }
}
