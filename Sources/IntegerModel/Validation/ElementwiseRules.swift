import Diagnostics

extension OperationRules {
  func checkAdd(_ parameters: AddParameters) throws(Diagnostic) {
    try requireBroadcastOperands()
    try requireSameType(input(1), as: input(0))
    try requireSameType(output, as: input(0))
    try requireInside(Int(parameters.leftShift), "left shift", 0...30)
    for position in 0...1 {
      // Each scaled input lies in −2^30…2^30 − 1, so that sum and difference fit 32 bits.
      let (tensor, shift) = (input(position), Int64(parameters.leftShift))
      let greatest = (tensor.elementType.maximumCode - Int64(tensor.zeroPoint)) << shift
      let least = (tensor.elementType.minimumCode - Int64(tensor.zeroPoint)) << shift
      try require(
        greatest < 1 << 30 && least >= -(1 << 30),
        "input '\(tensor.name)' shifted left by \(shift) can reach \(max(greatest, -least)); the "
          + "limit is 1073741823")
    }
    try requireMultiplier(parameters.first, "first", shift: -31...0)
    try requireMultiplier(parameters.second, "second", shift: -31...0)
    try requireMultiplier(parameters.output, "output")
    try requireClamp(parameters.clamp)
  }

  func checkMultiply(_ parameters: MultiplyParameters) throws(Diagnostic) {
    try requireBroadcastOperands()
    try requireSameType(input(1), as: input(0))
    try requireSameType(output, as: input(0))
    try requireAccumulator(span(of: input(0)) * span(of: input(1)), "the product of the inputs")
    try requireMultiplier(parameters.multiplier, "the")
    try requireClamp(parameters.clamp)
  }

  func checkPRelu(_ parameters: PReluParameters) throws(Diagnostic) {
    try requireBroadcastOperands()
    for tensor in [input(0), input(1), output] { try requireByteCodes(tensor) }
    try requireSameType(output, as: input(0))
    try require(
      output.shape == input(0).shape,
      "alpha '\(input(1).name)' \(shapeText(input(1).shape)) does not broadcast to the input's "
        + "shape \(shapeText(input(0).shape))")
    try requireAccumulator(
      span(of: input(0)) * span(of: input(1)), "the product of input and alpha")
    try requireMultiplier(parameters.positive, "positive")
    try requireMultiplier(parameters.negative, "negative")
  }

  func checkLeakyRelu(_ parameters: LeakyReluParameters) throws(Diagnostic) {
    try requireInputs(1)
    try requireActivations()
    try requireSameType(output, as: input(0))
    try requireOutputShape(input(0).shape)
    try requireMultiplier(parameters.positive, "positive")
    try requireMultiplier(parameters.negative, "negative")
  }

  /// The position in the table, of a 15-bit code times a 15-bit multiplier, stays within 32 bits.
  func checkInterpolatedFunction(
    _ parameters: InterpolatedFunctionParameters
  ) throws(Diagnostic) {
    try requireInputs(1)
    try requireActivations()
    try require(
      input(0).elementType == .int16,
      "tensor '\(input(0).name)' is \(input(0).elementType.name); int16 is needed")
    try requireSameType(output, as: input(0))
    try requireOutputShape(input(0).shape)
    try requireScale("1/32768", bits: 0x3800_0000, zeroPoint: 0)
    try require(
      parameters.function == .logistic || parameters.function == .tanh,
      "there is no table of \(parameters.function.name); logistic and tanh have one")
    try requireInside(Int(parameters.multiplier), "multiplier", 1...32_767)
    try requireInside(Int(parameters.shift), "shift", 0...30)
  }

  func checkRequantize(_ multiplier: FixedPointMultiplier) throws(Diagnostic) {
    try requireInputs(1)
    for tensor in [input(0), output] {
      switch tensor.elementType {
      case .int8, .uint8, .int16, .int32: break
      case .int64, .int4:
        throw fault(
          "tensor '\(tensor.name)' is \(tensor.elementType.name); the limit is int8, uint8, int16 or "
            + "int32")
      }
      try requireOneScale(tensor)
    }
    try requireOutputShape(input(0).shape)
    try requireMultiplier(multiplier, "the")
  }

  func checkLookup(_ parameters: LookupParameters) throws(Diagnostic) {
    try requireInputs(1)
    for tensor in [input(0), output] {
      try requireActivation(tensor)
      try require(
        tensor.elementType != .int16,
        "tensor '\(tensor.name)' is int16; a lookup table serves int8 and uint8")
    }
    try requireOutputShape(input(0).shape)
    try require(
      parameters.table.count == 256,
      "the lookup table has \(parameters.table.count) codes; 256 are needed")
    for entry in parameters.profileTables {
      try require(
        entry.table.count == 256,
        "the lookup table of profile \(entry.profile.name) has \(entry.table.count) codes; 256 are "
          + "needed")
    }
  }

  private func requireBroadcastOperands() throws(Diagnostic) {
    try requireInputs(2)
    try requireActivations()
    try requireBroadcastShape()
  }

  /// The output has the shape that the two inputs give together.
  func requireBroadcastShape() throws(Diagnostic) {
    guard let shape = broadcastShape(input(0).shape, input(1).shape) else {
      throw fault(
        "the shapes \(shapeText(input(0).shape)) and \(shapeText(input(1).shape)) do not broadcast")
    }
    try requireOutputShape(shape)
  }
}

/// The shape that two arrays give together, as in NumPy: aligned at the last axis, each pair of
/// extents equal or one of them 1. `nil` where they do not.
public func broadcastShape(_ first: [Int], _ second: [Int]) -> [Int]? {
  let rank = max(first.count, second.count)
  var result: [Int] = []
  for axis in 0..<rank {
    let left = axis < rank - first.count ? 1 : first[axis - (rank - first.count)]
    let right = axis < rank - second.count ? 1 : second[axis - (rank - second.count)]
    guard left == right || left == 1 || right == 1 else { return nil }
    result.append(max(left, right))
  }
  return result
}
