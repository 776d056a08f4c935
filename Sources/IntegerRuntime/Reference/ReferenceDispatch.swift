import IntegerModel

// The table of operators and their reference kernels.
extension Interpreter {
  /// Runs an operation with its reference kernel.
  func runReference(_ operation: Operation, _ operands: LinearOperands?) {
    if places[operation.inputs[0]].elementType == .uint8 {
      runReference(operation, operands, as: UInt8.self)
    } else {
      runReference(operation, operands, as: Int8.self)
    }
  }

  /// The same, where the first input's codes are of type `Code`.
  private func runReference<Code: FixedWidthInteger>(
    _ operation: Operation, _ operands: LinearOperands?, as _: Code.Type
  ) {
    let rounding = arithmetic.rounding
    let x = places[operation.inputs[0]].view(as: Code.self)
    let xBytes = places[operation.inputs[0]].view(as: UInt8.self)
    let y = places[operation.outputs[0]].view(as: Code.self)
    let yBytes = places[operation.outputs[0]].view(as: UInt8.self)
    var second: TensorView<Code> { places[operation.inputs[1]].view(as: Code.self) }
    switch operation.kind {
    case .convolution, .depthwiseConvolution, .fullyConnected:
      guard let operands else { return }
      let (weights, bias) = (operands.weights, operands.bias)
      if weights.elementType == .uint8 {
        runLinear(operation.kind, x, weights: weights.view(as: UInt8.self), bias: bias, into: y)
      } else {
        runLinear(operation.kind, x, weights: weights.view(as: Int8.self), bias: bias, into: y)
      }
    case .add(let parameters):
      Reference.add(x, second, sign: 1, parameters, rounding: rounding, into: y)
    case .subtract(let parameters):
      Reference.add(x, second, sign: -1, parameters, rounding: rounding, into: y)
    case .multiply(let parameters):
      Reference.multiply(x, second, parameters, rounding: rounding, into: y)
    case .averagePool(let parameters): Reference.averagePool(x, parameters, into: y)
    case .maxPool(let parameters): Reference.maxPool(x, parameters, into: y)
    case .mean(let parameters), .sum(let parameters):
      let rank = graph.tensors[operation.inputs[0]].shape.count
      Reference.reduce(x, rank: rank, parameters, rounding: rounding, into: y)
    case .softmax(let parameters): Reference.softmax(x, parameters, rounding: rounding, into: y)
    case .concatenation(let axis):
      runConcatenation(operation, axis: axis, into: yBytes)
    case .pad(let parameters): Reference.pad(xBytes, parameters, into: yBytes)
    case .reshape:
      // Where the plan let both share their bytes there is nothing to do.
      if xBytes.codes != yBytes.codes { Reference.reshape(xBytes, into: yBytes) }
    case .requantize(let multiplier):
      if places[operation.outputs[0]].elementType == .uint8 {
        Reference.requantize(x, multiplier, rounding: rounding, into: yBytes)
      } else {
        let result = places[operation.outputs[0]].view(as: Int8.self)
        Reference.requantize(x, multiplier, rounding: rounding, into: result)
      }
    case .lookup(let parameters):
      parameters.table(for: arithmetic).withUnsafeBytes { table in
        guard let base = table.baseAddress else { return }
        Reference.lookup(x, table: base.assumingMemoryBound(to: UInt8.self), into: yBytes)
      }
    case .resizeNearest(let parameters): Reference.resizeNearest(xBytes, parameters, into: yBytes)
    case .resizeBilinear(let parameters):
      Reference.resizeBilinear(x, parameters, rounding: rounding, into: y)
    case .transpose(let permutation):
      Reference.transpose(xBytes, permutation: permutation, into: yBytes)
    case .stridedSlice(let parameters): Reference.stridedSlice(xBytes, parameters, into: yBytes)
    case .prelu(let parameters):
      let alpha = places[operation.inputs[1]]
      if alpha.elementType == .uint8 {
        Reference.prelu(
          x, alpha: alpha.view(as: UInt8.self), parameters, rounding: rounding, into: y)
      } else {
        Reference.prelu(
          x, alpha: alpha.view(as: Int8.self), parameters, rounding: rounding, into: y)
      }
    case .minimum, .maximum, .argMax, .argMin, .reduceMax, .reduceMin, .logSoftmax,
      .l2Normalization, .depthToSpace, .spaceToDepth, .batchToSpace, .spaceToBatch, .tile, .gather,
      .sequenceLSTM, .svdf, .transposeConvolution, .leakyRelu:
      preconditionFailure("validation refuses it")
    }
  }

  private func runLinear<Code: FixedWidthInteger, Weight: FixedWidthInteger>(
    _ kind: OperatorKind, _ x: TensorView<Code>, weights: TensorView<Weight>,
    bias: UnsafePointer<Int32>, into y: TensorView<Code>
  ) {
    let rounding = arithmetic.rounding
    switch kind {
    case .convolution(let parameters):
      Reference.convolution(
        x, weights: weights, bias: bias, parameters, rounding: rounding, into: y)
    case .depthwiseConvolution(let parameters):
      Reference.depthwiseConvolution(
        x, weights: weights, bias: bias, parameters, rounding: rounding, into: y)
    case .fullyConnected(let parameters):
      Reference.fullyConnected(
        x, weights: weights, bias: bias, parameters, rounding: rounding, into: y)
    default: preconditionFailure("not a linear operator")
    }
  }

  private func runConcatenation(_ operation: Operation, axis: Int, into y: TensorView<UInt8>) {
    let aligned = 6 - graph.tensors[operation.outputs[0]].shape.count + axis
    var position = 0
    for index in operation.inputs {
      let part = places[index].view(as: UInt8.self)
      Reference.concatenate(part, axis: aligned, at: position, into: y)
      position += part.extents[aligned]
    }
  }
}
