import Diagnostics
import FloatModel
import IntegerModel
import OperatorArithmetic

/// Turns a float graph with ranges and weight thresholds into integers: int8 weights, int32 biases
/// (paper eq. 20), multipliers, shifts and tables. Nodes that read or write wide values
/// (``QuantizationState/wideValues``) compute in TFLite's 16x8: int16 activations, int64 biases.
///
/// Nodes are lowered one by one in execution order; each kind of operator is a method in a file of
/// its own. Where a kernel copies codes but the tensors it connects have different parameters, a
/// requantization is inserted.
public struct Lowering {
  /// What is lowered; constants of nodes still to come may change.
  var state: QuantizationState
  var parameters: [ValueIndex: ActivationParameters]
  var result: IntegerGraph
  /// The integer tensor of each float value that has one.
  var tensors: [ValueIndex: TensorIndex] = [:]
  /// The float value that each activation holds, copies in other codes included.
  package private(set) var values: [TensorIndex: ValueIndex] = [:]
  var layers: [LayerRecord] = []
  private var names = UniqueNames()
  private var operationNames = UniqueNames()
  /// Copies in other codes that exist already.
  private(set) var copies: [Copy: TensorIndex] = [:]

  /// A value in codes other than its own.
  struct Copy: Hashable {
    var value: ValueIndex
    var parameters: ActivationParameters
  }

  /// Prepares lowering: unifies scales where kernels demand it.
  public init(_ state: QuantizationState) {
    self.state = state
    var unification = ScaleUnification(graph: state.graph, wide: state.wideValues)
    parameters = unification.parameters(
      ranges: state.ranges, form: state.options.thresholds)
    result = IntegerGraph(name: state.graph.name, arithmetic: state.options.arithmetic)
  }

  var graph: FloatGraph { state.graph }

  /// What turns scales into integers.
  var derivation: OperatorDerivation { OperatorDerivation(profile: result.arithmetic) }

  /// The parameters that each activation of the float graph gets.
  public var activationParameters: [ValueIndex: ActivationParameters] { parameters }

  /// The integer graph, validated: shapes, multipliers, and the proof that no accumulator can
  /// overflow. Input pipeline, labels and record are the caller's to add; `record.layers` is filled.
  ///
  /// - Throws: an operator without an integer counterpart; factors outside the multiplier's range.
  public mutating func lowered() throws(Diagnostic) -> IntegerGraph {
    try lowerInputs()
    for node in graph.nodes { try lower(node) }
    return try finished()
  }

  /// Adds the graph's inputs: the first of three stages.
  mutating func lowerInputs() throws(Diagnostic) {
    for input in graph.inputs {
      let value = graph.values[input]
      result.inputs.append(try addActivation(named: value.name, of: input, shape: value.shape))
    }
  }

  /// Adds the operations that a node becomes; nodes come in execution order.
  mutating func lower(_ node: FloatNode) throws(Diagnostic) {
    do {
      try lowerOperation(of: node)
    } catch {
      var diagnostic = error
      if diagnostic.place.isEmpty { diagnostic.place = "node '\(node.name)'" }
      // The scales are what calibration made them.
      if diagnostic.remedy.isEmpty {
        diagnostic.remedy = "calibrate with images that the layer reacts to"
      }
      throw diagnostic
    }
  }

  /// Adds the graph's outputs and validates the result.
  private mutating func finished() throws(Diagnostic) -> IntegerGraph {
    for output in graph.outputs {
      result.outputs.append(try activation(output))
    }
    result.record = ConversionRecord(
      sourceName: "", sourceDigest: "", toolVersion: "", options: [],
      layers: layersWithHeadroom())
    result.deriveProfiles()
    try result.validate()
    return result
  }

  private mutating func lowerOperation(of node: FloatNode) throws(Diagnostic) {
    switch node.operation {
    case .convolution(let convolution): try lowerConvolution(node, convolution)
    case .fullyConnected(let clamp): try lowerFullyConnected(node, clamp)
    case .add(let clamp): try lowerAdd(node, clamp, subtracting: false)
    case .subtract(let clamp): try lowerAdd(node, clamp, subtracting: true)
    case .multiply(let clamp): try lowerMultiply(node, clamp)
    case .activation(let activation): try lowerActivation(node, activation)
    case .prelu: try lowerPRelu(node)
    case .softmax(let axis): try lowerSoftmax(node, axis)
    case .mean(let axes, let keepsDimensions):
      try lowerMean(node, axes: axes, keepsDimensions: keepsDimensions)
    case .averagePool(let pool): try lowerAveragePool(node, pool)
    case .maxPool(let pool):
      try lowerCopy(
        node, .maxPool(Self.parameters(of: pool, codes: try quantization(of: node.output))))
    case .concatenation(let axis): try lowerConcatenation(node, axis)
    case .pad(let before, let after, let mode): try lowerPad(node, before, after, mode)
    case .reshape: try lowerCopy(node, .reshape)
    case .identity: try lowerCopy(node, .reshape)
    case .transpose(let permutation):
      try lowerCopy(node, .transpose(permutation: permutation))
    case .slice(let begin, _, let strides):
      try lowerCopy(
        node, .stridedSlice(StridedSliceParameters(begin: begin, strides: strides)))
    case .resize(let resize): try lowerResize(node, resize)
    case .batchNormalization:
      throw Diagnostic(
        problem: "a batch normalization was left unfolded",
        remedy: "this is a defect of fbq; please report the model")
    }
  }

  // MARK: - Tensors

  /// Adds an activation tensor under a name that is unique.
  mutating func addTensor(_ tensor: TensorDescription) -> TensorIndex {
    var tensor = tensor
    tensor.name = names.take(tensor.name)
    result.tensors.append(tensor)
    return result.tensors.count - 1
  }

  /// Adds the activation tensor of a float value, with the parameters decided for it.
  mutating func addActivation(
    named name: String, of value: ValueIndex, shape: [Int]
  ) throws(Diagnostic) -> TensorIndex {
    let parameters = try quantization(of: value)
    let index = addTensor(
      TensorDescription(
        name: name, shape: shape, elementType: parameters.elementType,
        quantization: parameters.quantization))
    tensors[value] = index
    values[index] = value
    return index
  }

  /// The output tensor of a node, created by this call.
  mutating func addOutput(of node: FloatNode) throws(Diagnostic) -> TensorIndex {
    let value = graph.values[node.output]
    return try addActivation(named: value.name, of: node.output, shape: value.shape)
  }

  /// The tensor of a value that is an activation, or a constant used as one.
  mutating func activation(_ value: ValueIndex) throws(Diagnostic) -> TensorIndex {
    if let tensor = tensors[value] { return tensor }
    guard let constant = graph.values[value].constant else {
      throw Diagnostic(
        problem: "value '\(graph.values[value].name)' is read before it is computed",
        remedy: "sort the nodes of the model topologically")
    }
    return addConstantActivation(value, constant)
  }

  /// The parameters decided for a value.
  func quantization(of value: ValueIndex) throws(Diagnostic) -> ActivationParameters {
    guard let found = parameters[value] else {
      throw Diagnostic(
        place: "tensor '\(graph.values[value].name)'", problem: "calibration saw no values of it",
        remedy: "this is a defect of fbq; please report the model")
    }
    return found
  }

  /// Quantizes a constant operand of an element-wise operator to int8 over its own range.
  private mutating func addConstantActivation(
    _ value: ValueIndex, _ constant: FloatTensor
  ) -> TensorIndex {
    let covering = ActivationParameters(
      covering: constant.range, form: state.options.thresholds)
    parameters[value] = covering
    let index = addConstant(named: graph.values[value].name, constant, in: covering)
    tensors[value] = index
    return index
  }

  /// Adds a constant activation in the codes of `parameters`.
  private mutating func addConstant(
    named name: String, _ constant: FloatTensor, in parameters: ActivationParameters
  ) -> TensorIndex {
    let codes = constant.values.map { parameters.code(of: $0) }
    return addTensor(
      TensorDescription(
        name: name, shape: constant.shape, elementType: parameters.elementType,
        quantization: parameters.quantization,
        constant: parameters.elementType == .int16
          ? ConstantBytes(copying: codes.map { Int16($0) })
          : ConstantBytes(copying: codes.map { Int8($0) })))
  }

  // MARK: - Operations

  /// Appends the operation that a node becomes, and the record of its output.
  mutating func append(
    _ node: FloatNode, _ kind: OperatorKind, inputs: [TensorIndex], output: TensorIndex,
    notes: [String] = []
  ) {
    append(
      named: node.name, kind, of: node.output, inputs: inputs, output: output, notes: notes)
  }

  /// Appends an operation whose output holds values of the float value `value`, and its record.
  mutating func append(
    named name: String, _ kind: OperatorKind, of value: ValueIndex, inputs: [TensorIndex],
    output: TensorIndex, notes: [String] = []
  ) {
    let name = operationNames.take(name)
    result.operations.append(
      Operation(name: name, kind: kind, inputs: inputs, outputs: [output]))
    let observed = state.observed[value] ?? ValueRange(minimum: 0, maximum: 0)
    layers.append(
      LayerRecord(
        operation: name, observedMinimumBits: observed.minimum.bitPattern,
        observedMaximumBits: observed.maximum.bitPattern, headroomBits: -1, notes: notes))
  }

  /// The tensor of `value` in the codes of `wanted`: itself, a constant rounded to them, or a
  /// requantized copy, which is made once however many nodes read it.
  mutating func requantized(
    _ value: ValueIndex, to wanted: ActivationParameters, for node: FloatNode
  ) throws(Diagnostic) -> TensorIndex {
    let copy = Copy(value: value, parameters: wanted)
    if let index = copies[copy] { return index }
    if let constant = graph.values[value].constant, parameters[value] != wanted {
      let index = addConstant(named: graph.values[value].name, constant, in: wanted)
      copies[copy] = index
      return index
    }
    let source = try activation(value)
    let given = try quantization(of: value)
    guard given != wanted else { return source }
    let index = addTensor(
      TensorDescription(
        name: graph.values[value].name + "_requantized", shape: graph.values[value].shape,
        elementType: wanted.elementType, quantization: wanted.quantization))
    append(
      named: node.name + "_requantize",
      .requantize(try derivation.requantize(from: given.codes, to: wanted.codes)), of: value,
      inputs: [source], output: index)
    copies[copy] = index
    values[index] = value
    return index
  }

  // MARK: - 16-bit activations

  /// Whether a node computes in 16x8: it reads or writes a wide value.
  func isWide(_ node: FloatNode) -> Bool {
    (node.inputs + [node.output]).contains { state.wideValues.contains($0) }
  }

  /// The tensor of an input of `node`, and its parameters. In front of a wide node, 8-bit codes get an
  /// exact copy in 16 bits, and a constant has 16 bits from the start.
  mutating func operand(
    _ position: Int = 0, of node: FloatNode
  ) throws(Diagnostic) -> (tensor: TensorIndex, parameters: ActivationParameters) {
    let value = node.inputs[position]
    if isWide(node) {
      let constant = graph.values[value].constant?.range
      let wanted =
        if let constant { ActivationParameters(wideCovering: constant) } else {
          try quantization(of: value).widened
        }
      return (try requantized(value, to: wanted, for: node), wanted)
    }
    let tensor = try activation(value)
    return (tensor, try quantization(of: value))
  }

  /// The codes in which `node` computes its output: the value's own, or, where those have 8 bits but
  /// the node is wide, finer ones that are rounded to them afterwards.
  func computedParameters(of node: FloatNode) throws(Diagnostic) -> ActivationParameters {
    let own = try quantization(of: node.output)
    return isWide(node) && own.elementType == .int8 ? own.refined : own
  }

  /// Appends the operation that a node becomes, which computes codes of
  /// ``computedParameters(of:)``, and what makes the value's own of them.
  mutating func appendComputing(
    _ node: FloatNode, _ kind: OperatorKind, inputs: [TensorIndex], notes: [String] = []
  ) throws(Diagnostic) {
    let (computed, own) = (try computedParameters(of: node), try quantization(of: node.output))
    guard computed != own else {
      append(node, kind, inputs: inputs, output: try addOutput(of: node), notes: notes)
      return
    }
    let value = graph.values[node.output]
    let fine = addTensor(
      TensorDescription(
        name: value.name + "_16", shape: value.shape, elementType: computed.elementType,
        quantization: computed.quantization))
    values[fine] = node.output
    append(node, kind, inputs: inputs, output: fine, notes: notes)
    append(
      named: node.name + "_requantize",
      .requantize(try derivation.requantize(from: computed.codes, to: own.codes)), of: node.output,
      inputs: [fine], output: try addOutput(of: node))
  }

  private func layersWithHeadroom() -> [LayerRecord] {
    var records = layers
    for index in result.operations.indices {
      if let headroom = result.accumulatorHeadroom(of: index)?.min() {
        records[index].headroomBits = Int32(headroom)
      }
    }
    return records
  }
}
