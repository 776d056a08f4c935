import FloatModel

/// A float graph evaluated by plain loops, one function per operator, straight from its definition:
/// slow, independent of everything it judges, and easy to check by eye. All arithmetic is in double
/// precision.
public struct FloatReference {
  /// The graph could not be evaluated; says why.
  public struct Failure: Error, CustomStringConvertible {
    /// What is wrong.
    public let description: String
  }

  /// Every value of the graph by index; `nil` where nothing computes it.
  public let values: [FloatTensor?]
  private let graph: FloatGraph

  /// Evaluates `graph`, whose shapes are inferred, for inputs in its order. What each node computes
  /// is rounded to single precision before the next one reads it.
  public init(_ graph: FloatGraph, inputs: [[Float]]) throws {
    self.graph = graph
    values = try Self.evaluate(graph, inputs: inputs.map { $0.map(Double.init) }, rounds: true)
      .map { $0.map { FloatTensor(shape: $0.shape, values: $0.values.map { Float($0) }) } }
  }

  /// The outputs of the graph, in its order.
  public var outputs: [FloatTensor] { graph.outputs.compactMap { values[$0] } }

  /// Every value of the graph in double precision throughout, for differences of values close to
  /// each other; empty where nothing computes it.
  ///
  /// - Parameter constants: elements that stand for those of some constants.
  public static func realValues(
    of graph: FloatGraph, inputs: [[Double]], constants: [ValueIndex: [Double]] = [:]
  ) throws -> [[Double]] {
    try evaluate(graph, inputs: inputs, constants: constants, rounds: false)
      .map { $0?.values ?? [] }
  }

  private static func evaluate(
    _ graph: FloatGraph, inputs: [[Double]], constants: [ValueIndex: [Double]] = [:], rounds: Bool
  ) throws -> [RealTensor?] {
    var values = graph.values.indices.map { index in
      graph.values[index].constant.map { constant in
        RealTensor(
          shape: constant.shape, values: constants[index] ?? constant.values.map(Double.init))
      }
    }
    guard inputs.count == graph.inputs.count else {
      throw Failure(description: "\(inputs.count) inputs instead of \(graph.inputs.count)")
    }
    for (index, elements) in zip(graph.inputs, inputs) {
      let shape = graph.values[index].shape
      guard elements.count == shape.reduce(1, *) else {
        throw Failure(description: "\(elements.count) elements for an input of shape \(shape)")
      }
      values[index] = RealTensor(shape: shape, values: elements)
    }
    for node in graph.nodes {
      var operands: [RealTensor] = []
      for input in node.inputs {
        guard let operand = values[input] else {
          throw Failure(description: "\(node.name) reads value \(input) too early")
        }
        operands.append(operand)
      }
      var result = evaluate(node.operation, operands)
      guard result.shape == graph.values[node.output].shape else {
        throw Failure(
          description: "\(node.name) gives shape \(result.shape), but the graph says "
            + "\(graph.values[node.output].shape)")
      }
      if rounds { result.values = result.values.map { Double(Float($0)) } }
      values[node.output] = result
    }
    return values
  }

  private static func evaluate(_ operation: FloatOperation, _ x: [RealTensor]) -> RealTensor {
    switch operation {
    case .identity: x[0]
    case .convolution(let convolution): Layers.convolution(convolution, x)
    case .fullyConnected(let clamp): Layers.fullyConnected(x, clamp)
    case .batchNormalization(let epsilon): Layers.batchNormalization(x, epsilon)
    case .maxPool(let pool): Layers.pool(pool, x[0]) { $0.max() ?? .nan }
    case .averagePool(let pool):
      Layers.pool(pool, x[0]) { $0.reduce(0, +) / Double($0.count) }
    case .mean(let axes, let keeps): Layers.mean(x[0], axes, keepsDimensions: keeps)
    case .softmax(let axis): Layers.softmax(x[0], axis)
    case .resize(let resize): Resampling.resize(x[0], resize)
    case .activation(let activation): Elementwise.apply(activation, x[0])
    case .prelu: Elementwise.combine(x[0], x[1]) { $0 < 0 ? $0 * $1 : $0 }
    case .add(let clamp): Elementwise.combine(x[0], x[1]) { clamped($0 + $1, clamp) }
    case .subtract(let clamp): Elementwise.combine(x[0], x[1]) { clamped($0 - $1, clamp) }
    case .multiply(let clamp): Elementwise.combine(x[0], x[1]) { clamped($0 * $1, clamp) }
    case .concatenation(let axis): Rearrangement.concatenate(x, axis)
    case .pad(let before, let after, let mode): Rearrangement.pad(x[0], before, after, mode)
    case .reshape(let shape): RealTensor(shape: shape, values: x[0].values)
    case .transpose(let permutation): Rearrangement.transpose(x[0], permutation)
    case .slice(let begin, let extent, let strides):
      RealTensor(shape: extent) { index in
        x[0][index.indices.map { begin[$0] + index[$0] * strides[$0] }]
      }
    }
  }
}

/// min(max(x, minimum), maximum)
func clamped(_ x: Double, _ range: ClampRange) -> Double {
  if x < Double(range.minimum) { return Double(range.minimum) }
  if x > Double(range.maximum) { return Double(range.maximum) }
  return x
}

/// A dense array of real numbers, row-major.
struct RealTensor {
  var shape: [Int]
  var values: [Double]

  init(shape: [Int], values: [Double]) {
    precondition(shape.reduce(1, *) == values.count, "shape and element count disagree")
    self.shape = shape
    self.values = values
  }

  /// The tensor whose element at each index is `element(index)`.
  init(shape: [Int], element: ([Int]) -> Double) {
    var values: [Double] = []
    var index = shape.map { _ in 0 }
    for _ in 0..<shape.reduce(1, *) {
      values.append(element(index))
      var axis = shape.count - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < shape[axis] { break }
        index[axis] = 0
        axis -= 1
      }
    }
    self.init(shape: shape, values: values)
  }

  /// The element at an index.
  subscript(index: [Int]) -> Double {
    var position = 0
    for axis in shape.indices { position = position * shape[axis] + index[axis] }
    return values[position]
  }
}
