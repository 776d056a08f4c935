import FloatEngine
import FloatModel

/// The float graph in the form that training runs: up to the logits, without the clamps that fake
/// quantization does anyway, and with constant operands already on their grids. Values keep the
/// indices of the original.
struct StudentGraph {
  /// A value that is rounded to codes when it is computed.
  struct Point {
    var value: ValueIndex
    /// The value whose range it shares.
    var representative: ValueIndex
    /// The fused activation function of the node that computes it.
    var clamp: ClampRange
  }

  /// A convolution or fully connected layer.
  struct Layer {
    var weights: ValueIndex
    var bias: ValueIndex
    var input: ValueIndex
    var output: ValueIndex
    /// Number of output channels.
    var filters: Int
    /// Weights per output channel.
    var filterSize: Int
  }

  private(set) var graph: FloatGraph
  private(set) var points: [Point] = []
  private(set) var layers: [Layer] = []
  /// The representatives whose ranges may be trained.
  private(set) var trainable: [ValueIndex] = []

  /// - Parameter state: every layer has a bias.
  init(_ state: QuantizationState) {
    graph = state.graph.upToLogits()
    var unification = ScaleUnification(graph: state.graph, wide: state.wideValues)
    let untrainable = Set(state.graph.inputs.map { unification.representative(of: $0) })
    var seen = untrainable
    for (position, node) in graph.nodes.enumerated() {
      quantizeConstantOperands(of: node, state)
      if let layer = layer(node) { layers.append(layer) }
      guard node.roundsItsOutput else { continue }
      let representative = unification.representative(of: node.output)
      let clamp = graph.nodes[position].operation.removeClamp()
      points.append(Point(value: node.output, representative: representative, clamp: clamp))
      guard !unification.isFixed(node.output), seen.insert(representative).inserted else {
        continue
      }
      trainable.append(representative)
    }
  }

  private func layer(_ node: FloatNode) -> Layer? {
    guard let weights = node.weights, node.inputs.count > 2,
      let filters = graph.values[weights].shape.first, filters > 0
    else { return nil }
    return Layer(
      weights: weights, bias: node.inputs[2], input: node.inputs[0], output: node.output,
      filters: filters, filterSize: graph.values[weights].shape.dropFirst().reduce(1, *))
  }

  /// Lowering gives each constant operand codes of its own range.
  private mutating func quantizeConstantOperands(of node: FloatNode, _ state: QuantizationState) {
    guard node.weights == nil else { return }
    let isWide = (node.inputs + [node.output]).contains { state.wideValues.contains($0) }
    for input in node.inputs {
      guard let constant = graph.values[input].constant else { continue }
      let parameters =
        isWide
        ? ActivationParameters(wideCovering: constant.range)
        : ActivationParameters(covering: constant.range, form: state.options.thresholds)
      graph.values[input].constant?.values = constant.values.map {
        parameters.real(of: parameters.code(of: $0))
      }
    }
  }
}

extension FloatGraph {
  /// The graph that ends where the logits of each output are computed; values keep their indices.
  func upToLogits() -> FloatGraph {
    var result = self
    result.outputs = outputs.map { logits(of: $0) }
    var isRead = Array(repeating: false, count: values.count)
    for output in result.outputs { isRead[output] = true }
    var kept: [FloatNode] = []
    for node in nodes.reversed() where isRead[node.output] {
      for input in node.inputs { isRead[input] = true }
      kept.append(node)
    }
    result.nodes = kept.reversed()
    return result
  }
}

extension FloatNode {
  /// Whether the integer kernel rounds: others move codes that exist already.
  var roundsItsOutput: Bool {
    switch operation {
    case .maxPool, .reshape, .transpose, .slice, .pad, .identity: false
    case .resize(let resize):
      if case .linear = resize.interpolation { true } else { false }
    default: true
    }
  }
}

extension FloatOperation {
  /// Takes a fused clamp away and returns it.
  mutating func removeClamp() -> ClampRange {
    switch self {
    case .convolution(var convolution):
      let clamp = convolution.clamp
      convolution.clamp = .none
      self = .convolution(convolution)
      return clamp
    case .fullyConnected(let clamp):
      self = .fullyConnected(clamp: .none)
      return clamp
    case .add(let clamp):
      self = .add(clamp: .none)
      return clamp
    case .subtract(let clamp):
      self = .subtract(clamp: .none)
      return clamp
    case .multiply(let clamp):
      self = .multiply(clamp: .none)
      return clamp
    default:
      return .none
    }
  }
}
