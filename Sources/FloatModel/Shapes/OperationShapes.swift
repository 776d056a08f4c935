import Diagnostics

extension FloatOperation {
  /// Least and greatest number of inputs.
  var inputCounts: ClosedRange<Int> {
    switch self {
    case .convolution, .fullyConnected: 2...3
    case .batchNormalization: 5...5
    case .prelu, .add, .subtract, .multiply: 2...2
    case .concatenation: 1...Int.max
    case .activation, .maxPool, .averagePool, .mean, .softmax, .pad, .reshape, .transpose,
      .resize, .slice, .identity:
      1...1
    }
  }

  /// The shape this operation gives its output for inputs of shapes `inputs`, whose extents are
  /// all at least 1.
  ///
  /// - Throws: a diagnostic without a place where shapes and parameters disagree, or where the
  ///   output would be empty or exceed ``ShapeLimits``.
  public func outputShape(inputs: [[Int]]) throws(Diagnostic) -> [Int] {
    guard inputCounts.contains(inputs.count) else {
      let least = inputCounts.lowerBound
      let expected = inputCounts.count == 1 ? "\(least)" : "\(least) or more"
      throw Diagnostic(problem: "has \(inputs.count) inputs instead of \(expected)")
    }
    let shape = try uncheckedOutputShape(inputs: inputs)
    try ShapeLimits.check(shape, of: "the output")
    return shape
  }

  private func uncheckedOutputShape(inputs: [[Int]]) throws(Diagnostic) -> [Int] {
    switch self {
    case .convolution(let convolution):
      return try WindowShapes.convolution(convolution, inputs: inputs)
    case .maxPool(let pool), .averagePool(let pool):
      return try WindowShapes.pool(pool, image: inputs[0])
    case .fullyConnected:
      return try Self.fullyConnectedShape(inputs)
    case .batchNormalization:
      try Self.checkBatchNormalization(inputs)
      return inputs[0]
    case .activation, .identity:
      return inputs[0]
    case .prelu:
      guard ShapeLimits.broadcast(inputs[0], inputs[1]) == inputs[0] else {
        throw Diagnostic(
          problem: "the slope \(inputs[1]) does not broadcast to the input \(inputs[0])")
      }
      return inputs[0]
    case .add, .subtract, .multiply:
      guard let shape = ShapeLimits.broadcast(inputs[0], inputs[1]) else {
        throw Diagnostic(problem: "shapes \(inputs[0]) and \(inputs[1]) do not broadcast")
      }
      return shape
    case .concatenation(let axis):
      return try Self.concatenationShape(inputs, axis: axis)
    case .mean(let axes, let keepsDimensions):
      return try Self.meanShape(inputs[0], axes: axes, keepsDimensions: keepsDimensions)
    case .softmax(let axis):
      try Self.checkAxis(axis, of: inputs[0])
      return inputs[0]
    case .pad(let before, let after, let mode):
      return try Self.padShape(inputs[0], before: before, after: after, mode: mode)
    case .reshape(let shape):
      guard let count = ShapeLimits.elementCount(shape),
        count == ShapeLimits.elementCount(inputs[0])
      else {
        throw Diagnostic(problem: "cannot give the elements of \(inputs[0]) the shape \(shape)")
      }
      return shape
    case .transpose(let permutation):
      guard permutation.sorted() == Array(inputs[0].indices) else {
        throw Diagnostic(
          problem: "\(permutation) is no permutation of the axes of \(inputs[0])")
      }
      return permutation.map { inputs[0][$0] }
    case .resize(let resize):
      return try Self.resizeShape(inputs[0], resize)
    case .slice(let begin, let extent, let strides):
      try Self.checkSlice(inputs[0], begin: begin, extent: extent, strides: strides)
      return extent
    }
  }

  private static func checkAxis(_ axis: Int, of shape: [Int]) throws(Diagnostic) {
    guard shape.indices.contains(axis) else {
      throw Diagnostic(problem: "axis \(axis) is outside the shape \(shape)")
    }
  }

  private static func fullyConnectedShape(_ inputs: [[Int]]) throws(Diagnostic) -> [Int] {
    let weights = inputs[1]
    guard weights.count == 2 else {
      throw Diagnostic(problem: "the weights have shape \(weights), not [O, I]")
    }
    guard let last = inputs[0].last, last == weights[1] else {
      throw Diagnostic(
        problem: "the weights \(weights) take \(weights[1]) elements, but the input has shape "
          + "\(inputs[0])")
    }
    if inputs.count == 3, inputs[2] != [weights[0]] {
      throw Diagnostic(problem: "the bias has shape \(inputs[2]), not [\(weights[0])]")
    }
    return inputs[0].dropLast() + [weights[0]]
  }

  private static func checkBatchNormalization(_ inputs: [[Int]]) throws(Diagnostic) {
    guard let channels = inputs[0].last else {
      throw Diagnostic(problem: "the input is a scalar")
    }
    for (name, shape) in zip(["gamma", "beta", "mean", "variance"], inputs.dropFirst())
    where shape != [channels] {
      throw Diagnostic(problem: "\(name) has shape \(shape), not [\(channels)]")
    }
  }

  private static func concatenationShape(
    _ inputs: [[Int]], axis: Int
  ) throws(Diagnostic) -> [Int] {
    var shape = inputs[0]
    try checkAxis(axis, of: shape)
    for other in inputs.dropFirst() {
      guard other.count == shape.count,
        shape.indices.allSatisfy({ $0 == axis || other[$0] == shape[$0] })
      else {
        throw Diagnostic(
          problem: "shapes \(inputs[0]) and \(other) differ elsewhere than along axis \(axis)")
      }
      let (sum, overflow) = shape[axis].addingReportingOverflow(other[axis])
      guard !overflow else { throw Diagnostic(problem: "the output is too large") }
      shape[axis] = sum
    }
    return shape
  }

  private static func meanShape(
    _ input: [Int], axes: [Int], keepsDimensions: Bool
  ) throws(Diagnostic) -> [Int] {
    for axis in axes { try checkAxis(axis, of: input) }
    guard !axes.isEmpty, zip(axes, axes.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw Diagnostic(problem: "axes \(axes) are empty, or not ascending and distinct")
    }
    if keepsDimensions { return input.indices.map { axes.contains($0) ? 1 : input[$0] } }
    return input.indices.filter { !axes.contains($0) }.map { input[$0] }
  }

  private static func padShape(
    _ input: [Int], before: [Int], after: [Int], mode: FloatPadMode
  ) throws(Diagnostic) -> [Int] {
    guard before.count == input.count, after.count == input.count else {
      throw Diagnostic(
        problem: "pads \(before.count) axes before and \(after.count) after the input \(input)")
    }
    for amount in before + after {
      guard (0...ShapeLimits.greatestParameter).contains(amount) else {
        throw Diagnostic(
          problem: "padding \(amount) is outside 0…\(ShapeLimits.greatestParameter)")
      }
    }
    if mode == .reflect {
      for axis in input.indices where max(before[axis], after[axis]) >= input[axis] {
        throw Diagnostic(
          problem: "cannot reflect \(max(before[axis], after[axis])) elements along axis \(axis) "
            + "of \(input)")
      }
    }
    return input.indices.map { before[$0] + input[$0] + after[$0] }
  }

  private static func resizeShape(
    _ input: [Int], _ resize: FloatResize
  ) throws(Diagnostic) -> [Int] {
    try WindowShapes.checkImage(input)
    for scale in [resize.verticalScale, resize.horizontalScale] {
      guard scale.isFinite, scale > 0 else {
        throw Diagnostic(problem: "scale \(scale) is not a positive number")
      }
    }
    return [input[0], resize.size.height, resize.size.width, input[3]]
  }

  private static func checkSlice(
    _ input: [Int], begin: [Int], extent: [Int], strides: [Int]
  ) throws(Diagnostic) {
    guard begin.count == input.count, extent.count == input.count, strides.count == input.count
    else {
      throw Diagnostic(problem: "slices another number of axes than the input \(input) has")
    }
    let limit = ShapeLimits.greatestParameter
    for axis in input.indices {
      let isLegal = (1...limit).contains(extent[axis]) && strides[axis] != 0
      // The magnitude first: an extent and a stride below 2^31 have a product that fits.
      let last =
        isLegal && (-limit...limit).contains(strides[axis])
        ? (extent[axis] - 1) * strides[axis] : limit
      guard isLegal, (0..<input[axis]).contains(begin[axis]),
        (0..<input[axis]).contains(begin[axis] + last)
      else {
        throw Diagnostic(
          problem: "\(extent[axis]) elements from \(begin[axis]) in steps of \(strides[axis]) "
            + "leave axis \(axis) of \(input)")
      }
    }
  }
}
