import Diagnostics

extension OperationRules {
  /// Logarithm of softmax in gemmlowp's fixed point; see `LogSoftmaxParameters`.
  func checkLogSoftmax(_ parameters: LogSoftmaxParameters) throws(Diagnostic) {
    try requireInputs(1)
    try requireSignedBytes([input(0), output])
    try requireOutputShape(input(0).shape)
    try requireInside(
      input(0).shape.last ?? 1, "log softmax length", 1...GraphLimits.softmaxLength)
    try requireScale("1/16", bits: 0x3d80_0000, zeroPoint: 127)
    try requireDifferenceScaling(
      parameters.multiplier, minimumDifference: parameters.minimumDifference)
    try requireMultiplier(parameters.reverse, "reverse")
  }

  func checkL2Normalization() throws(Diagnostic) {
    try requireInputs(1)
    try requireSignedBytes([input(0), output])
    try requireOutputShape(input(0).shape)
    try requireScale("1/128", bits: 0x3c00_0000, zeroPoint: 0)
    let (span, length) = (span(of: input(0)), Int64(input(0).shape.last ?? 1))
    try requireAccumulator(span * span * length, "the sum of \(length) squares")
  }

  /// See `SVDFParameters` for the shapes.
  func checkSVDF(_ parameters: SVDFParameters) throws(Diagnostic) {
    try requireInputs(5)
    let (x, feature, time, bias, state) = (input(0), input(1), input(2), input(3), input(4))
    try requireSignedBytes([x, output])
    try require(
      x.shape.count == 2, "tensor '\(x.name)' has shape \(shapeText(x.shape)); [B, I] is needed")
    try requireWeights(feature, .int8, axes: 2)
    try require(
      feature.shape[1] == x.shape[1],
      "the weights '\(feature.name)' \(shapeText(feature.shape)) do not fit the input "
        + shapeText(x.shape))
    let filters = feature.shape[0]
    try requireInside(parameters.rank, "rank", 1...filters)
    try require(
      filters % parameters.rank == 0,
      "\(filters) filters cannot be split into units of \(parameters.rank)")
    try requireWeights(time, state.elementType, axes: 2)
    try require(
      state.elementType == .int8 || state.elementType == .int16,
      "the state '\(state.name)' is \(state.elementType.name); the limit is int8 or int16")
    try requireActivation(state)
    try requireShape(of: time, [filters, time.shape[1]])
    try requireShape(of: state, [x.shape[0], try product(filters, time.shape[1])])
    let units = filters / parameters.rank
    try requireBias(bias, units)
    try requireOutputShape([x.shape[0], units])
    try requireMultiplier(parameters.feature, "feature")
    try requireMultiplier(parameters.time, "time")
    try requireBoundedAccumulators()
  }

  /// See `SequenceLSTMParameters` for the tensors.
  func checkSequenceLSTM(_ parameters: SequenceLSTMParameters) throws(Diagnostic) {
    try requireInputs(15)
    let (x, hidden, cell) = (input(0), input(13), input(14))
    try requireSignedBytes([x, hidden, output])
    try require(
      x.shape.count == 3,
      "tensor '\(x.name)' has shape \(shapeText(x.shape)); three axes are needed")
    try require(
      hidden.shape.count == 2,
      "tensor '\(hidden.name)' has shape \(shapeText(hidden.shape)); [B, U] is needed")
    let batches = x.shape[parameters.isTimeMajor ? 1 : 0]
    let units = hidden.shape[1]
    try requireShape(of: hidden, [batches, units])
    try requireSameCodes(hidden, as: output)
    try requireOutputShape([x.shape[0], x.shape[1], units])
    for position in 1...4 {
      try requireWeights(input(position), .int8, axes: 2)
      try requireShape(of: input(position), [units, x.shape[2]])
    }
    for position in 5...8 {
      try requireWeights(input(position), .int8, axes: 2)
      try requireShape(of: input(position), [units, units])
    }
    for position in 9...12 { try requireBias(input(position), units) }
    try require(
      cell.elementType == .int16,
      "the cell state '\(cell.name)' is \(cell.elementType.name); it must be int16")
    try requireActivation(cell)
    try requireShape(of: cell, [batches, units])
    try requireInside(Int(parameters.cellScaleExponent), "cell scale exponent", -24...0)
    try require(
      cell.quantization?.scaleBits == [UInt32(127 + parameters.cellScaleExponent) << 23],
      "the cell state '\(cell.name)' must have scale 2^\(parameters.cellScaleExponent)")
    try requireInside(Int(parameters.cellClip), "cell clip", 0...32_767)
    for (gate, name) in zip(parameters.gates, lstmGateNames) {
      try requireMultiplier(gate.input, "\(name) gate's input")
      try requireMultiplier(gate.recurrent, "\(name) gate's recurrent")
    }
    try requireMultiplier(parameters.forgetProduct, "forget product's")
    try requireMultiplier(parameters.inputProduct, "input product's")
    try requireMultiplier(parameters.outputProduct, "output product's")
    try requireBoundedAccumulators()
  }

  // MARK: Parts

  private func requireSignedBytes(_ tensors: [TensorDescription]) throws(Diagnostic) {
    for tensor in tensors {
      try require(
        tensor.elementType == .int8,
        "tensor '\(tensor.name)' is \(tensor.elementType.name); the operator takes int8")
      try requireActivation(tensor)
    }
  }

  /// Constant weights of one scale and zero point 0.
  private func requireWeights(
    _ tensor: TensorDescription, _ type: ElementType, axes: Int
  ) throws(Diagnostic) {
    try require(tensor.constant != nil, "the weights '\(tensor.name)' are not a constant")
    try require(
      tensor.elementType == type,
      "the weights '\(tensor.name)' are \(tensor.elementType.name); \(type.name) is needed")
    try require(
      tensor.quantization?.axis == nil,
      "the weights '\(tensor.name)' are quantized per axis; the operator takes one scale")
    try require(
      tensor.zeroPoint == 0,
      "the weights '\(tensor.name)' have zero point \(tensor.zeroPoint); 0 is needed")
    try require(
      tensor.shape.count == axes,
      "the weights '\(tensor.name)' have shape \(shapeText(tensor.shape)); \(axes) axes are needed")
  }

  private func requireBias(_ tensor: TensorDescription, _ count: Int) throws(Diagnostic) {
    try require(tensor.constant != nil, "the bias '\(tensor.name)' is not a constant")
    try require(
      tensor.elementType == .int32,
      "the bias '\(tensor.name)' is \(tensor.elementType.name); int32 is needed")
    try requireShape(of: tensor, [count])
  }

  private func requireShape(
    of tensor: TensorDescription, _ expected: [Int]
  ) throws(Diagnostic) {
    try require(
      tensor.shape == expected,
      "tensor '\(tensor.name)' has shape \(shapeText(tensor.shape)); \(shapeText(expected)) is "
        + "needed")
  }
}

/// The gates in the order of their inputs.
let lstmGateNames = ["input", "forget", "cell", "output"]

extension SequenceLSTMParameters {
  /// The gates in the order of their inputs.
  package var gates: [LSTMGate] { [inputGate, forgetGate, cellGate, outputGate] }
}
