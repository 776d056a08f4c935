import Diagnostics

extension FloatGraph {
  /// Checks the structure of the graph and gives every node's output its shape.
  ///
  /// Inputs and constants keep theirs. Afterward every value that a node reads is an input, a
  /// constant or the output of an earlier node, every value has one origin, every extent is at
  /// least 1, and all sizes are within ``ShapeLimits``.
  ///
  /// - Throws: a diagnostic that names the node and its operation, or the value.
  public mutating func inferShapes() throws(Diagnostic) {
    var isDefined = Array(repeating: false, count: values.count)
    for index in values.indices where values[index].constant != nil {
      try check(values[index].shape, of: values[index])
      isDefined[index] = true
    }
    for index in inputs {
      try checkIndex(index, place: "graph inputs")
      guard !isDefined[index] else {
        throw Diagnostic(
          place: "graph inputs",
          problem: "value '\(values[index].name)' is listed twice or is a constant")
      }
      try check(values[index].shape, of: values[index])
      isDefined[index] = true
    }
    for node in nodes {
      let place = node.place
      for index in node.inputs {
        try checkIndex(index, place: place)
        guard isDefined[index] else {
          throw Diagnostic(
            place: place,
            problem: "reads value '\(values[index].name)' before any node computes it")
        }
      }
      try checkIndex(node.output, place: place)
      guard !isDefined[node.output] else {
        throw Diagnostic(
          place: place,
          problem: "writes value '\(values[node.output].name)', which is already defined")
      }
      do {
        values[node.output].shape = try node.operation.outputShape(
          inputs: node.inputs.map { values[$0].shape })
      } catch {
        throw Diagnostic(place: place, problem: error.problem, remedy: error.remedy)
      }
      isDefined[node.output] = true
    }
    for index in outputs {
      try checkIndex(index, place: "graph outputs")
      guard isDefined[index] else {
        throw Diagnostic(
          place: "graph outputs", problem: "no node computes value '\(values[index].name)'")
      }
    }
  }

  /// Refuses constants that hold NaN or an infinity.
  ///
  /// - Throws: a diagnostic that names the tensor and the first such element.
  public func checkFinite() throws(Diagnostic) {
    for value in values {
      guard let constant = value.constant,
        let position = constant.values.firstIndex(where: { !$0.isFinite })
      else { continue }
      let element = constant.values[position]
      throw Diagnostic(
        place: "tensor '\(value.name)'",
        problem: "holds \(element.isNaN ? "NaN" : "infinity") at element \(position)",
        remedy: "train or export the model again; no quantizer can represent it")
    }
  }

  private func check(_ shape: [Int], of value: FloatValue) throws(Diagnostic) {
    try ShapeLimits.check(shape, of: "value '\(value.name)'")
    guard let constant = value.constant else { return }
    guard constant.shape == shape, ShapeLimits.elementCount(shape) == constant.count else {
      throw Diagnostic(
        problem: "value '\(value.name)' has shape \(shape), but its constant has shape "
          + "\(constant.shape) and \(constant.count) elements")
    }
  }

  private func checkIndex(_ index: ValueIndex, place: String) throws(Diagnostic) {
    guard values.indices.contains(index) else {
      throw Diagnostic(
        place: place, problem: "value \(index) is outside the \(values.count) values of the graph")
    }
  }
}

extension FloatNode {
  /// How errors name the node: "node 'conv1' (convolution)".
  public var place: String { "node '\(name)' (\(operation.name))" }
}
