import Diagnostics

extension OperationRules {
  /// Softmax; see `SoftmaxParameters`.
  func checkSoftmax(_ parameters: SoftmaxParameters) throws(Diagnostic) {
    try requireInputs(1)
    let activation = input(0)
    try requireActivation(activation)
    try requireOutputShape(activation.shape)
    if activation.elementType == .int16 {
      try checkWideSoftmax(parameters)
    } else {
      try checkByteSoftmax(parameters)
    }
  }

  /// In gemmlowp's fixed point, from 8 bits to 8 or 16.
  private func checkByteSoftmax(_ parameters: SoftmaxParameters) throws(Diagnostic) {
    let activation = input(0)
    if output.elementType != .int16 { try requireSameType(output, as: activation) }
    try requireInside(activation.shape.last ?? 1, "softmax length", 1...GraphLimits.softmaxLength)
    if output.elementType == .int16 {
      try requireScale("1/65536", bits: 0x3780_0000, zeroPoint: -32_768)
    } else {
      try requireScale(
        "1/256", bits: 0x3b80_0000, zeroPoint: Int32(output.elementType.minimumCode))
    }
    try requireDifferenceScaling(
      parameters.multiplier, minimumDifference: parameters.minimumDifference)
  }

  /// How softmax scales differences of codes to Q5.26: by a left shift that does not overflow.
  func requireDifferenceScaling(
    _ multiplier: FixedPointMultiplier, minimumDifference: Int32
  ) throws(Diagnostic) {
    try requireMultiplier(multiplier, "the", shift: 0...30)
    try requireInside(Int(minimumDifference), "minimum difference", -(1 << 30)...0)
    // The greatest difference that is scaled at all, shifted left, must stay within 32 bits.
    let greatest = min(255, -Int64(minimumDifference))
    let shifted = greatest << Int64(multiplier.shift)
    try require(
      shifted <= 1 << 31,
      "a difference of \(greatest) shifted left by \(multiplier.shift) gives \(shifted); "
        + "the limit is 2147483648")
  }

  /// By tables, in 16 bits.
  private func checkWideSoftmax(_ parameters: SoftmaxParameters) throws(Diagnostic) {
    let activation = input(0)
    try requireSameType(output, as: activation)
    try requireInside(
      activation.shape.last ?? 1, "softmax length", 1...GraphLimits.wideSoftmaxLength)
    try requireScale("1/32768", bits: 0x3800_0000, zeroPoint: 0)
    try requireMultiplier(parameters.multiplier, "the")
    try require(
      parameters.minimumDifference == 0,
      "minimum difference \(parameters.minimumDifference) has no meaning for int16; it must be 0")
  }

  func requireScale(_ name: String, bits: UInt32, zeroPoint: Int32) throws(Diagnostic) {
    try require(
      output.zeroPoint == zeroPoint && output.quantization?.scaleBits == [bits],
      "the output '\(output.name)' must have scale \(name) and zero point \(zeroPoint)")
  }
}
