import IntegerModel
import Testing

/// One kind of operator, with how to draw a graph of it.
struct OperatorFamily: Sendable {
  let name: String
  /// Whose bits the integer runtime gives, under the profile that is theirs.
  var oracles = TFLiteOracle.allCases
  /// Types of activations and weights.
  var types: (activations: ElementType, weights: ElementType) = (.int8, .int8)
  let draw: @Sendable (inout OperatorSketch) throws -> Void

  /// The same operators on other types.
  func on(
    _ activations: ElementType, weights: ElementType = .int8,
    _ oracles: [TFLiteOracle] = TFLiteOracle.allCases
  ) -> OperatorFamily {
    var copy = self
    copy.types = (activations, weights)
    copy.oracles = oracles
    return copy
  }

  /// What failures call the family.
  var description: String {
    "\(name) on \(types.activations.name), weights \(types.weights.name)"
  }

  /// The families of those names.
  static func named(_ names: [String], in families: [OperatorFamily]) -> [OperatorFamily] {
    families.filter { names.contains($0.name) }
  }
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
    OperatorGroup(name: "layers with memory", families: OperatorFamily.sequences),
    OperatorGroup(name: "16-bit activations", families: OperatorFamily.wide),
    OperatorGroup(name: "unsigned codes and 4-bit weights", families: OperatorFamily.others),
  ]
}
