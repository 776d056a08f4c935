import Diagnostics

extension IntegerGraph {
  /// Proves that running the graph cannot read or write out of bounds, overflow an accumulator or
  /// divide by zero, and that its parts agree.
  ///
  /// Checked are the tensors by themselves, the order of the operations, every operator's arity,
  /// types, shapes and integers, the bound of each accumulator, the input pipeline and the labels.
  /// Everything is bounded (see ``GraphLimits``) and computed with checked arithmetic, so that any
  /// graph, however hostile, is judged quickly and without a crash.
  ///
  /// - Throws: the first fault found, naming the operation or tensor, the offending value and the
  ///   limit.
  public func validate() throws(Diagnostic) {
    try validateCounts()
    try validateProfiles()
    try validateTensors()
    try validateOrder()
    try validateStates()
    for index in operations.indices {
      let rules = OperationRules(graph: self, index: index)
      try rules.check()
      try rules.checkScalings()
    }
    try validateInputPipeline()
    try validateLabels()
  }

  private func validateCounts() throws(Diagnostic) {
    guard tensors.count <= GraphLimits.tensorCount else {
      throw Diagnostic(
        problem: "the graph has \(tensors.count) tensors; the limit is \(GraphLimits.tensorCount)")
    }
    guard operations.count <= GraphLimits.operationCount else {
      throw Diagnostic(
        problem:
          "the graph has \(operations.count) operations; the limit is \(GraphLimits.operationCount)"
      )
    }
    guard !inputs.isEmpty else { throw Diagnostic(problem: "the graph has no input") }
    guard !outputs.isEmpty else { throw Diagnostic(problem: "the graph has no output") }
  }

  /// Every activation is written exactly once, before it is read; constants are never written, and
  /// states only by the operation that owns them, see `validateStates()`.
  private func validateOrder() throws(Diagnostic) {
    var isWritten = [Bool](repeating: false, count: tensors.count)
    var isConstant = isWritten
    for index in tensors.indices { isConstant[index] = tensors[index].constant != nil }

    for index in inputs {
      try requireTensor(index, place: "graph inputs")
      try requireNoState(index, place: "graph inputs")
      guard !isConstant[index] else {
        throw Diagnostic(
          place: "graph inputs", problem: "tensor '\(tensors[index].name)' is a constant")
      }
      guard !isWritten[index] else {
        throw Diagnostic(
          place: "graph inputs", problem: "tensor '\(tensors[index].name)' is listed twice")
      }
      isWritten[index] = true
    }
    for position in operations.indices {
      let operation = operations[position]
      let place = self.place(ofOperation: position)
      for index in operation.inputs {
        try requireTensor(index, place: place)
        guard isConstant[index] || isWritten[index] || tensors[index].isState else {
          throw Diagnostic(
            place: place, problem: "tensor '\(tensors[index].name)' is read before it is written",
            remedy: "list the operations in execution order")
        }
      }
      for index in operation.outputs {
        try requireTensor(index, place: place)
        try requireNoState(index, place: place)
        guard !isConstant[index] else {
          throw Diagnostic(
            place: place, problem: "the constant tensor '\(tensors[index].name)' is written")
        }
        guard !isWritten[index] else {
          throw Diagnostic(
            place: place, problem: "tensor '\(tensors[index].name)' is written a second time")
        }
        isWritten[index] = true
      }
    }
    for index in outputs {
      try requireTensor(index, place: "graph outputs")
      try requireNoState(index, place: "graph outputs")
    }
    for index in tensors.indices
    where !isConstant[index] && !isWritten[index] && !tensors[index].isState {
      throw Diagnostic(
        place: place(ofTensor: index),
        problem: "is neither an input, nor a constant, nor written by an operation")
    }
  }

  private func requireTensor(_ index: TensorIndex, place: String) throws(Diagnostic) {
    guard tensors.indices.contains(index) else {
      throw Diagnostic(
        place: place, problem: "tensor index \(index) is outside 0…\(tensors.count - 1)")
    }
  }

  private func requireNoState(_ index: TensorIndex, place: String) throws(Diagnostic) {
    guard !tensors[index].isState else {
      throw Diagnostic(place: place, problem: "tensor '\(tensors[index].name)' is a state")
    }
  }

  private func validateLabels() throws(Diagnostic) {
    guard !labels.isEmpty else { return }
    let output = tensors[outputs[0]]
    let classes = output.shape.last ?? 1
    guard labels.count == classes else {
      throw Diagnostic(
        place: "labels",
        problem: "there are \(labels.count), but the output '\(output.name)' has \(classes) classes"
      )
    }
  }

  /// Where an error about that operation is.
  package func place(ofOperation index: Int) -> String {
    let operation = operations[index]
    return "operation \(index) '\(operation.name)' (\(operation.kind.name))"
  }

  /// Where an error about that tensor is.
  package func place(ofTensor index: TensorIndex) -> String {
    "tensor \(index) '\(tensors[index].name)'"
  }
}
