import Diagnostics
import FloatModel

/// Operators that only rename or reorder axes. Whatever they read, constants and integers too,
/// passes through.
enum ShapeOperators {
  static let identity: OperatorImport = { (node, _) throws(Diagnostic) in [try node.input(0)] }

  static let dropout: OperatorImport = { (node, _) throws(Diagnostic) in
    node.ignore("ratio", "seed")
    if case .integers(let training)? = try node.optionalInput(2), training.values != [0] {
      throw Diagnostic(
        problem: "is in training mode", remedy: "export the model for inference")
    }
    return [try node.input(0)]
  }

  static let transpose: OperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try node.input(0)
    let rank = builder.shape(of: input).count
    let permutation = try node.ints("perm") ?? Array((0..<rank).reversed())
    guard permutation.sorted() == Array(0..<rank) else {
      throw Diagnostic(
        problem: "attribute 'perm' is \(permutation), no permutation of \(rank) axes")
    }
    switch input {
    case .constant(let tensor):
      try builder.charge(tensor.count)
      return [.constant(tensor.transposed(by: permutation))]
    case .activation(let placed):
      return [
        .activation(
          Placed(value: placed.value, layout: placed.layout.transposed(by: permutation)))
      ]
    case .integers(let tensor) where tensor.shape.count < 2: return [input]
    case .integers, .unavailable:
      throw Diagnostic(problem: "transposes integers, which is not supported")
    }
  }

  static let reshape: OperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try node.input(0)
    let source = builder.shape(of: input)
    guard let asked = try node.indexVector(1, "shape") else {
      throw Diagnostic(problem: "input 1 (shape) is missing")
    }
    let zeroIsZero = try node.int("allowzero") ?? 0 != 0
    var shape: [Int] = []
    for (axis, extent) in asked.enumerated() {
      guard extent == 0, !zeroIsZero else {
        shape.append(extent)
        continue
      }
      guard source.indices.contains(axis) else {
        throw Diagnostic(problem: "shape \(asked) copies axis \(axis) of the input \(source)")
      }
      shape.append(source[axis])
    }
    if let free = shape.firstIndex(of: -1) {
      var rest = shape
      rest.remove(at: free)
      guard let count = ShapeLimits.elementCount(rest), count > 0,
        let total = ShapeLimits.elementCount(source), total % count == 0
      else {
        throw Diagnostic(problem: "cannot give the elements of \(source) the shape \(asked)")
      }
      shape[free] = total / count
    }
    return [try reshaped(input, to: shape, node, &builder)]
  }

  static let flatten: OperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try node.input(0)
    let source = builder.shape(of: input)
    let axis = try node.int("axis") ?? 1
    let split = axis == source.count ? axis : try Axis.resolved(axis, rank: source.count)
    let shape = [source[..<split].reduce(1, *), source[split...].reduce(1, *)]
    return [try reshaped(input, to: shape, node, &builder)]
  }

  static let squeeze: OperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try node.input(0)
    let source = builder.shape(of: input)
    let asked = try axes(of: node)
    let dropped =
      try asked.map { (axes) throws(Diagnostic) in try ONNXNode.axes(axes, rank: source.count) }
      ?? source.indices.filter { source[$0] == 1 }
    guard dropped.allSatisfy({ source[$0] == 1 }) else {
      throw Diagnostic(problem: "squeezes axes \(dropped) of \(source), which are longer than 1")
    }
    let shape = source.indices.filter { !dropped.contains($0) }.map { source[$0] }
    return [try reshaped(input, to: shape, node, &builder)]
  }

  static let unsqueeze: OperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try node.input(0)
    let source = builder.shape(of: input)
    guard let asked = try axes(of: node) else { throw Diagnostic(problem: "names no axes") }
    let rank = source.count + asked.count
    guard rank <= ShapeLimits.greatestRank else {
      throw Diagnostic(problem: "makes \(rank) axes of \(source)")
    }
    let added = try ONNXNode.axes(asked, rank: rank)
    var rest = source.makeIterator()
    let shape = (0..<rank).map { added.contains($0) ? 1 : rest.next() ?? 1 }
    return [try reshaped(input, to: shape, node, &builder)]
  }

  /// Axes, an attribute until opset 12 and an input since.
  private static func axes(of node: ONNXNode) throws(Diagnostic) -> [Int]? {
    node.opset < 13 ? try node.ints("axes") : try node.indexVector(1, "axes")
  }

  private static func reshaped(
    _ input: ImportedValue, to shape: [Int], _ node: ONNXNode, _ builder: inout GraphBuilder
  ) throws(Diagnostic) -> ImportedValue {
    let source = builder.shape(of: input)
    guard let count = ShapeLimits.elementCount(shape), shape.count <= ShapeLimits.greatestRank,
      count == ShapeLimits.elementCount(source)
    else {
      throw Diagnostic(problem: "cannot give the elements of \(source) the shape \(shape)")
    }
    switch input {
    case .constant(let tensor):
      return .constant(FloatTensor(shape: shape, values: tensor.values))
    case .integers(let tensor):
      return .integers(IntegerTensor(shape: shape, values: tensor.values))
    case .activation(let placed):
      return .activation(try builder.reshape(placed, to: shape, for: node))
    case .unavailable(let reason):
      throw Diagnostic(problem: "an input \(reason)")
    }
  }
}
