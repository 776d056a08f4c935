import Diagnostics
import FloatModel
import TFLiteFormat

/// The float graph as it grows while the operators of a `.tflite` model are read.
///
/// A `.tflite` file already has the layout of a float graph: images `[N, H, W, C]`.
struct FloatGraphBuilder {
  var assembly: GraphAssembly

  init(name: String, limits: ImportLimits) {
    assembly = GraphAssembly(
      name: name, limits: limits, remedy: "convert the model with constants folded")
  }

  /// The extents of a value of the graph.
  func shape(of value: ValueIndex) -> [Int] { assembly.graph.values[value].shape }

  /// Input `index` as a value of the graph, constants included.
  mutating func value(_ index: Int, of operation: FloatOperator) throws(Diagnostic) -> ValueIndex {
    let input = try operation.input(index)
    switch input.content {
    case .activation(let value): return value
    case .constant(let tensor): return try constant(tensor, named: input.name)
    case .stored(let stored) where stored.elementType.isReal:
      return try constant(try stored.floats(), named: input.name)
    case .stored(let stored):
      throw Diagnostic(
        problem: "input \(index) is the \(stored.elementType) tensor '\(input.name)', but only "
          + "float values flow through the network",
        remedy: "integers may only compute shapes and indices, or be weights with scales")
    case .integers:
      throw Diagnostic(
        problem: "input \(index) holds integers, but only float values flow through the network",
        remedy: "integers may only compute shapes and indices")
    }
  }

  /// Input `index` of known integers, or `nil` where it is none.
  func knownIntegers(_ index: Int, of operation: FloatOperator) throws(Diagnostic) -> IntegerTensor?
  {
    switch try operation.input(index).content {
    case .integers(let tensor): return tensor
    case .stored(let stored) where stored.elementType.isIndex: return try stored.integers()
    case .activation, .constant, .stored: return nil
    }
  }

  /// A constant of the graph.
  mutating func constant(
    _ tensor: FloatTensor, named name: String
  ) throws(Diagnostic) -> ValueIndex {
    try ShapeLimits.check(tensor.shape, of: "tensor '\(name)'")
    return try assembly.addConstant(tensor, name: name)
  }

  /// Adds a node and returns its output; what reads only constants is computed at once.
  ///
  /// - Parameter suffix: what an intermediate result is called behind the operator's output.
  mutating func emit(
    _ operation: FloatOperation, _ inputs: [ValueIndex], for source: FloatOperator,
    suffix: String = "", output: Int = 0
  ) throws(Diagnostic) -> ValueIndex {
    let name = source.outputs[output] + suffix
    return try assembly.emit(operation, inputs, node: name, output: name)
  }

  /// As ``emit(_:_:for:suffix:output:)``, with `activation` applied by a clip of its own.
  mutating func emit(
    _ operation: FloatOperation, _ inputs: [ValueIndex], clampedBy activation: TFLiteActivation,
    for source: FloatOperator
  ) throws(Diagnostic) -> FloatTensorContent {
    guard activation != .none else { return content(try emit(operation, inputs, for: source)) }
    let linear = try emit(operation, inputs, for: source, suffix: "_unclamped")
    return content(try emit(.activation(.clip(activation.clamp)), [linear], for: source))
  }

  /// A value as an operator's result: a constant where it is one.
  mutating func content(_ value: ValueIndex) -> FloatTensorContent {
    guard let constant = assembly.graph.values[value].constant else { return .activation(value) }
    // Nothing reads it yet; its name is free for whoever uses it.
    if value == assembly.graph.values.count - 1 { assembly.removeLastValue() }
    return .constant(constant)
  }
}

extension TFLiteElementType {
  /// Whether elements are real numbers.
  var isReal: Bool { self == .float32 || self == .float16 }
  /// Whether elements count or index something.
  var isIndex: Bool { self == .int32 || self == .int64 || self == .bool || self == .uint32 }
}

extension TFLiteActivation {
  /// The limits that the activation clamps to.
  var clamp: ClampRange {
    switch self {
    case .none: .none
    case .relu: .relu
    case .relu6: .relu6
    case .reluN1To1: ClampRange(minimum: -1, maximum: 1)
    }
  }
}

extension SpatialExtent {
  /// The pair as extents.
  init(_ pair: TFLitePair) { self.init(height: pair.height, width: pair.width) }
}
