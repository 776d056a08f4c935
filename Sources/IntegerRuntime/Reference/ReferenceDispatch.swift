import IntegerModel

// The table of operators and their reference kernels.
extension Interpreter {
  /// Runs an operation with its reference kernel.
  func runReference(_ operation: Operation, _ operands: LinearOperands?) {
    switch places[operation.inputs[0]].elementType {
    case .int8: runReference(operation, operands, as: Int8.self, unit: UInt8.self)
    case .uint8: runReference(operation, operands, as: UInt8.self, unit: UInt8.self)
    case .int16: runReference(operation, operands, as: Int16.self, unit: UInt16.self)
    case .int32: runReference(operation, operands, as: Int32.self, unit: UInt32.self)
    case .int64: runReference(operation, operands, as: Int64.self, unit: UInt64.self)
    case .int4: preconditionFailure("an activation is never int4")
    }
  }

  /// The same, where the first input's codes are of type `Code` and operators that only move them
  /// read them as `Unit`, the unsigned type of the same width.
  private func runReference<Code: FixedWidthInteger, Unit: FixedWidthInteger>(
    _ operation: Operation, _ operands: LinearOperands?, as _: Code.Type, unit _: Unit.Type
  ) {
    let rounding = arithmetic.rounding
    let x = places[operation.inputs[0]].view(as: Code.self)
    let xUnits = places[operation.inputs[0]].view(as: Unit.self)
    let y = places[operation.outputs[0]].view(as: Code.self)
    let yUnits = places[operation.outputs[0]].view(as: Unit.self)
    var second: TensorView<Code> { places[operation.inputs[1]].view(as: Code.self) }
    if let form = operation.scalings.first?.form, runRescaled(operation, form, x, into: y) {
      return
    }
    switch operation.kind {
    case .convolution, .depthwiseConvolution, .fullyConnected, .transposeConvolution:
      guard let operands else { return }
      if operands.weights.elementType == .uint8 {
        runLinear(operation, x, operands, weightsAs: UInt8.self, into: y)
      } else {
        runLinear(operation, x, operands, weightsAs: Int8.self, into: y)
      }
    case .add(let parameters):
      Reference.add(x, second, sign: 1, parameters, rounding: rounding, into: y)
    case .subtract(let parameters):
      Reference.add(x, second, sign: -1, parameters, rounding: rounding, into: y)
    case .multiply(let parameters):
      Reference.multiply(
        x, second, parameters, scale: .fixedPoint(parameters.multiplier), rounding: rounding,
        into: y)
    case .averagePool(let parameters): Reference.averagePool(x, parameters, into: y)
    case .maxPool(let parameters): Reference.maxPool(x, parameters, into: y)
    case .mean(let parameters), .sum(let parameters):
      Reference.reduce(x, rank: rank(of: operation), parameters, rounding: rounding, into: y)
    case .softmax(let parameters): runSoftmax(operation, x, parameters, into: y)
    case .concatenation(let axis):
      runConcatenation(operation, axis: axis, into: yUnits)
    case .pad(let parameters): Reference.pad(xUnits, parameters, into: yUnits)
    case .reshape:
      // Where the plan let both share their bytes there is nothing to do.
      if xUnits.codes != yUnits.codes { Reference.reshape(xUnits, into: yUnits) }
    case .requantize(let multiplier): runRequantize(operation, x, multiplier)
    case .leakyRelu(let parameters):
      Reference.leakyRelu(x, parameters, rounding: rounding, into: y)
    case .interpolatedFunction(let parameters):
      Reference.interpolatedFunction(x, parameters, into: y)
    case .lookup(let parameters):
      parameters.table(for: arithmetic).withUnsafeBytes { table in
        guard let base = table.baseAddress else { return }
        Reference.lookup(
          x, table: base.assumingMemoryBound(to: UInt8.self),
          into: places[operation.outputs[0]].view(as: UInt8.self))
      }
    case .resizeNearest(let parameters): Reference.resizeNearest(xUnits, parameters, into: yUnits)
    case .resizeBilinear(let parameters):
      Reference.resizeBilinear(x, parameters, rounding: rounding, into: y)
    case .transpose(let permutation):
      Reference.transpose(xUnits, permutation: permutation, into: yUnits)
    case .stridedSlice(let parameters): Reference.stridedSlice(xUnits, parameters, into: yUnits)
    case .prelu(let parameters):
      let alpha = places[operation.inputs[1]]
      if alpha.elementType == .uint8 {
        Reference.prelu(
          x, alpha: alpha.view(as: UInt8.self), parameters, rounding: rounding, into: y)
      } else {
        Reference.prelu(
          x, alpha: alpha.view(as: Int8.self), parameters, rounding: rounding, into: y)
      }
    case .minimum: Reference.minimum(x, second, into: y)
    case .maximum: Reference.maximum(x, second, into: y)
    case .argMax(let parameters): runArgument(operation, x, parameters, isMax: true)
    case .argMin(let parameters): runArgument(operation, x, parameters, isMax: false)
    case .reduceMax(let parameters):
      Reference.reduceMax(x, rank: rank(of: operation), axes: parameters.axes, into: y)
    case .reduceMin(let parameters):
      Reference.reduceMin(x, rank: rank(of: operation), axes: parameters.axes, into: y)
    case .depthToSpace(let blockSize):
      Reference.depthToSpace(xUnits, blockSize: blockSize, into: yUnits)
    case .spaceToDepth(let blockSize):
      Reference.spaceToDepth(xUnits, blockSize: blockSize, into: yUnits)
    case .batchToSpace(let parameters):
      Reference.batchToSpace(xUnits, rank: rank(of: operation), parameters, into: yUnits)
    case .spaceToBatch(let parameters):
      Reference.spaceToBatch(xUnits, rank: rank(of: operation), parameters, into: yUnits)
    case .tile: Reference.tile(xUnits, into: yUnits)
    case .gather(let parameters): runGather(operation, xUnits, parameters, into: yUnits)
    case .logSoftmax(let parameters):
      Reference.logSoftmax(x, parameters, rounding: rounding, into: y)
    case .l2Normalization: Reference.l2Normalization(x, rounding: rounding, into: y)
    case .sequenceLSTM(let parameters): runSequenceLSTM(operation, parameters)
    case .svdf(let parameters): runSVDF(operation, parameters)
    }
  }

  /// Axes of the first input.
  private func rank(of operation: Operation) -> Int {
    graph.tensors[operation.inputs[0]].shape.count
  }

  private func runLinear<Code: FixedWidthInteger, Weight: FixedWidthInteger>(
    _ operation: Operation, _ x: TensorView<Code>, _ operands: LinearOperands,
    weightsAs _: Weight.Type, into y: TensorView<Code>
  ) {
    let weights = operands.weights.view(as: Weight.self)
    switch operands.bias {
    case .int32(let bias): runLinear(operation, x, weights: weights, bias: bias, into: y)
    case .int64(let bias): runLinear(operation, x, weights: weights, bias: bias, into: y)
    }
  }

  private func runLinear<Code: FixedWidthInteger, Weight: FixedWidthInteger, Sum: Accumulator>(
    _ operation: Operation, _ x: TensorView<Code>, weights: TensorView<Weight>,
    bias: UnsafePointer<Sum>, into y: TensorView<Code>
  ) {
    let rounding = arithmetic.rounding
    switch operation.kind {
    case .convolution(let parameters):
      Reference.convolution(
        x, weights: weights, bias: bias, parameters,
        scales: LayerScales(parameters.multipliers, of: operation), rounding: rounding, into: y)
    case .depthwiseConvolution(let parameters):
      Reference.depthwiseConvolution(
        x, weights: weights, bias: bias, parameters,
        scales: LayerScales(
          parameters.multipliers, of: operation, firstCommonChannel: y.lastExtent / 8 * 8),
        rounding: rounding, into: y)
    case .fullyConnected(let parameters):
      Reference.fullyConnected(
        x, weights: weights, bias: bias, parameters,
        scales: LayerScales(parameters.multipliers, of: operation), rounding: rounding, into: y)
    case .transposeConvolution(let parameters):
      Reference.transposeConvolution(
        x, weights: weights, bias: bias, parameters,
        scales: LayerScales(parameters.multipliers, of: operation), rounding: rounding, into: y)
    default: preconditionFailure("not a linear operator")
    }
  }

  private func runSoftmax<Code: FixedWidthInteger>(
    _ operation: Operation, _ x: TensorView<Code>, _ parameters: SoftmaxParameters,
    into y: TensorView<Code>
  ) {
    let rounding = arithmetic.rounding
    let result = places[operation.outputs[0]]
    if places[operation.inputs[0]].elementType == .int16 {
      let wide = places[operation.inputs[0]].view(as: Int16.self)
      let y = result.view(as: Int16.self)
      if case .binary64Reciprocals(let multiplier)? = operation.scalings.first?.form {
        Reference.softmax(
          wide: wide, multiplier, rounding: rounding, hasBinary64Reciprocals: true, into: y)
      } else {
        Reference.softmax(wide: wide, parameters.multiplier, rounding: rounding, into: y)
      }
    } else if result.elementType == .int16 {
      Reference.softmax(x, parameters, rounding: rounding, into: result.view(as: Int16.self))
    } else {
      Reference.softmax(x, parameters, rounding: rounding, into: y)
    }
  }

  private func runRequantize<Code: FixedWidthInteger>(
    _ operation: Operation, _ x: TensorView<Code>, _ multiplier: FixedPointMultiplier
  ) {
    let (rounding, y) = (arithmetic.rounding, places[operation.outputs[0]])
    switch y.elementType {
    case .int8:
      Reference.requantize(x, multiplier, rounding: rounding, into: y.view(as: Int8.self))
    case .uint8:
      Reference.requantize(x, multiplier, rounding: rounding, into: y.view(as: UInt8.self))
    case .int16:
      Reference.requantize(x, multiplier, rounding: rounding, into: y.view(as: Int16.self))
    case .int32:
      Reference.requantize(x, multiplier, rounding: rounding, into: y.view(as: Int32.self))
    case .int64, .int4: preconditionFailure("validation refuses it")
    }
  }

  private func runArgument<Code: FixedWidthInteger>(
    _ operation: Operation, _ x: TensorView<Code>, _ parameters: ArgumentParameters, isMax: Bool
  ) {
    let y = places[operation.outputs[0]]
    let axis = 6 - rank(of: operation) + parameters.axis
    if y.elementType == .int64 {
      Reference.argument(of: x, axis: axis, isMax: isMax, into: y.view(as: Int64.self))
    } else {
      Reference.argument(of: x, axis: axis, isMax: isMax, into: y.view(as: Int32.self))
    }
  }

  private func runGather<Unit: FixedWidthInteger>(
    _ operation: Operation, _ x: TensorView<Unit>, _ parameters: GatherParameters,
    into y: TensorView<Unit>
  ) {
    let (indices, rank) = (places[operation.inputs[1]], rank(of: operation))
    if indices.elementType == .int64 {
      Reference.gather(
        x, indices: indices.view(as: Int64.self), rank: rank, parameters, into: y)
    } else {
      Reference.gather(
        x, indices: indices.view(as: Int32.self), rank: rank, parameters, into: y)
    }
  }

  private func runConcatenation<Unit: FixedWidthInteger>(
    _ operation: Operation, axis: Int, into y: TensorView<Unit>
  ) {
    let aligned = 6 - graph.tensors[operation.outputs[0]].shape.count + axis
    var position = 0
    for index in operation.inputs {
      let part = places[index].view(as: Unit.self)
      Reference.concatenate(part, axis: aligned, at: position, into: y)
      position += part.extents[aligned]
    }
  }
}
