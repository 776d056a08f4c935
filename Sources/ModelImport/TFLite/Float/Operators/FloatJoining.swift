import Diagnostics
import FloatModel
import TFLiteFormat

/// Operators that put arrays together.
enum FloatJoining {
  static let concatenate: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    guard case .concatenation(let asked, let activation) = node.options else {
      throw node.wrongOptions
    }
    if let known = try joinIntegers(node, builder, isConcatenation: true) { return [known] }
    let inputs = try values(node, &builder)
    let axis = try Axis.resolved(asked, rank: builder.shape(of: inputs[0]).count)
    return [
      try builder.emit(.concatenation(axis: axis), inputs, clampedBy: activation, for: node)
    ]
  }

  /// Arrays side by side along a new axis.
  static let pack: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    guard case .pack(let count, let asked) = node.options else { throw node.wrongOptions }
    guard count == node.inputs.count else {
      throw Diagnostic(problem: "packs \(count) arrays, but has \(node.inputs.count) inputs")
    }
    if let known = try joinIntegers(node, builder, isConcatenation: false) { return [known] }
    var inputs = try values(node, &builder)
    var shape = builder.shape(of: inputs[0])
    let axis = try Axis.resolved(asked, rank: shape.count + 1)
    shape.insert(1, at: axis)
    for index in inputs.indices {
      inputs[index] = try builder.emit(
        .reshape(shape), [inputs[index]], for: node, suffix: "_part\(index)")
    }
    return [
      builder.content(try builder.emit(.concatenation(axis: axis), inputs, for: node))
    ]
  }

  /// Repetitions along each axis.
  static let tile: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    var value = try builder.value(0, of: node)
    let rank = builder.shape(of: value).count
    let counts = try node.indices(1, "multiples")
    guard counts.count == rank, counts.allSatisfy({ (1...greatestRepetition).contains($0) }) else {
      throw Diagnostic(
        problem: "repeats \(builder.shape(of: value)) \(counts) times; each axis takes 1…"
          + "\(greatestRepetition)")
    }
    for axis in 0..<rank where counts[axis] > 1 {
      let isLast = counts[(axis + 1)...].allSatisfy { $0 == 1 }
      value = try builder.emit(
        .concatenation(axis: axis), Array(repeating: value, count: counts[axis]), for: node,
        suffix: isLast ? "" : "_tiled\(axis)")
    }
    return [builder.content(value)]
  }

  /// Most repetitions along an axis: each is an input of a concatenation.
  private static let greatestRepetition = 1024

  private static func values(
    _ node: FloatOperator, _ builder: inout FloatGraphBuilder
  ) throws(Diagnostic) -> [ValueIndex] {
    guard !node.inputs.isEmpty else { throw Diagnostic(problem: "has no input") }
    var values: [ValueIndex] = []
    for index in node.inputs.indices { values.append(try builder.value(index, of: node)) }
    return values
  }

  /// The vector of all inputs, where all are known integers: vectors that are concatenated, or
  /// single numbers that are packed.
  private static func joinIntegers(
    _ node: FloatOperator, _ builder: FloatGraphBuilder, isConcatenation: Bool
  ) throws(Diagnostic) -> FloatTensorContent? {
    var values: [Int64] = []
    for index in node.inputs.indices {
      guard let tensor = try builder.knownIntegers(index, of: node) else { return nil }
      guard tensor.shape.count == (isConcatenation ? 1 : 0) else {
        throw Diagnostic(problem: "joins integers of shape \(tensor.shape), which is not supported")
      }
      values += tensor.values
      _ = try IntegerTensor.checkedCount([values.count])
    }
    return .integers(IntegerTensor(shape: [values.count], values: values))
  }
}
