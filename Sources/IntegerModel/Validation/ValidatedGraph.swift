import Diagnostics

/// A graph of which `IntegerGraph.validate()` found that it can be run. Having one proves it, so that
/// nobody who is given one has to look again.
public struct ValidatedGraph: Sendable {
  /// The graph.
  public let graph: IntegerGraph

  /// Validates `graph`.
  /// - Throws: what ``IntegerGraph/validate()`` finds.
  public init(_ graph: IntegerGraph) throws(Diagnostic) {
    try graph.validate()
    self.graph = graph
  }
}
