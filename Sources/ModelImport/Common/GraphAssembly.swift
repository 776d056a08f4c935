import Diagnostics
import FloatModel

/// The float graph as it grows while a model of any format is read: names stay unique, constants
/// stay within a limit, and what reads only constants is computed at once.
struct GraphAssembly {
  var graph: FloatGraph
  private var names = UniqueNames()
  private var remainingConstants: Int
  private let remedy: String

  /// - Parameters:
  ///   - name: the model's name.
  ///   - limits: what reading the model may take.
  ///   - remedy: what to do about a model that computes too many constants.
  init(name: String, limits: ImportLimits, remedy: String) {
    graph = FloatGraph(name: name)
    remainingConstants = limits.computedElements
    self.remedy = remedy
  }

  // MARK: Values

  /// Adds an activation.
  mutating func addValue(name: String, shape: [Int]) -> ValueIndex {
    graph.values.append(FloatValue(name: names.take(name), shape: shape))
    return graph.values.count - 1
  }

  /// Adds a constant as it is to be stored.
  mutating func addConstant(
    _ tensor: FloatTensor, name: String
  ) throws(Diagnostic) -> ValueIndex {
    try charge(tensor.count)
    return append(tensor, name: name)
  }

  private mutating func append(_ tensor: FloatTensor, name: String) -> ValueIndex {
    graph.values.append(FloatValue(name: names.take(name), constant: tensor))
    return graph.values.count - 1
  }

  /// Removes the value added last, which nothing reads; its name is free again.
  mutating func removeLastValue() {
    names.free(graph.values.removeLast().name)
  }

  /// Counts constant elements about to be made, so that a small file cannot ask for endless memory.
  mutating func charge(_ count: Int) throws(Diagnostic) {
    remainingConstants -= count
    guard remainingConstants >= 0 else {
      throw Diagnostic(
        problem: "the network computes more constants than any sensible one needs", remedy: remedy)
    }
  }

  /// Makes `name` free for a value about to be added, renaming the value that has it.
  mutating func vacate(_ name: String) {
    guard let holder = graph.values.firstIndex(where: { $0.name == name }) else { return }
    graph.values[holder].name = names.take("\(name)_before")
    names.free(name)
  }

  // MARK: Nodes

  /// Adds a node and returns its output; what reads only constants is computed at once.
  ///
  /// - Parameters:
  ///   - node: the node's name.
  ///   - output: the name of what it computes.
  mutating func emit(
    _ operation: FloatOperation, _ inputs: [ValueIndex], node: String, output: String
  ) throws(Diagnostic) -> ValueIndex {
    let shape = try operation.outputShape(inputs: inputs.map { graph.values[$0].shape })
    let constants = inputs.compactMap { graph.values[$0].constant }
    if constants.count == inputs.count {
      // Before it is computed: the result of a few bytes may be gigabytes.
      try charge(shape.reduce(1, *))
      if let result = operation.evaluated(constants, outputShape: shape) {
        return append(result, name: output)
      }
    }
    let value = addValue(name: output, shape: shape)
    graph.nodes.append(
      FloatNode(name: node, operation: operation, inputs: inputs, output: value))
    return value
  }

  /// `value` as an output of the graph under the name `name`: itself, or an identity of it.
  mutating func nameOutput(_ value: ValueIndex, _ name: String) -> ValueIndex {
    guard graph.values[value].name != name else { return value }
    // An alias of an input or of another output, or a value just rearranged.
    vacate(name)
    let output = addValue(name: name, shape: graph.values[value].shape)
    graph.nodes.append(
      FloatNode(name: name, operation: .identity, inputs: [value], output: output))
    return output
  }

  // MARK: Finish

  /// Drops constants that no node reads, infers all shapes and refuses numbers that are not finite.
  mutating func finish() throws(Diagnostic) {
    dropUnusedConstants()
    try graph.inferShapes()
    try graph.checkFinite()
  }

  private mutating func dropUnusedConstants() {
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
