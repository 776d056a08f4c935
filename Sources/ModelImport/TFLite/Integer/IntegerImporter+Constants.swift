import Diagnostics
import IntegerModel
import TFLiteFormat

// Integers that are known before the model runs: axes, shapes, paddings, and what operators compute
// from them.
extension IntegerImporter {
  /// The integers of input `position`, each within 32 bits.
  func integers(
    _ source: TFLiteOperator, _ position: Int, _ meaning: String
  ) throws(Diagnostic) -> [Int] {
    let index = try input(source, position)
    guard let tensor = try knownIntegers(index) else {
      throw Diagnostic(
        problem: "its \(meaning) '\(names[index])' are not known before the model runs",
        remedy: "convert the model with fixed shapes")
    }
    var result: [Int] = []
    for value in tensor.values {
      guard let narrow = Int32(exactly: value) else {
        throw Diagnostic(
          problem: "its \(meaning) '\(names[index])' hold \(value), beyond 32 bits")
      }
      result.append(Int(narrow))
    }
    return result
  }

  /// The one integer of input `position`.
  func integer(
    _ source: TFLiteOperator, _ position: Int, _ meaning: String
  ) throws(Diagnostic) -> Int {
    let values = try integers(source, position, meaning)
    guard values.count == 1 else {
      throw Diagnostic(problem: "its \(meaning) has \(values.count) elements instead of 1")
    }
    return values[0]
  }

  /// The integers of a tensor, or `nil` where they depend on the model's inputs.
  func knownIntegers(_ index: Int) throws(Diagnostic) -> IntegerTensor? {
    if let tensor = known[index] { return tensor }
    guard model.tensors[index].constant != nil else { return nil }
    let values: [Int64]
    switch model.tensors[index].elementType {
    case .int32: values = try constant(index).array(of: Int32.self).map(Int64.init)
    case .int64: values = try constant(index).array(of: Int64.self)
    default: return nil
    }
    return IntegerTensor(shape: try shape(index), values: values)
  }

  // MARK: - Folding

  /// Computes an operator on known integers; whether it did.
  mutating func fold(_ source: TFLiteOperator) throws(Diagnostic) -> Bool {
    guard let first = source.outputs.first, first >= 0 else { return false }
    switch model.tensors[first].elementType {
    case .int32, .int64: break
    default: return false
    }
    if source.code == .shape {
      known[first] = IntegerTensor(try shape(try input(source)))
      return true
    }
    var operands: [IntegerTensor] = []
    for position in source.inputs.indices {
      guard let index = optionalInput(source, position) else { continue }
      guard let tensor = try knownIntegers(index) else { return false }
      operands.append(tensor)
    }
    guard !operands.isEmpty, let result = try folded(source, operands) else { return false }
    known[first] = result
    return true
  }

  /// The result of an operator on integers, or `nil` where the operator is none that computes shapes.
  private func folded(
    _ source: TFLiteOperator, _ operands: [IntegerTensor]
  ) throws(Diagnostic) -> IntegerTensor? {
    let x = operands[0]
    switch (source.code, source.options) {
    case (.stridedSlice, .stridedSlice):
      let selection = try stridedSelection(source, of: x.shape)
      return IntegerTensor(shape: selection.shape, values: selection.picked(from: x.values))
    case (.slice, _):
      let selection = try sliceSelection(source, of: x.shape)
      return IntegerTensor(shape: selection.shape, values: selection.picked(from: x.values))
    case (.pack, .pack(_, let axis)):
      guard try Axis.resolved(axis, rank: x.shape.count + 1) == 0,
        operands.allSatisfy({ $0.shape == x.shape })
      else { return nil }
      return IntegerTensor(
        shape: [operands.count] + x.shape, values: operands.flatMap(\.values))
    case (.concatenation, .concatenation(let axis, _)):
      guard operands.allSatisfy({ $0.shape.count == 1 }), try Axis.resolved(axis, rank: 1) == 0
      else {
        return nil
      }
      let values = operands.flatMap(\.values)
      return IntegerTensor(shape: [values.count], values: values)
    case (.reshape, _), (.squeeze, _), (.expandDims, _):
      let shape = try shape(try output(source))
      guard shape.reduce(1, *) == x.values.count else {
        throw Diagnostic(
          problem: "gives \(x.values.count) integers the shape \(shape)")
      }
      return IntegerTensor(shape: shape, values: x.values)
    case (.gather, .gather(let axis, 0)) where operands.count == 2:
      return try x.gathered(operands[1], axis: try Axis.resolved(axis, rank: x.shape.count))
    case (.cast, _): return x
    case (.add, _), (.sub, _), (.mul, _), (.minimum, _), (.maximum, _):
      guard operands.count == 2 else { return nil }
      return try IntegerTensor.combine(x, operands[1]) { left, right throws(Diagnostic) in
        let (value, overflow) =
          switch source.code {
          case .add: left.addingReportingOverflow(right)
          case .sub: left.subtractingReportingOverflow(right)
          case .mul: left.multipliedReportingOverflow(by: right)
          case .minimum: (min(left, right), false)
          default: (max(left, right), false)
          }
        guard !overflow else {
          throw Diagnostic(problem: "computes \(left) and \(right), whose result exceeds 64 bits")
        }
        return value
      }
    default: return nil
    }
  }
}
