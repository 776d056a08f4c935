import Diagnostics
import FloatModel
import TFLiteFormat

/// Walks the operators of a float `.tflite` model in order and hands each to its importer.
struct FloatGraphReader {
  private let model: TFLiteModel
  private var builder: FloatGraphBuilder
  /// What inputs and operators brought, by tensor.
  private var known: [Int: FloatTensorContent] = [:]

  init(_ model: TFLiteModel, limits: ImportLimits) {
    self.model = model
    builder = FloatGraphBuilder(name: model.description, limits: limits)
  }

  /// The imported graph.
  mutating func run() throws(Diagnostic) -> FloatGraph {
    let inputs = try readInputs()
    for (index, source) in model.operators.enumerated() { try read(source, at: index) }
    builder.assembly.graph.inputs = inputs
    builder.assembly.graph.outputs = try placeOutputs()
    try builder.assembly.finish()
    return builder.assembly.graph
  }

  // MARK: Inputs

  private mutating func readInputs() throws(Diagnostic) -> [ValueIndex] {
    guard !model.inputs.isEmpty else {
      throw Diagnostic(place: "graph", problem: "has no input besides its weights")
    }
    var inputs: [ValueIndex] = []
    for index in model.inputs {
      let tensor = try tensor(index)
      let place = "input '\(tensor.name)'"
      guard tensor.elementType == .float32 else {
        throw Diagnostic(
          place: place,
          problem: "holds \(tensor.elementType), but a float model takes float32 inputs",
          remedy: "give the model from before it was quantized")
      }
      guard !tensor.shape.isEmpty else {
        throw Diagnostic(place: place, problem: "has no axis for the batch")
      }
      for (axis, extent) in tensor.shapeSignature.enumerated() where axis > 0 && extent < 0 {
        throw Diagnostic(
          place: place, problem: "axis \(axis) has a variable extent",
          remedy: "convert the model with fixed input shapes; only the batch may vary")
      }
      var shape = tensor.shape
      if tensor.shapeSignature.first == -1 { shape[0] = 1 }
      do {
        try ShapeLimits.check(shape, of: "it")
      } catch {
        throw Diagnostic(place: place, problem: error.problem)
      }
      let value = builder.assembly.addValue(name: tensor.name, shape: shape)
      inputs.append(value)
      try define(index, .activation(value), place: place)
    }
    return inputs
  }

  private func tensor(_ index: Int) throws(Diagnostic) -> TFLiteTensor {
    guard model.tensors.indices.contains(index) else {
      throw Diagnostic(
        problem: "tensor \(index) is outside the \(model.tensors.count) tensors of the model",
        remedy: "the file is damaged; convert the model again")
    }
    return model.tensors[index]
  }

  private mutating func define(
    _ index: Int, _ content: FloatTensorContent, place: String
  ) throws(Diagnostic) {
    let tensor = try tensor(index)
    guard tensor.constant == nil else {
      throw Diagnostic(place: place, problem: "writes tensor '\(tensor.name)', which is a constant")
    }
    guard known.updateValue(content, forKey: index) == nil else {
      throw Diagnostic(place: place, problem: "defines tensor '\(tensor.name)' a second time")
    }
  }

  // MARK: Operators

  private mutating func read(_ source: TFLiteOperator, at position: Int) throws(Diagnostic) {
    let output = source.outputs.first.flatMap {
      model.tensors.indices.contains($0) ? model.tensors[$0].name : nil
    }
    let place =
      "operator \(position) \(source.code.schemaName)\(output.map { " '\($0)'" } ?? "")"
    do throws(Diagnostic) {
      guard let importOperator = FloatOperatorTable.operators[source.code] else {
        throw FloatOperatorTable.unsupported(source)
      }
      guard !source.outputs.isEmpty else { throw Diagnostic(problem: "has no output") }
      var inputs: [FloatOperatorInput?] = []
      for index in source.inputs { inputs.append(index < 0 ? nil : try lookUp(index)) }
      var outputs: [TFLiteTensor] = []
      for index in source.outputs { outputs.append(try tensor(index)) }
      let node = FloatOperator(
        name: source.code.schemaName, options: source.options, inputs: inputs,
        outputs: outputs.map(\.name), outputTypes: outputs.map(\.elementType))
      let results = try importOperator(node, &builder)
      guard results.count == outputs.count else {
        throw Diagnostic(
          problem: "has \(outputs.count) outputs instead of \(results.count)",
          remedy: "the file is damaged; convert the model again")
      }
      for (index, result) in zip(source.outputs, results) {
        try define(index, result, place: place)
      }
    } catch {
      guard error.place.isEmpty else { throw error }
      var placed = error
      placed.place = place
      throw placed
    }
  }

  private func lookUp(_ index: Int) throws(Diagnostic) -> FloatOperatorInput {
    let tensor = try tensor(index)
    if let content = known[index] { return FloatOperatorInput(name: tensor.name, content: content) }
    guard !tensor.isVariable else {
      throw Diagnostic(
        problem: "reads tensor '\(tensor.name)', which keeps its state between runs",
        remedy: "only networks without state are supported")
    }
    // An empty constant, such as the shape of a scalar, has no bytes.
    guard tensor.constant != nil || tensor.shape.contains(0) else {
      throw Diagnostic(
        problem: "reads tensor '\(tensor.name)' before it is computed",
        remedy: "the file is damaged; convert the model again")
    }
    return FloatOperatorInput(name: tensor.name, content: .stored(tensor))
  }

  // MARK: Outputs

  private mutating func placeOutputs() throws(Diagnostic) -> [ValueIndex] {
    guard !model.outputs.isEmpty else {
      throw Diagnostic(place: "graph", problem: "has no output")
    }
    var outputs: [ValueIndex] = []
    for index in model.outputs {
      let name = try tensor(index).name
      switch known[index] {
      case .activation(let value):
        outputs.append(builder.assembly.nameOutput(value, name))
      case .constant, .integers, .stored:
        throw Diagnostic(
          place: "output '\(name)'", problem: "does not depend on any input of the network",
          remedy: "remove it from the model's outputs")
      case nil:
        throw Diagnostic(place: "output '\(name)'", problem: "no operator computes it")
      }
    }
    return outputs
  }
}
