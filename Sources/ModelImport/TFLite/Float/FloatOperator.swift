import Diagnostics
import FloatModel
import TFLiteFormat

/// One operator of a float `.tflite` model, as its importer reads it: checked inputs and options.
struct FloatOperator {
  /// The schema's name: CONV_2D.
  let name: String
  /// Its options.
  let options: TFLiteOptions
  /// The tensors read; `nil` where an optional one is left out.
  let inputs: [FloatOperatorInput?]
  /// Names of the tensors written; at least one.
  let outputs: [String]
  /// Their element types.
  let outputTypes: [TFLiteElementType]

  /// The name of the first output, which names the node.
  var outputName: String { outputs[0] }

  /// The error for options of another operator.
  var wrongOptions: Diagnostic {
    Diagnostic(
      problem: "has no options of a \(name)",
      remedy: "the file is damaged; convert the model again")
  }

  // MARK: Inputs

  /// Input `index`, or `nil` where it is left out.
  func optionalInput(_ index: Int) -> FloatOperatorInput? {
    inputs.indices.contains(index) ? inputs[index] : nil
  }

  /// Input `index`, which must be there.
  func input(_ index: Int) throws(Diagnostic) -> FloatOperatorInput {
    guard let input = optionalInput(index) else {
      throw Diagnostic(problem: "input \(index) is missing")
    }
    return input
  }

  /// Input `index` as a constant whose elements are all finite.
  func floats(_ index: Int, _ meaning: String) throws(Diagnostic) -> FloatTensor {
    let tensor: FloatTensor
    switch try input(index).content {
    case .constant(let constant): tensor = constant
    case .stored(let stored): tensor = try stored.floats()
    case .activation, .integers:
      throw Diagnostic(
        problem: "input \(index) (\(meaning)) is not a float constant",
        remedy: "convert the model with constant parameters")
    }
    try ShapeLimits.check(tensor.shape, of: "input \(index) (\(meaning))")
    return tensor
  }

  /// Input `index` as one finite number.
  func number(_ index: Int, _ meaning: String) throws(Diagnostic) -> Float {
    let tensor = try floats(index, meaning)
    guard tensor.count == 1 else {
      throw Diagnostic(
        problem: "input \(index) (\(meaning)) has shape \(tensor.shape) instead of one number")
    }
    return tensor.values[0]
  }

  /// Input `index` as known integers.
  func integers(_ index: Int, _ meaning: String) throws(Diagnostic) -> IntegerTensor {
    switch try input(index).content {
    case .integers(let tensor): return tensor
    case .stored(let stored): return try stored.integers()
    case .activation, .constant:
      throw Diagnostic(
        problem: "input \(index) (\(meaning)) is not known before the network runs",
        remedy: "convert the model with fixed shapes")
    }
  }

  /// Input `index` as integers, each within ±2^31.
  func indices(_ index: Int, _ meaning: String) throws(Diagnostic) -> [Int] {
    var result: [Int] = []
    for value in try integers(index, meaning).values {
      guard Int64(-Int32.max)...Int64(Int32.max) ~= value else {
        throw Diagnostic(
          problem: "input \(index) (\(meaning)) holds \(value), outside ±\(Int32.max)")
      }
      result.append(Int(value))
    }
    return result
  }

  /// Input `index` as one integer within ±2^31.
  func index(_ index: Int, _ meaning: String) throws(Diagnostic) -> Int {
    let numbers = try indices(index, meaning)
    guard numbers.count == 1 else {
      throw Diagnostic(
        problem: "input \(index) (\(meaning)) holds \(numbers.count) integers instead of one")
    }
    return numbers[0]
  }
}
