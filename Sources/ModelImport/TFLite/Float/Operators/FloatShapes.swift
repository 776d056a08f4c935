import Diagnostics
import FloatModel
import TFLiteFormat

/// Operators that rename or reorder axes. Known integers pass through reshapes.
enum FloatShapes {
  static let reshape: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    var asked: [Int]
    if node.optionalInput(1) != nil {
      asked = try node.indices(1, "shape")
    } else if case .reshape(let shape) = node.options {
      // Old converters write the shape of a scalar as [0].
      asked = shape == [0] ? [] : shape
    } else {
      throw Diagnostic(problem: "names no shape", remedy: node.wrongOptions.remedy)
    }
    let input = try Reshapable(0, of: node, &builder)
    let source = input.shape(in: builder)
    if let free = asked.firstIndex(of: -1) {
      var rest = asked
      rest.remove(at: free)
      guard let count = ShapeLimits.elementCount(rest), count > 0,
        let total = ShapeLimits.elementCount(source), total % count == 0
      else {
        throw Diagnostic(problem: "cannot give the elements of \(source) the shape \(asked)")
      }
      asked[free] = total / count
    }
    return [try input.reshaped(to: asked, for: node, &builder)]
  }

  static let squeeze: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    guard case .squeeze(let asked) = node.options else { throw node.wrongOptions }
    let input = try Reshapable(0, of: node, &builder)
    let source = input.shape(in: builder)
    let dropped =
      asked.isEmpty
      ? source.indices.filter { source[$0] == 1 }
      : try Axis.resolved(asked, rank: source.count)
    guard dropped.allSatisfy({ source[$0] == 1 }) else {
      throw Diagnostic(problem: "squeezes axes \(dropped) of \(source), which are longer than 1")
    }
    let shape = source.indices.filter { !dropped.contains($0) }.map { source[$0] }
    return [try input.reshaped(to: shape, for: node, &builder)]
  }

  static let expandDimensions: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try Reshapable(0, of: node, &builder)
    var shape = input.shape(in: builder)
    let axis = try Axis.resolved(try node.index(1, "axis"), rank: shape.count + 1)
    shape.insert(1, at: axis)
    return [try input.reshaped(to: shape, for: node, &builder)]
  }

  static let transpose: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try builder.value(0, of: node)
    let permutation = try node.indices(1, "permutation")
    return [builder.content(try builder.emit(.transpose(permutation), [input], for: node))]
  }

  /// Channels become blocks of pixels.
  static let depthToSpace: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    let (input, image, block) = try blockOperands(node, &builder)
    guard image[3] % (block * block) == 0 else {
      throw Diagnostic(
        problem: "blocks of \(block)×\(block) do not divide the channels of \(image)")
    }
    let channels = image[3] / (block * block)
    return [
      try rearranged(
        input, as: [image[0], image[1], image[2], block, block, channels],
        by: [0, 1, 3, 2, 4, 5],
        to: [image[0], image[1] * block, image[2] * block, channels], node, &builder)
    ]
  }

  /// Blocks of pixels become channels.
  static let spaceToDepth: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    let (input, image, block) = try blockOperands(node, &builder)
    guard image[1] % block == 0, image[2] % block == 0 else {
      throw Diagnostic(problem: "blocks of \(block)×\(block) do not divide the image \(image)")
    }
    let (rows, columns) = (image[1] / block, image[2] / block)
    return [
      try rearranged(
        input, as: [image[0], rows, block, columns, block, image[3]], by: [0, 1, 3, 2, 4, 5],
        to: [image[0], rows, columns, block * block * image[3]], node, &builder)
    ]
  }

  private static func blockOperands(
    _ node: FloatOperator, _ builder: inout FloatGraphBuilder
  ) throws(Diagnostic) -> (input: ValueIndex, image: [Int], block: Int) {
    guard case .blockSize(let block) = node.options else { throw node.wrongOptions }
    let input = try builder.value(0, of: node)
    let image = builder.shape(of: input)
    // Squares of blocks stay far from overflow.
    guard image.count == 4, (1...1 << 15).contains(block) else {
      throw Diagnostic(problem: "takes blocks of \(block)×\(block) of \(image)")
    }
    return (input, image, block)
  }

  private static func rearranged(
    _ input: ValueIndex, as shape: [Int], by permutation: [Int], to result: [Int],
    _ node: FloatOperator, _ builder: inout FloatGraphBuilder
  ) throws(Diagnostic) -> FloatTensorContent {
    let blocks = try builder.emit(.reshape(shape), [input], for: node, suffix: "_blocks")
    let moved = try builder.emit(.transpose(permutation), [blocks], for: node, suffix: "_moved")
    return builder.content(try builder.emit(.reshape(result), [moved], for: node))
  }
}

/// An input whose axes may be regrouped: known integers or a value of the graph.
enum Reshapable {
  case integers(IntegerTensor)
  case value(ValueIndex)

  /// Input `index` of an operator.
  init(
    _ index: Int, of node: FloatOperator, _ builder: inout FloatGraphBuilder
  ) throws(Diagnostic) {
    if let known = try builder.knownIntegers(index, of: node) {
      self = .integers(known)
    } else {
      self = .value(try builder.value(index, of: node))
    }
  }

  func shape(in builder: FloatGraphBuilder) -> [Int] {
    switch self {
    case .integers(let tensor): tensor.shape
    case .value(let value): builder.shape(of: value)
    }
  }

  /// The same elements under another shape.
  func reshaped(
    to shape: [Int], for node: FloatOperator, _ builder: inout FloatGraphBuilder, output: Int = 0
  ) throws(Diagnostic) -> FloatTensorContent {
    switch self {
    case .integers(let tensor):
      guard ShapeLimits.elementCount(shape) == tensor.values.count else {
        throw Diagnostic(
          problem: "cannot give the elements of \(tensor.shape) the shape \(shape)")
      }
      return .integers(IntegerTensor(shape: shape, values: tensor.values))
    case .value(let value):
      return builder.content(
        try builder.emit(.reshape(shape), [value], for: node, output: output))
    }
  }
}
