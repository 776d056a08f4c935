/// Position of a value in `FloatGraph.values`.
public typealias ValueIndex = Int

/// One array that flows through a float graph: an activation, or a constant where `constant` is set.
public struct FloatValue: Equatable, Sendable {
  /// Unique name, as in the source model.
  public var name: String
  /// Extents with a batch of 1; images are `[1, H, W, C]`.
  public var shape: [Int]
  /// The elements of a constant; `nil` for an activation.
  public var constant: FloatTensor?

  /// Creates an activation.
  public init(name: String, shape: [Int]) {
    self.name = name
    self.shape = shape
    self.constant = nil
  }

  /// Creates a constant.
  public init(name: String, constant: FloatTensor) {
    self.name = name
    self.shape = constant.shape
    self.constant = constant
  }
}

/// One operator of a float graph.
public struct FloatNode: Equatable, Sendable {
  /// Name of the source node, for people.
  public var name: String
  /// What it computes.
  public var operation: FloatOperation
  /// Values read, constants included.
  public var inputs: [ValueIndex]
  /// The value written.
  public var output: ValueIndex

  /// Creates a node.
  public init(
    name: String, operation: FloatOperation, inputs: [ValueIndex], output: ValueIndex
  ) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
    self.output = output
  }
}

/// A float network, NHWC, nodes in execution order. Importers make it, rewriting passes simplify
/// it, the engine runs it, the quantizer lowers it.
public struct FloatGraph: Equatable, Sendable {
  /// Name of the model.
  public var name: String
  /// All values, constants included.
  public var values: [FloatValue]
  /// Nodes in execution order.
  public var nodes: [FloatNode]
  /// Values that the caller fills.
  public var inputs: [ValueIndex]
  /// Values that the caller reads.
  public var outputs: [ValueIndex]

  /// Creates a graph.
  public init(
    name: String, values: [FloatValue] = [], nodes: [FloatNode] = [], inputs: [ValueIndex] = [],
    outputs: [ValueIndex] = []
  ) {
    self.name = name
    self.values = values
    self.nodes = nodes
    self.inputs = inputs
    self.outputs = outputs
  }
}
