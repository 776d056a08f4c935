import Diagnostics
import FloatModel

extension FloatGraph {
  /// The values that have 16-bit codes where the outputs do: the outputs, and what is between them
  /// and the last convolutions, fully connected layers or means, whose outputs are the first of them.
  ///
  /// What these first nodes read stays in 8 bits and is copied exactly, so that each of them costs as
  /// many multiplications as before.
  ///
  /// - Throws: an output that no such node leads to, or a value of the tail that a node outside it, or
  ///   the first node of another, reads, too.
  package func outputTail() throws(Diagnostic) -> Set<ValueIndex> {
    var tail: Set<ValueIndex> = []
    var open = outputs
    while let value = open.popLast() {
      guard values[value].constant == nil, tail.insert(value).inserted else { continue }
      guard let node = nodes.last(where: { $0.output == value }) else {
        throw Diagnostic(
          place: "output '\(values[value].name)'", problem: "is an input of the model",
          remedy: "convert with --output-type int8")
      }
      switch node.placeInTail {
      case .first: break
      case .behind: open += node.inputs
      case .none:
        throw Diagnostic(
          place: "node '\(node.name)'",
          problem: "its \(node.operation.name) leads to an output and has no 16-bit form here; "
            + "convolution, fully connected and mean have one, and what moves codes, softmax, sigmoid "
            + "and tanh behind them",
          remedy: "convert with --output-type int8")
      }
    }
    for node in nodes where !tail.contains(node.output) || node.placeInTail == .first {
      guard let value = node.inputs.first(where: { tail.contains($0) }) else { continue }
      throw Diagnostic(
        place: "node '\(node.name)'",
        problem: "reads '\(values[value].name)', which leads to a 16-bit output, in 8 bits",
        remedy: "convert with --output-type int8")
    }
    return tail
  }
}

extension FloatNode {
  /// Where in the tail of 16-bit codes a node can stand.
  fileprivate enum PlaceInTail {
    /// It reads 8-bit codes.
    case first
    /// It reads 16-bit codes.
    case behind
  }

  fileprivate var placeInTail: PlaceInTail? {
    switch operation {
    case .convolution, .fullyConnected, .mean: .first
    case .softmax, .reshape, .identity, .transpose, .slice, .concatenation: .behind
    case .activation(let activation): activation.interpolated == nil ? nil : .behind
    default: nil
    }
  }
}
