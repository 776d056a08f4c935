import Diagnostics

extension OperationRules {
  /// Minimum and maximum: codes are compared as they are.
  func checkExtreme() throws(Diagnostic) {
    try requireInputs(2)
    try requireActivations()
    for position in 0...1 { try requireSameCodes(input(position), as: output) }
    try requireBroadcastShape()
  }

  /// Arg max and arg min.
  func checkArgument(_ parameters: ArgumentParameters) throws(Diagnostic) {
    try requireInputs(1)
    try requireActivation(input(0))
    try requireIndexType(output)
    var shape = input(0).shape
    try require(
      shape.indices.contains(parameters.axis),
      "the axis \(parameters.axis) does not exist in shape \(shapeText(shape))")
    shape.remove(at: parameters.axis)
    try requireOutputShape(shape)
  }

  /// Reduce max and reduce min.
  func checkReduceExtreme(_ parameters: ReduceExtremeParameters) throws(Diagnostic) {
    try requireCopiedCodes()
    try requireActivations()
    _ = try requireReduction(
      axes: parameters.axes, keepsDimensions: parameters.keepsDimensions)
  }
}
