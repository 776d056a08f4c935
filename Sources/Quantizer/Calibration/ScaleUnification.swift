import FloatModel

/// Which activations share a scale and a zero point, because the kernels between them copy codes.
///
/// Pools, concatenation, reshape, transpose, slice, pad and resize compute on codes without
/// rescaling. Each class of connected values gets one range: the union of its members', or the
/// fixed parameters of the one member that has them (softmax, logistic and tanh outputs). Where two
/// fixed members would meet, they stay apart and lowering inserts a requantization.
///
/// Wide values (``QuantizationState/wideValues``) have 16-bit codes; what they share codes with is
/// wide, too.
package struct ScaleUnification {
  private var parent: [Int]
  private var fixed: [ValueIndex: ActivationParameters]
  private let graph: FloatGraph
  private let wide: Set<ValueIndex>

  /// - Parameter wide: the values with 16-bit codes.
  package init(graph: FloatGraph, wide: Set<ValueIndex> = []) {
    self.graph = graph
    self.wide = wide
    parent = Array(graph.values.indices)
    fixed = [:]
    for node in graph.nodes {
      if let parameters = node.fixedOutputParameters {
        fixed[node.output] = wide.contains(node.output) ? .wideUnit : parameters
      }
    }
    for node in graph.nodes where node.copiesCodes {
      guard case .pad(_, _, .constant(let value)) = node.operation,
        let parameters = fixed[find(node.inputs[0])], !parameters.covers(value)
      else {
        unite(node.inputs[0], node.output)
        continue
      }
      // The fixed codes cannot express the pad value, so that lowering requantizes.
    }
    for node in graph.nodes {
      guard case .concatenation = node.operation else { continue }
      for input in node.inputs { uniteUnlessFixed(input, node.output) }
    }
  }

  /// The parameters of every activation that has a range.
  package mutating func parameters(
    ranges: [ValueIndex: ValueRange], form: ThresholdForm
  ) -> [ValueIndex: ActivationParameters] {
    var classRanges: [Int: ValueRange] = [:]
    for (value, range) in ranges {
      let root = find(value)
      classRanges[root] = classRanges[root]?.union(range) ?? range
    }
    var result: [ValueIndex: ActivationParameters] = [:]
    for value in ranges.keys {
      let root = find(value)
      if let parameters = fixed[root] {
        result[value] = parameters
      } else if let range = classRanges[root] {
        result[value] =
          wide.contains(value)
          ? ActivationParameters(wideCovering: range)
          : ActivationParameters(covering: range, form: form)
      }
    }
    return result
  }

  /// The value that stands for all that share codes with `value`.
  package mutating func representative(of value: ValueIndex) -> ValueIndex { find(value) }

  /// Whether training leaves the parameters of `value` alone: the kernels prescribe them, or they
  /// have bits to spare.
  package mutating func isFixed(_ value: ValueIndex) -> Bool {
    fixed[find(value)] != nil || wide.contains(value)
  }

  private mutating func find(_ value: Int) -> Int {
    var root = value
    while parent[root] != root {
      parent[root] = parent[parent[root]]
      root = parent[root]
    }
    return root
  }

  /// Joins two classes; two that are fixed differently stay apart.
  private mutating func unite(_ first: Int, _ second: Int) {
    let (a, b) = (find(first), find(second))
    guard a != b else { return }
    if let left = fixed[a], let right = fixed[b], left != right { return }
    let parameters = fixed[a] ?? fixed[b]
    parent[a] = b
    fixed[b] = parameters
  }

  /// Joins two classes unless one is fixed: a fixed range must not be forced on its neighbors in a
  /// concatenation.
  private mutating func uniteUnlessFixed(_ first: Int, _ second: Int) {
    guard graph.values[first].constant == nil else { return }
    let (a, b) = (find(first), find(second))
    if fixed[a] == fixed[b] { unite(a, b) }
  }
}

extension FloatNode {
  /// Whether the integer kernel copies or averages codes without rescaling them.
  var copiesCodes: Bool {
    switch operation {
    case .maxPool, .averagePool, .reshape, .transpose, .slice, .pad, .resize, .identity: true
    default: false
    }
  }

  /// The output parameters that the integer kernel prescribes.
  var fixedOutputParameters: ActivationParameters? {
    switch operation {
    case .softmax, .activation(.sigmoid): .probability
    case .activation(.tanh): .hyperbolicTangent
    default: nil
    }
  }
}
