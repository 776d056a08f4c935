import ONNXFormat
import Diagnostics
import FloatModel
import Foundation

/// One node of an ONNX graph, as the operators read it: checked attributes and inputs.
///
/// It remembers which attributes were asked for, so that one that nobody understands is an error
/// and not silently ignored.
final class ONNXNode {
  /// The operator.
  let operatorName: String
  /// Version of the standard operators.
  let opset: Int
  /// Name of the node, or of its first output where it has none.
  let name: String
  /// Names of the outputs; empty where an optional one is left out.
  let outputs: [String]
  /// The values read; `nil` where an optional one is left out.
  let inputs: [ImportedValue?]
  private let inputNames: [String]
  private let attributes: [String: ONNXAttributeProto]
  private var asked: Set<String> = []

  init(_ node: ONNXNodeProto, opset: Int, inputs: [ImportedValue?]) throws(Diagnostic) {
    operatorName = node.opType
    self.opset = opset
    name = Self.name(of: node)
    outputs = node.output
    inputNames = node.input
    self.inputs = inputs
    var attributes: [String: ONNXAttributeProto] = [:]
    for attribute in node.attribute {
      guard attributes.updateValue(attribute, forKey: attribute.name) == nil else {
        throw Diagnostic(problem: "has two attributes '\(attribute.name)'")
      }
    }
    self.attributes = attributes
  }

  /// A stand-in for the node that would bring an output into place.
  init(placingOutput output: String) {
    operatorName = "Transpose"
    opset = ONNXImporter.greatestOpset
    name = output
    outputs = [output]
    inputs = []
    inputNames = []
    attributes = [:]
  }

  /// How errors name a node: "node 'conv1' (Conv, opset 17)".
  static func place(of node: ONNXNodeProto, opset: Int) -> String {
    "node '\(name(of: node))' (\(node.opType), opset \(opset))"
  }

  private static func name(of node: ONNXNodeProto) -> String {
    node.name.isEmpty ? (node.output.first ?? "") : node.name
  }

  // MARK: Attributes

  /// Code of each attribute type, by the specification.
  private enum AttributeType: Int32 {
    case float = 1
    case int = 2
    case string = 3
    case tensor = 4
    case floats = 6
    case ints = 7
  }

  private func attribute(
    _ name: String, type: AttributeType
  ) throws(Diagnostic) -> ONNXAttributeProto? {
    asked.insert(name)
    guard let attribute = attributes[name] else { return nil }
    // Files older than IR version 2 leave the type out.
    guard attribute.type == type.rawValue || attribute.type == 0 else {
      throw Diagnostic(problem: "attribute '\(name)' is not of type \(type)")
    }
    return attribute
  }

  /// Whether the node has an attribute of that name.
  func hasAttribute(_ name: String) -> Bool { attributes[name] != nil }

  /// An integer attribute, within ±2^31.
  func int(_ name: String) throws(Diagnostic) -> Int? {
    guard let value = try attribute(name, type: .int)?.i else { return nil }
    return try checked(value, attribute: name)
  }

  /// A list of integers, each within ±2^31; so are limits that mean "to the end".
  func ints(_ name: String) throws(Diagnostic) -> [Int]? {
    guard let values = try attribute(name, type: .ints)?.ints else { return nil }
    var result: [Int] = []
    for value in values { result.append(try checked(value, attribute: name)) }
    return result
  }

  /// An integer as it is.
  func unboundedInt(_ name: String) throws(Diagnostic) -> Int64? {
    try attribute(name, type: .int)?.i
  }

  /// A list of integers as they are, for limits such as 2^63 − 1.
  func unboundedInts(_ name: String) throws(Diagnostic) -> [Int64]? {
    try attribute(name, type: .ints)?.ints
  }

  /// A finite real number.
  func float(_ name: String) throws(Diagnostic) -> Float? {
    guard let value = try limit(name) else { return nil }
    guard value.isFinite else { throw Diagnostic(problem: "attribute '\(name)' is infinite") }
    return value
  }

  /// A real number or an infinity, as limits may be; NaN is refused.
  func limit(_ name: String) throws(Diagnostic) -> Float? {
    guard let value = try attribute(name, type: .float)?.f else { return nil }
    guard !value.isNaN else { throw Diagnostic(problem: "attribute '\(name)' is NaN") }
    return value
  }

  /// A list of real numbers.
  func floats(_ name: String) throws(Diagnostic) -> [Float]? {
    try attribute(name, type: .floats)?.floats
  }

  /// A word.
  func string(_ name: String) throws(Diagnostic) -> String? {
    guard let bytes = try attribute(name, type: .string)?.s else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A tensor.
  func tensor(_ name: String) throws(Diagnostic) -> ONNXTensorProto? {
    try attribute(name, type: .tensor)?.t
  }

  /// Notes attributes that change nothing here, such as the momentum of training.
  func ignore(_ names: String...) { asked.formUnion(names) }

  /// Refuses attributes that the operator did not ask for.
  func checkAllAttributesRead() throws(Diagnostic) {
    guard let unknown = attributes.keys.filter({ !asked.contains($0) }).min() else { return }
    throw Diagnostic(
      problem: "has attribute '\(unknown)', which this operator does not have or which is not "
        + "supported")
  }

  private func checked(_ value: Int64, attribute: String) throws(Diagnostic) -> Int {
    guard abs(Int(clamping: max(value, -Int64.max))) <= Int(Int32.max) else {
      throw Diagnostic(
        problem: "attribute '\(attribute)' is \(value), outside ±\(Int32.max)")
    }
    return Int(value)
  }

  // MARK: Inputs

  /// The name of input `index`.
  func inputName(_ index: Int) -> String {
    inputNames.indices.contains(index) ? inputNames[index] : "\(name)_input\(index)"
  }

  /// Input `index`, or `nil` where it is left out.
  func optionalInput(_ index: Int) throws(Diagnostic) -> ImportedValue? {
    guard inputs.indices.contains(index), let value = inputs[index] else { return nil }
    if case .unavailable(let reason) = value {
      throw Diagnostic(problem: "input \(index) \(reason)")
    }
    return value
  }

  /// Input `index`, which must be there.
  func input(_ index: Int) throws(Diagnostic) -> ImportedValue {
    guard let value = try optionalInput(index) else {
      throw Diagnostic(problem: "input \(index) is missing")
    }
    return value
  }

  /// All inputs of an operator that takes any number of them, at least one.
  func allInputs() throws(Diagnostic) -> [ImportedValue] {
    var all = [try input(0)]
    for index in inputs.indices.dropFirst() { all.append(try input(index)) }
    return all
  }

  /// Input `index` as known integers, or `nil` where it is left out.
  func integers(_ index: Int, _ meaning: String) throws(Diagnostic) -> IntegerTensor? {
    guard let value = try optionalInput(index) else { return nil }
    guard case .integers(let tensor) = value else {
      throw Diagnostic(
        problem: "input \(index) (\(meaning)) is not known before the network runs",
        remedy: "export the model with fixed shapes, or run onnx-simplifier on it")
    }
    return tensor
  }

  /// Input `index` as a vector of integers, each within ±2^31.
  func indexVector(_ index: Int, _ meaning: String) throws(Diagnostic) -> [Int]? {
    guard let tensor = try integers(index, meaning) else { return nil }
    var result: [Int] = []
    for value in tensor.values {
      guard Int64(-Int32.max)...Int64(Int32.max) ~= value else {
        throw Diagnostic(
          problem: "input \(index) (\(meaning)) holds \(value), outside ±\(Int32.max)")
      }
      result.append(Int(value))
    }
    return result
  }

  /// Input `index` as a float constant, or `nil` where it is left out.
  func floatConstant(_ index: Int, _ meaning: String) throws(Diagnostic) -> FloatTensor? {
    guard let value = try optionalInput(index) else { return nil }
    guard case .constant(let tensor) = value else {
      throw Diagnostic(
        problem: "input \(index) (\(meaning)) is not a float constant",
        remedy: "export the model with constant parameters")
    }
    return tensor
  }

  /// Input `index` as one real number, or `nil` where it is left out; NaN is refused.
  func floatScalar(_ index: Int, _ meaning: String) throws(Diagnostic) -> Float? {
    guard let tensor = try floatConstant(index, meaning) else { return nil }
    guard tensor.count == 1 else {
      throw Diagnostic(
        problem: "input \(index) (\(meaning)) has shape \(tensor.shape) instead of one number")
    }
    guard !tensor.values[0].isNaN else {
      throw Diagnostic(problem: "input \(index) (\(meaning)) is NaN")
    }
    return tensor.values[0]
  }

  /// Several axes of a value of rank `rank`, ascending; the operator forbids to name one twice.
  static func axes(_ axes: [Int], rank: Int) throws(Diagnostic) -> [Int] {
    let result = try Axis.resolved(axes, rank: rank)
    guard result.count == axes.count else {
      throw Diagnostic(problem: "axes \(axes) name one axis twice")
    }
    return result
  }
}
