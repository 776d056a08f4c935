import FloatModel

/// A float graph evaluated by plain loops, one function per operator, straight from its definition:
/// slow, independent of everything it judges, and easy to check by eye. Sums are in double
/// precision.
public struct FloatReference {
  /// The graph could not be evaluated; says why.
  public struct Failure: Error, CustomStringConvertible {
    /// What is wrong.
    public let description: String
  }

  /// Every value of the graph by index; `nil` where nothing computes it.
  public private(set) var values: [FloatTensor?]
  private let graph: FloatGraph

  /// Evaluates `graph`, whose shapes are inferred, for inputs in its order.
  public init(_ graph: FloatGraph, inputs: [[Float]]) throws {
    self.graph = graph
    values = graph.values.map(\.constant)
    guard inputs.count == graph.inputs.count else {
      throw Failure(description: "\(inputs.count) inputs instead of \(graph.inputs.count)")
    }
    for (index, elements) in zip(graph.inputs, inputs) {
      let shape = graph.values[index].shape
      guard elements.count == shape.reduce(1, *) else {
        throw Failure(description: "\(elements.count) elements for an input of shape \(shape)")
      }
      values[index] = FloatTensor(shape: shape, values: elements)
    }
    for node in graph.nodes {
      var operands: [FloatTensor] = []
      for input in node.inputs {
        guard let operand = values[input] else {
          throw Failure(description: "\(node.name) reads value \(input) too early")
        }
        operands.append(operand)
      }
      let result = Self.evaluate(node.operation, operands)
      guard result.shape == graph.values[node.output].shape else {
        throw Failure(
          description: "\(node.name) gives shape \(result.shape), but the graph says "
            + "\(graph.values[node.output].shape)")
      }
      values[node.output] = result
    }
  }

  /// The outputs of the graph, in its order.
  public var outputs: [FloatTensor] { graph.outputs.compactMap { values[$0] } }

  private static func evaluate(_ operation: FloatOperation, _ x: [FloatTensor]) -> FloatTensor {
    switch operation {
    case .identity: x[0]
    case .convolution(let convolution): Layers.convolution(convolution, x)
    case .fullyConnected(let clamp): Layers.fullyConnected(x, clamp)
    case .batchNormalization(let epsilon): Layers.batchNormalization(x, epsilon)
    case .maxPool(let pool): Layers.pool(pool, x[0]) { $0.max() ?? .nan }
    case .averagePool(let pool):
      Layers.pool(pool, x[0]) { Float($0.map(Double.init).reduce(0, +) / Double($0.count)) }
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
    case .reshape(let shape): FloatTensor(shape: shape, values: x[0].values)
    case .transpose(let permutation): Rearrangement.transpose(x[0], permutation)
    case .slice(let begin, let extent, let strides):
      FloatTensor(shape: extent) { index in
        x[0][index.indices.map { begin[$0] + index[$0] * strides[$0] }]
      }
    }
  }
}

/// min(max(x, minimum), maximum)
func clamped(_ x: Float, _ range: ClampRange) -> Float {
  if x < range.minimum { return range.minimum }
  if x > range.maximum { return range.maximum }
  return x
}

extension FloatTensor {
  /// The tensor whose element at each index is `element(index)`.
  init(shape: [Int], element: ([Int]) -> Float) {
    var values: [Float] = []
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
  subscript(index: [Int]) -> Float {
    var position = 0
    for axis in shape.indices { position = position * shape[axis] + index[axis] }
    return values[position]
  }
}
