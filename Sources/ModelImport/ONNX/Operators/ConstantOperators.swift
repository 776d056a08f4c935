import Diagnostics
import FloatModel

/// Operators whose result is known when the model is read: constants, shapes and what exporters
/// compute from them.
enum ConstantOperators {
  static let constant: OperatorImport = { (node, builder) throws(Diagnostic) in
    if let tensor = try node.tensor("value") { return [try builder.tensors.read(tensor)] }
    if let number = try node.float("value_float") {
      return [.constant(FloatTensor(shape: [], values: [number]))]
    }
    if let numbers = try node.floats("value_floats") {
      return [.constant(FloatTensor(shape: [numbers.count], values: numbers))]
    }
    if let number = try node.unboundedInt("value_int") {
      return [.integers(IntegerTensor(shape: [], values: [number]))]
    }
    if let numbers = try node.unboundedInts("value_ints") {
      return [.integers(IntegerTensor(shape: [numbers.count], values: numbers))]
    }
    throw Diagnostic(problem: "has no dense numeric value")
  }

  static let constantOfShape: OperatorImport = { (node, builder) throws(Diagnostic) in
    guard let extents = try node.indexVector(0, "shape") else {
      throw Diagnostic(problem: "input 0 (shape) is missing")
    }
    let count = try IntegerTensor.checkedCount(extents)
    try builder.charge(count)
    guard let tensor = try node.tensor("value") else {
      return [.constant(FloatTensor(shape: extents, values: Array(repeating: 0, count: count)))]
    }
    switch try builder.tensors.read(tensor) {
    case .constant(let value) where value.count == 1:
      let values = Array(repeating: value.values[0], count: count)
      return [.constant(FloatTensor(shape: extents, values: values))]
    case .integers(let value) where value.values.count == 1:
      let values = Array(repeating: value.values[0], count: count)
      return [.integers(IntegerTensor(shape: extents, values: values))]
    default:
      throw Diagnostic(problem: "attribute 'value' is not one number")
    }
  }

  static let shape: OperatorImport = { (node, builder) throws(Diagnostic) in
    let shape = builder.shape(of: try node.input(0))
    func bound(_ name: String, _ other: Int) throws(Diagnostic) -> Int {
      guard let limit = try node.int(name) else { return other }
      return min(max(limit < 0 ? limit + shape.count : limit, 0), shape.count)
    }
    let start = try bound("start", 0)
    let end = try bound("end", shape.count)
    return [.integers(IntegerTensor(start < end ? Array(shape[start..<end]) : []))]
  }

  static let size: OperatorImport = { (node, builder) throws(Diagnostic) in
    let count = builder.shape(of: try node.input(0)).reduce(1, *)
    return [.integers(IntegerTensor(shape: [], values: [Int64(count)]))]
  }

  static let cast: OperatorImport = { (node, builder) throws(Diagnostic) in
    node.ignore("saturate", "round_mode")
    guard let target = try node.int("to") else {
      throw Diagnostic(problem: "attribute 'to' is missing")
    }
    let input = try node.input(0)
    guard let code = ElementCode(rawValue: Int32(clamping: target)) else {
      throw Diagnostic(
        problem: "casts to \(ElementCode.name(of: Int32(clamping: target))), which is not supported"
      )
    }
    switch (input, code.isReal) {
    case (.activation, true), (.constant, true): return [input]
    case (.integers(let tensor), true):
      try builder.charge(tensor.values.count)
      return [
        .constant(FloatTensor(shape: tensor.shape, values: tensor.values.map { Float($0) }))
      ]
    case (.integers(let tensor), false) where code == .bool:
      return [
        .integers(
          IntegerTensor(shape: tensor.shape, values: tensor.values.map { $0 == 0 ? 0 : 1 }))
      ]
    case (.integers, false): return [input]
    case (.constant(let tensor), false):
      try builder.charge(tensor.count)
      var values: [Int64] = []
      for value in tensor.values {
        guard let integer = Int64(exactly: value.rounded(.towardZero)) else {
          throw Diagnostic(problem: "casts \(value) to an integer")
        }
        values.append(code == .bool ? (value == 0 ? 0 : 1) : integer)
      }
      return [.integers(IntegerTensor(shape: tensor.shape, values: values))]
    case (.activation, false), (.unavailable, _):
      throw Diagnostic(
        problem: "casts computed values to \(code)",
        remedy: "only constants and shapes can become integers")
    }
  }

  static let range: OperatorImport = { (node, _) throws(Diagnostic) in
    node.ignore("stash_type")
    guard let start = try node.integers(0, "start")?.values.first,
      let limit = try node.integers(1, "limit")?.values.first,
      let delta = try node.integers(2, "delta")?.values.first, delta != 0
    else { throw Diagnostic(problem: "needs integers for start, limit and a delta other than 0") }
    var values: [Int64] = []
    var value = start
    while delta > 0 ? value < limit : value > limit {
      values.append(value)
      guard values.count <= IntegerTensor.greatestCount else {
        throw Diagnostic(problem: "counts more than \(IntegerTensor.greatestCount) integers")
      }
      let (next, overflow) = value.addingReportingOverflow(delta)
      if overflow { break }
      value = next
    }
    return [.integers(IntegerTensor(shape: [values.count], values: values))]
  }

  static let remainder: OperatorImport = { (node, _) throws(Diagnostic) in
    let isTruncating = try node.int("fmod") ?? 0 != 0
    guard
      let result = try ArithmeticOperators.combineIntegers(
        node,
        { (value, divisor) in
          let (truncated, overflow) = value.remainderReportingOverflow(dividingBy: divisor)
          // Without fmod the result has the divisor's sign.
          let isOtherSign = truncated != 0 && (truncated < 0) != (divisor < 0)
          return (isTruncating || !isOtherSign ? truncated : truncated &+ divisor, overflow)
        })
    else { throw notKnown }
    return [result]
  }

  static let equal: OperatorImport = { (node, _) throws(Diagnostic) in
    guard
      let result = try ArithmeticOperators.combineIntegers(node, { ($0 == $1 ? 1 : 0, false) })
    else { throw notKnown }
    return [result]
  }

  static let select: OperatorImport = { (node, _) throws(Diagnostic) in
    guard let condition = try node.integers(0, "condition"), let first = try node.integers(1, "X"),
      let second = try node.integers(2, "Y")
    else { throw notKnown }
    var shape = condition.shape
    for other in [first.shape, second.shape] {
      guard let wider = ShapeLimits.broadcast(shape, other) else {
        throw Diagnostic(problem: "shapes \(shape) and \(other) do not broadcast")
      }
      shape = wider
    }
    let conditions = try condition.broadcast(to: shape).values
    let (left, right) = (try first.broadcast(to: shape), try second.broadcast(to: shape))
    return [
      .integers(
        IntegerTensor(
          shape: shape,
          values: conditions.indices.map { index in
            conditions[index] != 0 ? left.values[index] : right.values[index]
          }))
    ]
  }

  static let expand: OperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try node.input(0)
    let source = builder.shape(of: input)
    guard let asked = try node.indexVector(1, "shape"),
      let shape = ShapeLimits.broadcast(source, asked)
    else { throw Diagnostic(problem: "cannot expand \(source) to its input 1 (shape)") }
    switch input {
    case .integers(let tensor): return [.integers(try tensor.broadcast(to: shape))]
    case .constant(let tensor):
      try ShapeLimits.check(shape, of: "the output")
      try builder.charge(shape.reduce(1, *))
      let values = try Broadcast.elements(tensor.values, of: source, to: shape)
      return [.constant(FloatTensor(shape: shape, values: values))]
    case .activation(let placed) where shape.reduce(1, *) == source.reduce(1, *):
      return [.activation(try builder.reshape(placed, to: shape, for: node))]
    case .activation, .unavailable:
      throw Diagnostic(problem: "repeats computed values of shape \(source) to \(shape)")
    }
  }

  static let floor = function { $0.rounded(.down) }
  static let ceil = function { $0.rounded(.up) }
  static let reciprocal = function { 1 / $0 }
  static let squareRoot = function { $0.squareRoot() }

  private static let notKnown = Diagnostic(
    problem: "an input is not a known integer",
    remedy: "this operator is supported only in shape computations")

  /// A function of each element of a float constant.
  private static func function(
    _ body: @escaping @Sendable (Float) -> Float
  ) -> OperatorImport {
    { (node, builder) throws(Diagnostic) in
      guard let tensor = try node.floatConstant(0, "X") else {
        throw Diagnostic(problem: "input 0 (X) is missing")
      }
      try builder.charge(tensor.count)
      return [.constant(FloatTensor(shape: tensor.shape, values: tensor.values.map(body)))]
    }
  }
}
