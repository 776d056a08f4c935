/// A quantized network: the hub of the project. Everything that makes one ends here, everything
/// that runs, writes or exports one starts here.
///
/// A graph made by hand or read from a file is checked by `validate()` before use.
public struct IntegerGraph: Equatable, Sendable {
  /// Name of the model.
  public var name: String
  /// Whose arithmetic the multipliers and tables were made for.
  public var arithmetic: ArithmeticProfile
  /// Profiles that need numbers of their own and find them in the operations; ascending.
  public var profiles: [ArithmeticProfile]
  /// All tensors, constants included.
  public var tensors: [TensorDescription]
  /// Operators in execution order.
  public var operations: [Operation]
  /// Tensors that the caller fills.
  public var inputs: [TensorIndex]
  /// Tensors that the caller reads.
  public var outputs: [TensorIndex]
  /// How an image becomes the first input; `nil` for models that take no image.
  public var inputPipeline: InputPipeline?
  /// Class names by index; empty where there are none.
  public var labels: [String]
  /// How the graph came to be.
  public var record: ConversionRecord?

  /// Creates a graph.
  public init(
    name: String, arithmetic: ArithmeticProfile, profiles: [ArithmeticProfile] = [],
    tensors: [TensorDescription] = [],
    operations: [Operation] = [], inputs: [TensorIndex] = [], outputs: [TensorIndex] = [],
    inputPipeline: InputPipeline? = nil, labels: [String] = [], record: ConversionRecord? = nil
  ) {
    self.name = name
    self.arithmetic = arithmetic
    self.profiles = profiles
    self.tensors = tensors
    self.operations = operations
    self.inputs = inputs
    self.outputs = outputs
    self.inputPipeline = inputPipeline
    self.labels = labels
    self.record = record
  }
}

extension IntegerGraph {
  /// Whether the graph keeps anything from one run to the next.
  public var hasStates: Bool { tensors.contains { $0.isState } }

  /// Whether the graph can be run under `profile`.
  public func serves(_ profile: ArithmeticProfile) -> Bool {
    !profile.needsOwnNumbers || profiles.contains(profile)
  }
}
