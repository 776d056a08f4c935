import Diagnostics

extension OperationRules {
  /// Mean (`isMean`) and sum.
  func checkReduce(_ parameters: ReduceParameters, isMean: Bool) throws(Diagnostic) {
    try requireInputs(1)
    try requireActivations()
    try requireSameType(output, as: input(0))
    let count = try requireReduction(
      axes: parameters.axes, keepsDimensions: parameters.keepsDimensions)
    // The kernel sums raw codes and subtracts count · zero point afterward, as TFLite does.
    let type = input(0).elementType
    let rawSpan = max(type.maximumCode, -type.minimumCode)
    try requireAccumulator(
      count * max(span(of: input(0)), rawSpan), "the sum of \(count) differences to the zero point")
    let multiplier = parameters.multiplier
    if isMean {
      // Divided by the count, hence not normalized.
      try require(
        multiplier.multiplier >= 0, "the multiplier \(multiplier.multiplier) is negative")
      try requireShift(multiplier, "the", in: -31...30)
    } else {
      try requireMultiplier(multiplier, "the")
    }
  }

  /// Axes that exist, and the output's shape that they give. Returns how many elements of the input
  /// each one of the output depends on.
  func requireReduction(axes: [Int], keepsDimensions: Bool) throws(Diagnostic) -> Int64 {
    let shape = input(0).shape
    var previous = -1
    for axis in axes {
      try require(
        shape.indices.contains(axis),
        "the axis \(axis) does not exist in shape \(shapeText(shape))")
      try require(axis > previous, "the axes \(shapeText(axes)) are not ascending")
      previous = axis
    }
    try require(!axes.isEmpty, "no axis is reduced")
    var expected: [Int] = []
    var count: Int64 = 1
    for axis in shape.indices {
      if axes.contains(axis) {
        count *= Int64(shape[axis])
        if keepsDimensions { expected.append(1) }
      } else {
        expected.append(shape[axis])
      }
    }
    try requireOutputShape(expected)
    return count
  }
}
