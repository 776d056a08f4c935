import Diagnostics
import FloatModel

/// Operators on two or more arrays, element by element, broadcast as in NumPy.
enum ArithmeticOperators {
  static let add = binary(.add(clamp: .none), integers: { $0.addingReportingOverflow($1) })
  static let subtract = binary(
    .subtract(clamp: .none), integers: { $0.subtractingReportingOverflow($1) })
  static let multiply = binary(
    .multiply(clamp: .none), integers: { $0.multipliedReportingOverflow(by: $1) })

  static let divide: OperatorImport = { (node, builder) throws(Diagnostic) in
    if let result = try combineIntegers(node, { $0.dividedReportingOverflow(by: $1) }) {
      return [result]
    }
    if let quotient = try combineConstants(node, &builder, { $0 / $1 }) { return [quotient] }
    let divisor = try builder.weights(1, "divisor", of: node)
    guard !divisor.values.contains(0) else { throw Diagnostic(problem: "divides by 0") }
    let reciprocal = FloatTensor(shape: divisor.shape, values: divisor.values.map { 1 / $0 })
    return [
      try combine(.multiply(clamp: .none), try node.input(0), .constant(reciprocal), node, &builder)
    ]
  }

  static let negate: OperatorImport = { (node, builder) throws(Diagnostic) in
    if case .integers(let tensor) = try node.input(0) {
      return [
        .integers(IntegerTensor(shape: tensor.shape, values: tensor.values.map { 0 &- $0 }))
      ]
    }
    let minusOne = ImportedValue.constant(FloatTensor(shape: [], values: [-1]))
    return [try combine(.multiply(clamp: .none), try node.input(0), minusOne, node, &builder)]
  }

  static let sum: OperatorImport = { (node, builder) throws(Diagnostic) in
    let all = try node.allInputs()
    var total = all[0]
    for (index, value) in all.enumerated().dropFirst() {
      let name = index == all.count - 1 ? nil : "\(node.name)_partial\(index)"
      total = try combine(.add(clamp: .none), total, value, node, &builder, name: name)
    }
    return [total]
  }

  static let maximum = limit({ max($0, $1) }) { ClampRange(minimum: $0, maximum: .infinity) }
  static let minimum = limit({ min($0, $1) }) { ClampRange(minimum: -.infinity, maximum: $0) }

  /// Min or Max: known for integers, a clip where all inputs but one are single numbers.
  private static func limit(
    _ function: @escaping @Sendable (Int64, Int64) -> Int64,
    _ range: @escaping @Sendable (Float) -> ClampRange
  ) -> OperatorImport {
    { (node, builder) throws(Diagnostic) in
      if let known = try combineIntegers(node, { (function($0, $1), false) }) { return [known] }
      let all = try node.allInputs()
      var numbers: [Float] = []
      var operands: [Int] = []
      for (index, value) in all.enumerated() {
        if case .constant(let tensor) = value, tensor.count == 1, !tensor.values[0].isNaN {
          numbers.append(tensor.values[0])
        } else {
          operands.append(index)
        }
      }
      guard operands.count == 1 else {
        throw Diagnostic(
          problem: "compares \(operands.count) arrays; only one array and single numbers are "
            + "supported")
      }
      var placed = try builder.place(operands[0], of: node)
      for number in numbers {
        placed.value = try builder.emit(
          .activation(.clip(range(number))), [placed.value], for: node)
      }
      return [builder.result(placed)]
    }
  }

  private static func binary(
    _ operation: FloatOperation,
    integers: @escaping @Sendable (Int64, Int64) -> (partialValue: Int64, overflow: Bool)
  ) -> OperatorImport {
    { (node, builder) throws(Diagnostic) in
      if let known = try combineIntegers(node, { integers($0, $1) }) { return [known] }
      return [try combine(operation, try node.input(0), try node.input(1), node, &builder)]
    }
  }

  /// The function of all inputs, where all are known integers.
  static func combineIntegers(
    _ node: ONNXNode, _ function: (Int64, Int64) -> (partialValue: Int64, overflow: Bool)
  ) throws(Diagnostic) -> ImportedValue? {
    var total: IntegerTensor?
    for value in try node.allInputs() {
      guard case .integers(let tensor) = value else { return nil }
      guard let left = total else {
        total = tensor
        continue
      }
      total = try IntegerTensor.combine(left, tensor) { (a, b) throws(Diagnostic) in
        let (result, overflow) = function(a, b)
        guard !overflow else {
          throw Diagnostic(problem: "has no 64-bit result for the integers \(a) and \(b)")
        }
        return result
      }
    }
    return total.map { .integers($0) }
  }

  /// The function of both inputs, where both are float constants.
  private static func combineConstants(
    _ node: ONNXNode, _ builder: inout GraphBuilder, _ function: (Float, Float) -> Float
  ) throws(Diagnostic) -> ImportedValue? {
    guard case .constant(let left) = try node.input(0),
      case .constant(let right) = try node.input(1)
    else { return nil }
    guard let shape = ShapeLimits.broadcast(left.shape, right.shape) else {
      throw Diagnostic(problem: "shapes \(left.shape) and \(right.shape) do not broadcast")
    }
    try ShapeLimits.check(shape, of: "the output")
    try builder.charge(shape.reduce(1, *))
    let pairs = zip(
      try Broadcast.elements(left.values, of: left.shape, to: shape),
      try Broadcast.elements(right.values, of: right.shape, to: shape))
    return .constant(FloatTensor(shape: shape, values: pairs.map { function($0, $1) }))
  }

  /// One operation on two values of any layout and rank.
  static func combine(
    _ operation: FloatOperation, _ left: ImportedValue, _ right: ImportedValue, _ node: ONNXNode,
    _ builder: inout GraphBuilder, name: String? = nil
  ) throws(Diagnostic) -> ImportedValue {
    let operands = [left, right]
    let rank = operands.map { builder.shape(of: $0).count }.max() ?? 0
    // Arrays of full rank decide the layout; one that is not ONNX's is an image as convolutions
    // take it.
    let layouts = operands.compactMap { operand -> Layout? in
      guard case .activation(let placed) = operand, placed.layout.rank == rank else { return nil }
      return placed.layout
    }
    let layout = layouts.first { !$0.isStandard } ?? .standard(rank: rank)
    var inputs: [ValueIndex] = []
    for (index, operand) in operands.enumerated() {
      switch operand {
      case .activation(var placed):
        let shape = builder.shape(of: placed)
        if shape.count < rank {
          let full = Array(repeating: 1, count: rank - shape.count) + shape
          placed = try builder.arrangeStandard(placed, for: node)
          placed.value = try builder.emit(
            .reshape(full), [placed.value], for: node, name: "\(node.name)_expanded")
          placed.layout = .standard(rank: rank)
        }
        inputs.append(try builder.arrange(placed, as: layout, for: node).value)
      case .constant(let tensor):
        try ShapeLimits.check(tensor.shape, of: "input \(index)")
        // Without an array of full rank, it is the constant that gives the result its rank.
        let aligned = layouts.isEmpty ? tensor : tensor.broadcasting(in: layout)
        inputs.append(try builder.addConstant(aligned, name: node.inputName(index)))
      case .integers, .unavailable:
        throw Diagnostic(
          problem: "input \(index) holds integers, but only float values flow through the network",
          remedy: "integers may only compute shapes and indices")
      }
    }
    let output = try builder.emit(operation, inputs, for: node, name: name)
    return builder.result(Placed(value: output, layout: layout))
  }
}
