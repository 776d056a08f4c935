import Testing

/// One kind of operator, with how to draw a graph of it.
struct OperatorFamily: Sendable {
  let name: String
  /// Whose bits the integer runtime gives, under the profile that is theirs.
  var oracles = TFLiteOracle.allCases
  let draw: @Sendable (inout OperatorSketch) throws -> Void
}

/// Families that are judged together, by one process for each oracle.
struct OperatorGroup: Sendable, CustomTestStringConvertible {
  let name: String
  let families: [OperatorFamily]

  var testDescription: String { name }

  static let all = [
    OperatorGroup(name: "layers and pools", families: OperatorFamily.linear),
    OperatorGroup(name: "element-wise operators", families: OperatorFamily.elementwise),
    OperatorGroup(name: "functions", families: OperatorFamily.functions),
    OperatorGroup(name: "reductions", families: OperatorFamily.reductions),
    OperatorGroup(name: "arrangements", families: OperatorFamily.arrangements),
  ]
}
