import Diagnostics

/// The rules that one operation must obey, with the vocabulary they are written in.
///
/// The tensors by themselves and the order of the operations have been checked before.
struct OperationRules {
  let graph: IntegerGraph
  let index: Int

  var operation: Operation { graph.operations[index] }
  var rounding: RequantizationRounding { graph.arithmetic.rounding }

  /// Applies the rules of the operation's kind.
  func check() throws(Diagnostic) {
    switch operation.kind {
    case .convolution(let parameters): try checkConvolution(parameters)
    case .depthwiseConvolution(let parameters): try checkDepthwiseConvolution(parameters)
    case .fullyConnected(let parameters): try checkFullyConnected(parameters)
    case .add(let parameters), .subtract(let parameters): try checkAdd(parameters)
    case .multiply(let parameters): try checkMultiply(parameters)
    case .averagePool(let parameters): try checkPool(parameters, sums: true)
    case .maxPool(let parameters): try checkPool(parameters, sums: false)
    case .mean(let parameters): try checkReduce(parameters, isMean: true)
    case .sum(let parameters): try checkReduce(parameters, isMean: false)
    case .softmax(let parameters): try checkSoftmax(parameters)
    case .concatenation(let axis): try checkConcatenation(axis: axis)
    case .pad(let parameters): try checkPad(parameters)
    case .reshape: try checkReshape()
    case .requantize(let multiplier): try checkRequantize(multiplier)
    case .lookup(let parameters): try checkLookup(parameters)
    case .resizeNearest(let parameters): try checkResizeNearest(parameters)
    case .resizeBilinear(let parameters): try checkResizeBilinear(parameters)
    case .transpose(let permutation): try checkTranspose(permutation)
    case .stridedSlice(let parameters): try checkStridedSlice(parameters)
    case .prelu(let parameters): try checkPRelu(parameters)
    case .transposeConvolution(let parameters): try checkTransposeConvolution(parameters)
    case .leakyRelu(let parameters): try checkLeakyRelu(parameters)
    case .interpolatedFunction(let parameters): try checkInterpolatedFunction(parameters)
    case .minimum, .maximum: try checkExtreme()
    case .argMax(let parameters), .argMin(let parameters): try checkArgument(parameters)
    case .reduceMax(let parameters), .reduceMin(let parameters):
      try checkReduceExtreme(parameters)
    case .depthToSpace(let blockSize): try checkDepthBlocks(blockSize, grows: true)
    case .spaceToDepth(let blockSize): try checkDepthBlocks(blockSize, grows: false)
    case .batchToSpace(let parameters): try checkBatchToSpace(parameters)
    case .spaceToBatch(let parameters): try checkSpaceToBatch(parameters)
    case .tile(let multiples): try checkTile(multiples)
    case .gather(let parameters): try checkGather(parameters)
    case .logSoftmax(let parameters): try checkLogSoftmax(parameters)
    case .l2Normalization: try checkL2Normalization()
    case .sequenceLSTM(let parameters): try checkSequenceLSTM(parameters)
    case .svdf(let parameters): try checkSVDF(parameters)
    }
  }

  // MARK: Vocabulary

  func input(_ position: Int) -> TensorDescription { graph.tensors[operation.inputs[position]] }

  var output: TensorDescription { graph.tensors[operation.outputs[0]] }

  func fault(_ problem: String, remedy: String = "") -> Diagnostic {
    Diagnostic(place: graph.place(ofOperation: index), problem: problem, remedy: remedy)
  }

  func require(
    _ condition: Bool, _ problem: @autoclosure () -> String
  ) throws(Diagnostic) {
    if !condition { throw fault(problem()) }
  }

  /// `expected` inputs and one output.
  func requireInputs(_ expected: Int) throws(Diagnostic) {
    try require(
      operation.inputs.count == expected,
      "there are \(operation.inputs.count) inputs; the operator takes \(expected)")
    try requireOneOutput()
  }

  func requireOneOutput() throws(Diagnostic) {
    try require(
      operation.outputs.count == 1,
      "there are \(operation.outputs.count) outputs; the operator gives 1")
  }

  /// Codes that an operator computes with: int8, uint8, or int16 with zero point 0, of one scale.
  func requireActivation(_ tensor: TensorDescription) throws(Diagnostic) {
    switch tensor.elementType {
    case .int8, .uint8, .int16: break
    case .int32, .int64, .int4:
      throw fault(
        "tensor '\(tensor.name)' is \(tensor.elementType.name); the limit is int8, uint8 or int16")
    }
    try requireOneScale(tensor)
    try require(
      tensor.elementType != .int16 || tensor.zeroPoint == 0,
      "tensor '\(tensor.name)' has zero point \(tensor.zeroPoint); int16 activations need 0")
  }

  /// Codes that an operator only moves: besides those of `requireActivation` integers of 32 and 64
  /// bits, and any zero point.
  func requireMovedCodes() throws(Diagnostic) {
    for index in operation.inputs + operation.outputs {
      let tensor = graph.tensors[index]
      try require(
        tensor.elementType != .int4,
        "tensor '\(tensor.name)' is int4; only weights can be")
      try requireOneScale(tensor)
    }
  }

  /// An operator that is computed on 8-bit codes only.
  func requireByteCodes(_ tensor: TensorDescription) throws(Diagnostic) {
    try requireActivation(tensor)
    try require(
      tensor.elementType != .int16,
      "tensor '\(tensor.name)' is int16; the operator takes int8 and uint8")
  }

  func requireOneScale(_ tensor: TensorDescription) throws(Diagnostic) {
    try require(
      tensor.quantization?.axis == nil,
      "tensor '\(tensor.name)' is quantized per axis; only weights can be")
  }

  func requireActivations() throws(Diagnostic) {
    for index in operation.inputs { try requireActivation(graph.tensors[index]) }
    for index in operation.outputs { try requireActivation(graph.tensors[index]) }
  }

  func requireSameType(_ tensor: TensorDescription, as other: TensorDescription) throws(Diagnostic)
  {
    try require(
      tensor.elementType == other.elementType,
      "tensor '\(tensor.name)' is \(tensor.elementType.name), but '\(other.name)' is "
        + other.elementType.name)
  }

  /// Same element type, scale and zero point: the operator copies or averages codes.
  func requireSameCodes(_ tensor: TensorDescription, as other: TensorDescription) throws(Diagnostic)
  {
    try requireSameType(tensor, as: other)
    try require(
      tensor.zeroPoint == other.zeroPoint,
      "tensor '\(tensor.name)' has zero point \(tensor.zeroPoint), but '\(other.name)' has "
        + "\(other.zeroPoint)")
    try require(
      tensor.quantization?.scaleBits == other.quantization?.scaleBits,
      "the tensors '\(tensor.name)' and '\(other.name)' have different scales")
  }

  /// Rank 4: `[N, H, W, C]`.
  func requireImage(_ tensor: TensorDescription) throws(Diagnostic) {
    try require(
      tensor.shape.count == 4,
      "tensor '\(tensor.name)' has shape \(shapeText(tensor.shape)); [N, H, W, C] is needed")
  }

  func requireOutputShape(_ expected: [Int]) throws(Diagnostic) {
    try require(
      output.shape == expected,
      "the output '\(output.name)' has shape \(shapeText(output.shape)); its inputs give "
        + shapeText(expected))
  }

  func requireClamp(_ clamp: CodeRange) throws(Diagnostic) {
    let type = output.elementType
    try require(
      clamp.minimum <= clamp.maximum
        && Int64(clamp.minimum) >= type.minimumCode && Int64(clamp.maximum) <= type.maximumCode,
      "the clamp \(clamp.minimum)…\(clamp.maximum) is not a range inside "
        + "\(type.minimumCode)…\(type.maximumCode)")
  }

  /// Multiplier 0 or normalized, shift in −31…30 unless `range` says less.
  func requireMultiplier(
    _ value: FixedPointMultiplier, _ name: @autoclosure () -> String,
    shift range: ClosedRange<Int32> = -31...30
  ) throws(Diagnostic) {
    try require(
      value.multiplier == 0 || value.multiplier >= 1 << 30,
      "\(name()) multiplier \(value.multiplier) is neither 0 nor in 1073741824…2147483647")
    try requireShift(value, name(), in: range)
  }

  func requireShift(
    _ value: FixedPointMultiplier, _ name: @autoclosure () -> String, in range: ClosedRange<Int32>
  ) throws(Diagnostic) {
    try require(
      range.contains(value.shift),
      "\(name()) shift \(value.shift) is outside \(range.lowerBound)…\(range.upperBound)")
  }

  func requireInside(
    _ value: Int, _ name: String, _ range: ClosedRange<Int>
  ) throws(Diagnostic) {
    try require(
      range.contains(value),
      "\(name) \(value) is outside \(range.lowerBound)…\(range.upperBound)")
  }

  /// The greatest |code − zero point| of a tensor.
  func span(of tensor: TensorDescription) -> Int64 {
    tensor.elementType.span(around: tensor.zeroPoint)
  }
}

extension ElementType {
  /// The greatest |code − zeroPoint|; for int8 max(127 − z, 128 + z).
  func span(around zeroPoint: Int32) -> Int64 {
    max(maximumCode - Int64(zeroPoint), Int64(zeroPoint) - minimumCode)
  }
}
