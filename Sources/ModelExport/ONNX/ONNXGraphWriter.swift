import Diagnostics
import IntegerModel
import ONNXFormat

/// The ONNX graph as it grows while operations are written.
///
/// Of each tensor, the writer knows in which orders its codes exist, and in which its reals, behind a
/// DequantizeLinear; what is missing is added when it is first asked for.
struct ONNXGraphWriter {
  let source: IntegerGraph
  private var graph = ONNXGraphProto()
  private var names: UniqueNames
  private var nodeNames = UniqueNames()
  private var codes: [Place: String] = [:]
  private var reals: [Place: String] = [:]
  private var constants: [ONNXConstant: String] = [:]
  /// The order that each activation was computed in.
  private var order: [TensorIndex: ONNXAxisOrder] = [:]

  private struct Place: Hashable {
    var tensor: TensorIndex
    var order: ONNXAxisOrder
  }

  init(_ source: IntegerGraph) {
    self.source = source
    // An activation's own name belongs to its codes in the graph's own order of axes, and that of a
    // constant that is an output to the output.
    var taken = Set(source.tensors.lazy.filter { $0.constant == nil }.map(\.name))
    for output in source.outputs { taken.insert(source.tensors[output].name) }
    names = UniqueNames(taken)
  }

  /// The whole graph.
  mutating func written() throws(Diagnostic) -> ONNXGraphProto {
    graph.name = source.name.isEmpty ? "model" : source.name
    for input in source.inputs {
      let tensor = source.tensors[input]
      graph.input.append(ONNXValueInfoProto(tensor))
      define(input, .own, as: tensor.name)
    }
    for operation in source.operations {
      do throws(Diagnostic) {
        try write(operation)
      } catch {
        guard error.place.isEmpty else { throw error }
        var placed = error
        placed.place = "operation '\(operation.name)' (\(operation.kind.name))"
        throw placed
      }
    }
    var isWritten: Set<TensorIndex> = []
    for output in source.outputs where isWritten.insert(output).inserted {
      let tensor = source.tensors[output]
      let codes = try codes(of: output, in: .own)
      if codes != tensor.name { emit("Identity", [codes], tensor.name) }
      graph.output.append(ONNXValueInfoProto(tensor))
    }
    return graph
  }

  // MARK: Tensors

  /// The order that an operation on some tensors, element by element, writes `output` in: that of
  /// the first image among them, unless an activation has fewer axes.
  func order(of inputs: [TensorIndex], output: TensorIndex) -> ONNXAxisOrder {
    let activations = inputs.filter { source.tensors[$0].constant == nil }
    guard source.tensors[output].shape.count == 4,
      activations.allSatisfy({ source.tensors[$0].shape.count == 4 })
    else { return .own }
    return activations.first.flatMap { order[$0] } ?? .own
  }

  /// The name of a tensor's codes with its axes in some order.
  mutating func codes(
    of tensor: TensorIndex, in wanted: ONNXAxisOrder
  ) throws(Diagnostic) -> String {
    if let name = codes[Place(tensor: tensor, order: wanted)] { return name }
    let description = source.tensors[tensor]
    if let constant = try ONNXConstant(description) {
      let name = add(constant.broadcasting(in: wanted), name: description.name)
      codes[Place(tensor: tensor, order: wanted)] = name
      return name
    }
    let given: ONNXAxisOrder = wanted == .own ? .channelsFirst : .own
    guard let other = codes[Place(tensor: tensor, order: given)] else {
      throw Diagnostic(
        place: "tensor '\(description.name)'", problem: "is read before it is computed")
    }
    let name = name(of: tensor, in: wanted)
    emit(
      "Transpose", [other], name, [.ints("perm", wanted.permutation)],
      node: "\(description.name)_to_\(wanted == .own ? "nhwc" : "nchw")")
    codes[Place(tensor: tensor, order: wanted)] = name
    return name
  }

  /// The name of a tensor's real numbers with its axes in some order.
  mutating func reals(
    of tensor: TensorIndex, in wanted: ONNXAxisOrder
  ) throws(Diagnostic) -> String {
    let place = Place(tensor: tensor, order: wanted)
    if let name = reals[place] { return name }
    let parameters = try parameters(of: tensor)
    let name = unique("\(source.tensors[tensor].name)_real")
    emit(
      "DequantizeLinear",
      [try codes(of: tensor, in: wanted), parameters.scale, parameters.zeroPoint], name)
    reals[place] = name
    return name
  }

  /// Makes `real`, computed in some order, the codes of `tensor`, clamped to `clamp`.
  mutating func quantize(
    _ real: String, as tensor: TensorIndex, in order: ONNXAxisOrder, clamp: CodeRange? = nil
  ) throws(Diagnostic) {
    let parameters = try parameters(of: tensor)
    let isClamped = clamp.map { !isWhole($0, of: tensor) } ?? false
    let name = name(of: tensor, in: order)
    let rounded = isClamped ? unique("\(name)_unclamped") : name
    emit("QuantizeLinear", [real, parameters.scale, parameters.zeroPoint], rounded)
    if isClamped, let clamp { try emitClamp(rounded, clamp, as: tensor, name: name) }
    define(tensor, order, as: name)
  }

  /// Codes of `real` under another name, in the type and scale of `tensor`.
  mutating func quantized(
    _ real: String, like tensor: TensorIndex, named name: String
  ) throws(Diagnostic) -> String {
    let parameters = try parameters(of: tensor)
    return emit("QuantizeLinear", [real, parameters.scale, parameters.zeroPoint], unique(name))
  }

  /// Real numbers of `codes`, in the scale of `tensor`.
  mutating func dequantized(
    _ codes: String, like tensor: TensorIndex
  ) throws(Diagnostic) -> String {
    let parameters = try parameters(of: tensor)
    return emit(
      "DequantizeLinear", [codes, parameters.scale, parameters.zeroPoint],
      unique("\(codes)_real"))
  }

  /// Makes `codes`, computed in some order, those of `tensor`, clamped to `clamp`.
  ///
  /// - Parameter operatorType: the operator that computes them from `inputs`.
  mutating func move(
    _ operatorType: String, _ inputs: [String], as tensor: TensorIndex, in order: ONNXAxisOrder,
    _ attributes: [ONNXAttributeProto] = [], clamp: CodeRange? = nil
  ) throws(Diagnostic) {
    let isClamped = clamp.map { !isWhole($0, of: tensor) } ?? false
    let name = name(of: tensor, in: order)
    let moved = isClamped ? unique("\(name)_unclamped") : name
    emit(operatorType, inputs, moved, attributes)
    if isClamped, let clamp { try emitClamp(moved, clamp, as: tensor, name: name) }
    define(tensor, order, as: name)
  }

  /// Whether every code of the tensor's type is in `clamp`.
  private func isWhole(_ clamp: CodeRange, of tensor: TensorIndex) -> Bool {
    let type = source.tensors[tensor].elementType
    return Int64(clamp.minimum) <= type.minimumCode && Int64(clamp.maximum) >= type.maximumCode
  }

  /// A clip of codes: a limit off the ends of the type, which rounding cannot miss so.
  private mutating func emitClamp(
    _ codes: String, _ clamp: CodeRange, as tensor: TensorIndex, name: String
  ) throws(Diagnostic) {
    let type = source.tensors[tensor].elementType
    let limits = try [clamp.minimum, clamp.maximum].map { (code) throws(Diagnostic) in
      add(try ONNXConstant(code: code, type: type), name: "\(name)_limit")
    }
    emit("Clip", [codes] + limits, name)
  }

  private mutating func define(_ tensor: TensorIndex, _ order: ONNXAxisOrder, as name: String) {
    codes[Place(tensor: tensor, order: order)] = name
    self.order[tensor] = order
  }

  private mutating func name(of tensor: TensorIndex, in order: ONNXAxisOrder) -> String {
    let own = source.tensors[tensor].name
    return order == .own ? own : unique("\(own)_nchw")
  }

  /// Names of an activation's scale and zero point.
  private mutating func parameters(
    of tensor: TensorIndex
  ) throws(Diagnostic) -> (scale: String, zeroPoint: String) {
    let description = source.tensors[tensor]
    guard description.elementType == .int8 || description.elementType == .uint8 else {
      throw Diagnostic(
        place: "tensor '\(description.name)'",
        problem: "holds \(description.elementType.name) codes, but ONNX quantizes to 8 bits",
        remedy: "export the model as .tflite")
    }
    guard let quantization = description.quantization, quantization.scaleBits.count == 1 else {
      throw Diagnostic(
        place: "tensor '\(description.name)'", problem: "has no scale of its own",
        remedy: "export the model as .tflite; ONNX quantizes activations per tensor")
    }
    return (
      add(ONNXConstant(floatBits: quantization.scaleBits), name: "\(description.name)_scale"),
      add(
        try ONNXConstant(code: quantization.zeroPoint, type: description.elementType),
        name: "\(description.name)_zero_point")
    )
  }

  // MARK: Nodes and constants

  /// Adds a node of one output and returns the output's name.
  @discardableResult
  mutating func emit(
    _ operatorType: String, _ inputs: [String], _ output: String,
    _ attributes: [ONNXAttributeProto] = [], node name: String? = nil
  ) -> String {
    var node = ONNXNodeProto()
    node.opType = operatorType
    node.input = inputs
    node.output = [output]
    node.attribute = attributes
    node.name = nodeNames.take(name ?? "\(output)_\(operatorType)")
    graph.node.append(node)
    return output
  }

  /// Adds a constant, once for all equal ones, and returns its name.
  mutating func add(_ constant: ONNXConstant, name: String) -> String {
    if let known = constants[constant] { return known }
    let name = unique(name)
    graph.initializer.append(constant.tensor(named: name))
    constants[constant] = name
    return name
  }

  /// `name`, numbered where it is taken, and from now on taken.
  mutating func unique(_ name: String) -> String { names.take(name) }
}
