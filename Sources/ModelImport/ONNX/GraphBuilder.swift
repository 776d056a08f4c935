import Diagnostics
import FloatModel

/// The float graph as it grows while an ONNX graph is read.
struct GraphBuilder {
  private var assembly: GraphAssembly
  /// Reads initializers and tensors in attributes.
  var tensors: TensorReader

  /// - Parameter limits: what reading the model may take.
  init(name: String, tensors: TensorReader, limits: ImportLimits) {
    assembly = GraphAssembly(
      name: name, limits: limits, remedy: "run onnx-simplifier on the model")
    self.tensors = tensors
  }

  /// The graph so far.
  var graph: FloatGraph {
    get { assembly.graph }
    _modify { yield &assembly.graph }
  }

  // MARK: Values

  /// Adds an activation.
  mutating func addValue(name: String, shape: [Int]) -> ValueIndex {
    assembly.addValue(name: name, shape: shape)
  }

  /// Adds a constant as it is to be stored.
  mutating func addConstant(
    _ tensor: FloatTensor, name: String
  ) throws(Diagnostic) -> ValueIndex {
    try assembly.addConstant(tensor, name: name)
  }

  /// Counts constant elements about to be made, so that a small file cannot ask for endless memory.
  mutating func charge(_ count: Int) throws(Diagnostic) { try assembly.charge(count) }

  /// Float input `index` of `node` as a constant whose elements are all finite, in ONNX order.
  func weights(_ index: Int, _ meaning: String, of node: ONNXNode) throws(Diagnostic) -> FloatTensor
  {
    guard let tensor = try node.floatConstant(index, meaning) else {
      throw Diagnostic(problem: "input \(index) (\(meaning)) is missing")
    }
    try ShapeLimits.check(tensor.shape, of: "input \(index) (\(meaning))")
    try FloatGraph(
      name: "", values: [FloatValue(name: node.inputName(index), constant: tensor)]
    ).checkFinite()
    return tensor
  }

  /// The shape of a value in ONNX order.
  func shape(of value: ImportedValue) -> [Int] {
    switch value {
    case .activation(let placed): shape(of: placed)
    case .constant(let tensor): tensor.shape
    case .integers(let tensor): tensor.shape
    case .unavailable: []
    }
  }

  /// The shape of a value in ONNX order.
  func shape(of placed: Placed) -> [Int] {
    placed.layout.onnxShape(stored: graph.values[placed.value].shape)
  }

  /// A value as it lies; constants lie in ONNX order. Integers cannot flow through the network.
  ///
  /// - Parameter index: the input of `node`.
  mutating func place(_ index: Int, of node: ONNXNode) throws(Diagnostic) -> Placed {
    switch try node.input(index) {
    case .activation(let placed): return placed
    case .constant(let tensor):
      try ShapeLimits.check(tensor.shape, of: "input \(index)")
      let value = try addConstant(tensor, name: node.inputName(index))
      return Placed(value: value, layout: .standard(rank: tensor.shape.count))
    case .integers, .unavailable:
      throw Diagnostic(
        problem: "input \(index) holds integers, but only float values flow through the network",
        remedy: "integers may only compute shapes and indices")
    }
  }

  /// A placed value as an operator's result: a constant where it is one.
  mutating func result(_ placed: Placed) -> ImportedValue {
    guard let constant = graph.values[placed.value].constant else { return .activation(placed) }
    // Nothing reads it yet; its name is free for whoever places it.
    if placed.value == graph.values.count - 1 { assembly.removeLastValue() }
    let order = placed.layout.order
    var permutation = order
    for (place, axis) in order.enumerated() { permutation[axis] = place }
    let dense = FloatTensor(
      shape: order.map { constant.shape[placed.layout.storedAxis($0)] }, values: constant.values)
    return .constant(dense.transposed(by: permutation))
  }

  // MARK: Nodes

  /// Adds a node and returns its output; what reads only constants is computed at once.
  mutating func emit(
    _ operation: FloatOperation, _ inputs: [ValueIndex], for node: ONNXNode, name: String? = nil
  ) throws(Diagnostic) -> ValueIndex {
    try assembly.emit(
      operation, inputs, node: node.name, output: name ?? node.outputs.first ?? node.name)
  }

  /// The same ONNX value in another layout, by a reshape where no element has to move, otherwise by
  /// a transpose.
  mutating func arrange(
    _ placed: Placed, as layout: Layout, for node: ONNXNode
  ) throws(Diagnostic) -> Placed {
    guard placed.layout != layout else { return placed }
    let shape = shape(of: placed)
    let stem = graph.values[placed.value].name
    let target = layout.storedShape(shape)
    let isLong = { (axis: Int) in shape[axis] > 1 }
    if placed.layout.order.filter(isLong) == layout.order.filter(isLong) {
      let value = try emit(
        .reshape(target), [placed.value], for: node, name: "\(stem)_reshaped")
      return Placed(value: value, layout: layout)
    }
    var value = placed.value
    if placed.layout.axes.contains(nil) {
      value = try emit(
        .reshape(placed.layout.order.map { shape[$0] }), [value], for: node,
        name: "\(stem)_squeezed")
    }
    let from = placed.layout.order
    let permutation = layout.order.map { axis in from.firstIndex(of: axis) ?? axis }
    value = try emit(.transpose(permutation), [value], for: node, name: "\(stem)_transposed")
    if layout.axes.contains(nil) {
      value = try emit(.reshape(target), [value], for: node, name: "\(stem)_expanded")
    }
    return Placed(value: value, layout: layout)
  }

  /// The value in ONNX order.
  mutating func arrangeStandard(
    _ placed: Placed, for node: ONNXNode
  ) throws(Diagnostic) -> Placed {
    try arrange(placed, as: .standard(rank: placed.layout.rank), for: node)
  }

  /// The value as convolutions and pools take it.
  mutating func arrangeImage(
    _ placed: Placed, for node: ONNXNode
  ) throws(Diagnostic) -> Placed {
    guard let layout = Layout.image(rank: placed.layout.rank) else {
      throw Diagnostic(
        problem: "the input has shape \(shape(of: placed)), but only images [N, C, H, W] and "
          + "signals [N, C, L] are supported")
    }
    return try arrange(placed, as: layout, for: node)
  }

  /// The value with ONNX axis `axis` last, changed only where it is not.
  mutating func arrangeLast(
    _ axis: Int, _ placed: Placed, for node: ONNXNode
  ) throws(Diagnostic) -> Placed {
    guard placed.layout.axes.last != axis else { return placed }
    return try arrange(placed, as: placed.layout.movingLast(axis), for: node)
  }

  // MARK: Finish

  /// The value as an output of the graph, under its own name, in ONNX order or as an image with
  /// channels last.
  mutating func placeOutput(_ placed: Placed, name: String) throws(Diagnostic) -> Placed {
    var output = placed
    let rank = placed.layout.rank
    let isImage = rank == 4 && placed.layout == Layout.image(rank: 4)
    if !placed.layout.isStandard && !isImage {
      output = try arrange(
        placed, as: .standard(rank: rank), for: ONNXNode(placingOutput: name))
    }
    return Placed(value: assembly.nameOutput(output.value, name), layout: output.layout)
  }

  /// Drops what no node reads and checks the whole graph.
  mutating func finish() throws(Diagnostic) { try assembly.finish() }
}
