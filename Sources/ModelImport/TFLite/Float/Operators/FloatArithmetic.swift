import Diagnostics
import FloatModel
import TFLiteFormat

/// Operators on two arrays, element by element, broadcast as in NumPy.
enum FloatArithmetic {
  static let add = binary(
    { node in
      if case .add(let activation, _) = node.options { .add(clamp: activation.clamp) } else { nil }
    }, integers: { $0.addingReportingOverflow($1) })
  static let subtract = binary(
    { node in
      if case .add(let activation, _) = node.options {
        .subtract(clamp: activation.clamp)
      } else {
        nil
      }
    }, integers: { $0.subtractingReportingOverflow($1) })
  static let multiply = binary(
    { node in
      if case .multiply(let activation) = node.options {
        .multiply(clamp: activation.clamp)
      } else {
        nil
      }
    }, integers: { $0.multipliedReportingOverflow(by: $1) })

  static let maximum = limit({ max($0, $1) }) { ClampRange(minimum: $0, maximum: .infinity) }
  static let minimum = limit({ min($0, $1) }) { ClampRange(minimum: -.infinity, maximum: $0) }

  private static func binary(
    _ operation: @escaping @Sendable (FloatOperator) -> FloatOperation?,
    integers: @escaping @Sendable (Int64, Int64) -> (partialValue: Int64, overflow: Bool)
  ) -> FloatOperatorImport {
    { (node, builder) throws(Diagnostic) in
      if let known = try combineIntegers(node, builder, integers) { return [known] }
      guard let operation = operation(node) else { throw node.wrongOptions }
      let inputs = [try builder.value(0, of: node), try builder.value(1, of: node)]
      return [builder.content(try builder.emit(operation, inputs, for: node))]
    }
  }

  /// MAXIMUM or MINIMUM: known for integers, a clip where one side is a single number.
  private static func limit(
    _ function: @escaping @Sendable (Int64, Int64) -> Int64,
    _ range: @escaping @Sendable (Float) -> ClampRange
  ) -> FloatOperatorImport {
    { (node, builder) throws(Diagnostic) in
      if let known = try combineIntegers(node, builder, { (function($0, $1), false) }) {
        return [known]
      }
      for (array, bound) in [(0, 1), (1, 0)] {
        guard let number = try singleNumber(bound, of: node) else { continue }
        let input = try builder.value(array, of: node)
        return [
          builder.content(
            try builder.emit(.activation(.clip(range(number))), [input], for: node))
        ]
      }
      throw Diagnostic(
        problem: "compares two arrays; only an array and a single number are supported")
    }
  }

  /// The number that every element of a constant input is, in no more than the other input's axes.
  private static func singleNumber(
    _ index: Int, of node: FloatOperator
  ) throws(Diagnostic) -> Float? {
    switch try node.input(index).content {
    case .activation, .integers: return nil
    case .constant, .stored: break
    }
    let bound = try node.floats(index, "bound")
    guard bound.count == 1 else { return nil }
    return bound.values[0]
  }

  /// The function of both inputs, where both are known integers.
  private static func combineIntegers(
    _ node: FloatOperator, _ builder: FloatGraphBuilder,
    _ function: (Int64, Int64) -> (partialValue: Int64, overflow: Bool)
  ) throws(Diagnostic) -> FloatTensorContent? {
    guard let left = try builder.knownIntegers(0, of: node),
      let right = try builder.knownIntegers(1, of: node)
    else { return nil }
    let result = try IntegerTensor.combine(left, right) { (a, b) throws(Diagnostic) in
      let (result, overflow) = function(a, b)
      guard !overflow else {
        throw Diagnostic(problem: "has no 64-bit result for the integers \(a) and \(b)")
      }
      return result
    }
    return .integers(result)
  }
}
