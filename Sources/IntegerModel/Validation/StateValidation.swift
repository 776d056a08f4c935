import Diagnostics

extension OperatorKind {
  /// Positions of the inputs that the operator reads and updates; each must be a state.
  public var statePositions: Range<Int> {
    switch self {
    case .sequenceLSTM: 13..<15
    case .svdf: 4..<5
    default: 0..<0
    }
  }
}

extension IntegerGraph {
  /// Every state belongs to exactly one operation, and nobody else reads or writes it: what it holds
  /// would depend on the order of execution.
  func validateStates() throws(Diagnostic) {
    var owner = [Int?](repeating: nil, count: tensors.count)
    for position in operations.indices {
      let operation = operations[position]
      let place = self.place(ofOperation: position)
      let statePositions = operation.kind.statePositions
      for (input, index) in operation.inputs.enumerated() {
        let tensor = tensors[index]
        guard tensor.isState == statePositions.contains(input) else {
          throw Diagnostic(
            place: place,
            problem: "input \(input), tensor '\(tensor.name)', is \(tensor.isState ? "" : "not ")a "
              + "state")
        }
        guard tensor.isState else { continue }
        if let other = owner[index] {
          throw Diagnostic(
            place: place,
            problem: "the state '\(tensor.name)' is also that of operation \(other)")
        }
        owner[index] = position
      }
    }
    for index in tensors.indices where tensors[index].isState && owner[index] == nil {
      throw Diagnostic(
        place: place(ofTensor: index), problem: "is a state that no operation updates")
    }
  }
}
