import Diagnostics
import TFLiteFormat

/// Where a quantized model still touches floats: at its inputs and outputs, where the conversion
/// between reals and codes is the caller's.
///
/// A float input that QUANTIZE alone reads, and a float output that DEQUANTIZE gives, directly or
/// through operators that only finish a classification, are replaced by the quantized tensor.
struct FloatIslands {
  /// Operators that are left out, by position.
  private(set) var dropped: Set<Int> = []
  /// The tensors that become the graph's inputs.
  private(set) var inputs: [Int] = []
  /// The tensors that become the graph's outputs.
  private(set) var outputs: [Int] = []
  /// Tensors that hold the same codes as another.
  private(set) var aliases: [Int: Int] = [:]
  /// What was left out, by the quantized tensor that took its place.
  private(set) var notes: [(tensor: Int, text: String)] = []

  private let model: TFLiteModel

  /// Finds the islands of `model`, whose indices are in range.
  ///
  /// - Throws: a float operator that is not part of one.
  init(_ model: TFLiteModel) throws(Diagnostic) {
    self.model = model
    for input in model.inputs { try addInput(input) }
    for output in model.outputs { try addOutput(output) }
    for position in model.operators.indices where !dropped.contains(position) {
      try requireIntegers(position)
    }
  }

  // MARK: - Inputs

  private mutating func addInput(_ input: Int) throws(Diagnostic) {
    let tensor = model.tensors[input]
    // Some converters list constants, or what nothing reads, among the inputs.
    guard tensor.constant == nil else { return }
    guard tensor.elementType.isFloat else {
      if let result = resultShapedBy(input) {
        notes.append(
          (result, "its shape is fixed: the input '\(tensor.name)' for it was left out"))
      } else {
        inputs.append(input)
      }
      return
    }
    var quantized: Int?
    for position in model.operators.indices
    where model.operators[position].inputs.contains(input) {
      let source = model.operators[position]
      guard source.code == .quantize, let target = source.outputs.first,
        model.tensors.indices.contains(target)
      else { throw Self.floatOperator(position, of: model, tensor: tensor) }
      dropped.insert(position)
      guard let first = quantized else {
        quantized = target
        inputs.append(target)
        notes.append(
          (target, "takes codes: the float input '\(tensor.name)' and its QUANTIZE were left out"))
        continue
      }
      guard model.tensors[first].quantization == model.tensors[target].quantization,
        model.tensors[first].elementType == model.tensors[target].elementType
      else {
        throw Diagnostic(
          place: model.place(ofOperator: position),
          problem:
            "quantizes the float input '\(tensor.name)' in another way than the one before it",
          remedy: "convert the model with integer inputs (inference_input_type)")
      }
      aliases[target] = first
    }
  }

  /// What the operators give that read `input` as the shape of their result, which the file states as
  /// well; `nil` where it is read as anything else.
  private func resultShapedBy(_ input: Int) -> Int? {
    var result: Int?
    for source in model.operators {
      for (position, index) in source.inputs.enumerated() where index == input {
        guard source.code == .transposeConv, position == 0, let output = source.outputs.first else {
          return nil
        }
        result = output
      }
    }
    return result
  }

  // MARK: - Outputs

  private mutating func addOutput(_ output: Int) throws(Diagnostic) {
    var index = output
    var tail: [String] = []
    while model.tensors[index].elementType.isFloat {
      guard let position = model.operators.lastIndex(where: { $0.outputs.contains(index) }) else {
        throw Diagnostic(
          place: model.place(ofTensor: output),
          problem: "the output is float and no operator of the model computes it",
          remedy: "convert the model with integer outputs (inference_output_type)")
      }
      let source = model.operators[position]
      guard Self.canEndModel(source.code), let input = source.inputs.first,
        model.tensors.indices.contains(input), dropped.count <= model.operators.count,
        tail.count <= model.operators.count
      else {
        throw Self.floatOperator(position, of: model, tensor: model.tensors[index])
      }
      dropped.insert(position)
      tail.append(source.code.schemaName)
      index = input
    }
    if index != output {
      notes.append(
        (
          index,
          "gives codes: \(tail.reversed().joined(separator: ", ")) before the float output "
            + "'\(model.tensors[output].name)' \(tail.count == 1 ? "was" : "were") left out"
        ))
    }
    outputs.append(aliases[index] ?? index)
  }

  private static func canEndModel(_ code: TFLiteOperatorCode) -> Bool {
    switch code {
    case .dequantize, .softmax, .logistic, .reshape, .squeeze, .expandDims: true
    default: false
    }
  }

  // MARK: - Refusals

  private func requireIntegers(_ position: Int) throws(Diagnostic) {
    let source = model.operators[position]
    for index in source.inputs + source.outputs where model.tensors.indices.contains(index) {
      let tensor = model.tensors[index]
      guard !tensor.elementType.isFloat else {
        throw Self.floatOperator(position, of: model, tensor: tensor)
      }
    }
  }

  private static func floatOperator(
    _ position: Int, of model: TFLiteModel, tensor: TFLiteTensor
  ) -> Diagnostic {
    Diagnostic(
      place: model.place(ofOperator: position),
      problem: "computes with the float tensor '\(tensor.name)' inside a quantized model",
      remedy: "convert the model with integer operators alone (TFLITE_BUILTINS_INT8), or cut it "
        + "before this operator")
  }
}

extension TFLiteElementType {
  /// Whether the elements are reals.
  var isFloat: Bool { self == .float32 || self == .float16 }
}

extension TFLiteModel {
  /// Where an error about that operator is.
  func place(ofOperator position: Int) -> String {
    let source = operators[position]
    let name = source.code == .custom ? "CUSTOM '\(source.customName)'" : source.code.schemaName
    guard let output = source.outputs.first, tensors.indices.contains(output) else {
      return "operator \(position) \(name)"
    }
    return "operator \(position) \(name) '\(tensors[output].name)'"
  }

  /// Where an error about that tensor is.
  func place(ofTensor index: Int) -> String { "tensor \(index) '\(tensors[index].name)'" }
}
