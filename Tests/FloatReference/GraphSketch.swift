import Diagnostics
import FloatModel

/// A float graph written down node by node, for tests. Values are named after the node that makes
/// them, constants and inputs as told.
public struct GraphSketch {
  /// The graph so far.
  public private(set) var graph = FloatGraph(name: "sketch")

  /// Starts an empty graph.
  public init() {}

  /// Adds an input.
  public mutating func input(_ name: String = "x", shape: [Int]) -> ValueIndex {
    graph.values.append(FloatValue(name: name, shape: shape))
    graph.inputs.append(graph.values.count - 1)
    return graph.values.count - 1
  }

  /// Adds a constant.
  public mutating func constant(_ name: String, _ shape: [Int], _ values: [Float]) -> ValueIndex {
    graph.values.append(
      FloatValue(name: name, constant: FloatTensor(shape: shape, values: values)))
    return graph.values.count - 1
  }

  /// Adds a node; its output has the same name.
  @discardableResult
  public mutating func node(
    _ name: String, _ operation: FloatOperation, _ inputs: ValueIndex...
  ) throws(Diagnostic) -> ValueIndex {
    try node(name, operation, inputs)
  }

  /// Adds a node; its output has the same name.
  @discardableResult
  public mutating func node(
    _ name: String, _ operation: FloatOperation, _ inputs: [ValueIndex]
  ) throws(Diagnostic) -> ValueIndex {
    let shape = try operation.outputShape(inputs: inputs.map { graph.values[$0].shape })
    graph.values.append(FloatValue(name: name, shape: shape))
    let output = graph.values.count - 1
    graph.nodes.append(
      FloatNode(name: name, operation: operation, inputs: inputs, output: output))
    return output
  }

  /// Makes a value an output of the graph.
  public mutating func output(_ value: ValueIndex) { graph.outputs.append(value) }

  /// The shape of a value.
  public func shape(_ value: ValueIndex) -> [Int] { graph.values[value].shape }
}

extension FloatGraph {
  /// The operations in order, by the names that users read.
  public var operationNames: [String] { nodes.map(\.operation.name) }

  /// The constant that a node reads, if it is one.
  public func constant(_ node: String, input: Int) -> FloatTensor? {
    guard let node = nodes.first(where: { $0.name == node }), node.inputs.indices.contains(input)
    else { return nil }
    return values[node.inputs[input]].constant
  }
}
