import Diagnostics
import FloatModel

/// The float graph as it grows while an ONNX graph is read.
struct GraphBuilder {
  var graph: FloatGraph
  /// Reads initializers and tensors in attributes.
  var tensors: TensorReader
  private var names: Set<String> = []
  private var remainingConstants: Int

  /// - Parameter limits: what reading the model may take.
  init(name: String, tensors: TensorReader, limits: ImportLimits) {
    graph = FloatGraph(name: name)
    self.tensors = tensors
    remainingConstants = limits.computedElements
  }

  // MARK: Values

  /// Adds an activation.
  mutating func addValue(name: String, shape: [Int]) -> ValueIndex {
    graph.values.append(FloatValue(name: uniqueName(name), shape: shape))
    return graph.values.count - 1
  }

  /// Adds a constant as it is to be stored.
  mutating func addConstant(
    _ tensor: FloatTensor, name: String
  ) throws(Diagnostic) -> ValueIndex {
    try charge(tensor.count)
    graph.values.append(FloatValue(name: uniqueName(name), constant: tensor))
    return graph.values.count - 1
  }

  /// Counts constant elements about to be made, so that a small file cannot ask for endless memory.
  mutating func charge(_ count: Int) throws(Diagnostic) {
    remainingConstants -= count
    guard remainingConstants >= 0 else {
      throw Diagnostic(
        problem: "the network computes more constants than any sensible one needs",
        remedy: "run onnx-simplifier on the model")
    }
  }

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

  private mutating func uniqueName(_ base: String) -> String {
    var name = base
    var suffix = 1
    while !names.insert(name).inserted {
      name = "\(base)_\(suffix)"
      suffix += 1
    }
    return name
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
    if placed.value == graph.values.count - 1 {
      // Nothing reads it yet; its name is free for whoever places it.
      names.remove(graph.values.removeLast().name)
    }
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
    let shape = try operation.outputShape(inputs: inputs.map { graph.values[$0].shape })
    let outputName = name ?? node.outputs.first ?? node.name
    let constants = inputs.compactMap { graph.values[$0].constant }
    if constants.count == inputs.count,
      let result = operation.evaluated(constants, outputShape: shape)
    {
      return try addConstant(result, name: outputName)
    }
    let output = addValue(name: outputName, shape: shape)
    graph.nodes.append(
      FloatNode(name: node.name, operation: operation, inputs: inputs, output: output))
    return output
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
    guard graph.values[output.value].name != name else { return output }
    // An alias by Identity, Dropout or Transpose, an input, or a value just rearranged.
    if let holder = graph.values.firstIndex(where: { $0.name == name }) {
      graph.values[holder].name = uniqueName("\(name)_before")
      names.remove(name)
    }
    let value = addValue(name: name, shape: graph.values[output.value].shape)
    graph.nodes.append(
      FloatNode(name: name, operation: .identity, inputs: [output.value], output: value))
    return Placed(value: value, layout: output.layout)
  }

  /// Drops constants that no node reads.
  mutating func dropUnusedConstants() throws(Diagnostic) {
    var isUsed = Set(graph.inputs + graph.outputs)
    for node in graph.nodes { isUsed.formUnion(node.inputs + [node.output]) }
    var places: [Int] = []
    var kept: [FloatValue] = []
    for (index, value) in graph.values.enumerated() {
      places.append(kept.count)
      if isUsed.contains(index) { kept.append(value) }
    }
    graph.values = kept
    graph.inputs = graph.inputs.map { places[$0] }
    graph.outputs = graph.outputs.map { places[$0] }
    graph.nodes = graph.nodes.map { node in
      FloatNode(
        name: node.name, operation: node.operation, inputs: node.inputs.map { places[$0] },
        output: places[node.output])
    }
  }
}
