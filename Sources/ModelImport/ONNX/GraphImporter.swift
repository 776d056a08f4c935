import ONNXFormat
import Diagnostics
import FloatModel

/// Walks the nodes of an ONNX graph in order and hands each to its operator.
struct GraphImporter {
  private let source: ONNXGraphProto
  private let opset: Int
  private var builder: GraphBuilder
  private var known: [String: ImportedValue] = [:]

  init(graph: ONNXGraphProto, opset: Int, folder: String, limits: ImportLimits) {
    source = graph
    self.opset = opset
    builder = GraphBuilder(
      name: graph.name, tensors: TensorReader(folder: folder, limits: limits), limits: limits)
  }

  /// The imported graph.
  mutating func run() throws(Diagnostic) -> ONNXImport {
    try readInitializers()
    let inputs = try readInputs()
    for node in source.node { try read(node) }
    let outputs = try placeOutputs()
    builder.graph.inputs = inputs.map(\.value)
    builder.graph.outputs = outputs.map(\.value)
    try builder.finish()
    return ONNXImport(
      graph: builder.graph, inputAxes: inputs.map(\.layout.order),
      outputAxes: outputs.map(\.layout.order), opset: opset)
  }

  // MARK: Initializers and inputs

  private mutating func readInitializers() throws(Diagnostic) {
    guard source.sparseInitializer.isEmpty else {
      throw Diagnostic(
        problem: "holds sparse tensors, which are not supported",
        remedy: "export the model with dense weights")
    }
    for tensor in source.initializer {
      try define(tensor.name, try builder.tensors.read(tensor), place: "tensor '\(tensor.name)'")
    }
  }

  private mutating func readInputs() throws(Diagnostic) -> [Placed] {
    var inputs: [Placed] = []
    // Before IR version 4, initializers are listed among the inputs too.
    for input in source.input where known[input.name] == nil {
      let place = "input '\(input.name)'"
      let shape = try GraphInputs.shape(of: input, place: place)
      let isChannelsLast = GraphInputs.isChannelsLast(input.name, shape: shape, in: source)
      let layout =
        shape.count == 4 && !isChannelsLast
        ? Layout(axes: [0, 2, 3, 1]) : .standard(rank: shape.count)
      let value = builder.addValue(name: input.name, shape: layout.storedShape(shape))
      inputs.append(Placed(value: value, layout: layout))
      try define(
        input.name, .activation(Placed(value: value, layout: layout)), place: place)
    }
    guard !inputs.isEmpty else {
      throw Diagnostic(place: "graph", problem: "has no input besides its weights")
    }
    return inputs
  }

  private mutating func define(
    _ name: String, _ value: ImportedValue, place: String
  ) throws(Diagnostic) {
    guard known.updateValue(value, forKey: name) == nil else {
      throw Diagnostic(place: place, problem: "defines value '\(name)' a second time")
    }
  }

  // MARK: Nodes

  private mutating func read(_ node: ONNXNodeProto) throws(Diagnostic) {
    let place = ONNXNode.place(of: node, opset: opset)
    do throws(Diagnostic) {
      guard node.domain.isEmpty || node.domain == "ai.onnx",
        let importOperator = OperatorTable.operators[node.opType]
      else { throw OperatorTable.unsupported(node) }
      var inputs: [ImportedValue?] = []
      for name in node.input { inputs.append(name.isEmpty ? nil : try lookUp(name)) }
      let reader = try ONNXNode(node, opset: opset, inputs: inputs)
      let results = try importOperator(reader, &builder)
      try reader.checkAllAttributesRead()
      for (index, name) in node.output.enumerated() where !name.isEmpty {
        let result =
          index < results.count
          ? results[index]
          : .unavailable("is output \(index) of a \(node.opType), which is not supported")
        try define(name, result, place: place)
      }
    } catch {
      guard error.place.isEmpty else { throw error }
      var placed = error
      placed.place = place
      throw placed
    }
  }

  private func lookUp(_ name: String) throws(Diagnostic) -> ImportedValue {
    if let value = known[name] { return value }
    let comesLater = source.node.contains { $0.output.contains(name) }
    throw Diagnostic(
      problem: comesLater
        ? "reads value '\(name)' before it is computed: nodes are out of order or form a cycle"
        : "reads value '\(name)', which nothing defines",
      remedy: "the file breaks the ONNX specification; export the model again")
  }

  // MARK: Outputs

  private mutating func placeOutputs() throws(Diagnostic) -> [Placed] {
    guard !source.output.isEmpty else {
      throw Diagnostic(place: "graph", problem: "has no output")
    }
    var outputs: [Placed] = []
    for output in source.output {
      let place = "output '\(output.name)'"
      guard let value = known[output.name] else {
        throw Diagnostic(place: place, problem: "no node computes it")
      }
      guard case .activation(let placed) = value else {
        throw Diagnostic(
          place: place, problem: "does not depend on any input of the network",
          remedy: "remove it from the model's outputs")
      }
      outputs.append(try builder.placeOutput(placed, name: output.name))
    }
    return outputs
  }
}
