import IntegerModel

extension Interpreter {
  /// Runs an operation whose results the arithmetic in use scales in another form than the operation's
  /// own; `false` for linear operators, whose kernels take every form.
  func runRescaled<Code: FixedWidthInteger>(
    _ operation: Operation, _ form: ScalingForm, _ x: TensorView<Code>,
    into y: TensorView<Code>
  ) -> Bool {
    var second: TensorView<Code> { places[operation.inputs[1]].view(as: Code.self) }
    switch (form, operation.kind) {
    case (.weightedSum(let left, let right, let shift), .add(let parameters)),
      (.weightedSum(let left, let right, let shift), .subtract(let parameters)):
      Reference.weightedSum(
        x, second, factors: (left, right), shift: shift, clamp: parameters.clamp, into: y)
    case (.binary32(let bits), .multiply(let parameters)):
      Reference.multiply(
        x, second, parameters, scale: .binary32(bits[0]), rounding: arithmetic.rounding, into: y)
    case (.binary32Sum(let scale, let offset), .mean(let parameters)),
      (.binary32Sum(let scale, let offset), .sum(let parameters)):
      Reference.reduce(
        x, rank: graph.tensors[operation.inputs[0]].shape.count, axes: parameters.axes,
        scale: Binary32(bits: scale), offset: Binary32(bits: offset), into: y)
    case (.exponentials(let exponentials), .softmax):
      Reference.softmax(x, exponentials: exponentials, into: y)
    case (.samples(let rows, let columns), .resizeBilinear):
      Reference.resizeBilinear(x, rows: rows, columns: columns, into: y)
    case (.binary32Samples(let rows, let columns), .resizeBilinear):
      Reference.resizeBilinear(x, binary32Rows: rows, columns: columns, into: y)
    case (.polynomials, .interpolatedFunction(let parameters)):
      Reference.polynomial(parameters.function, x, multiplier: parameters.multiplier, into: y)
    case (.table, .requantize), (.fixedPointInGroups, .requantize):
      if places[operation.outputs[0]].elementType == .uint8 {
        runRequantize(operation, form, x, into: places[operation.outputs[0]].view(as: UInt8.self))
      } else {
        runRequantize(operation, form, x, into: places[operation.outputs[0]].view(as: Int8.self))
      }
    default: return false
    }
    return true
  }

  private func runRequantize<Code: FixedWidthInteger, Result: FixedWidthInteger>(
    _ operation: Operation, _ form: ScalingForm, _ x: TensorView<Code>,
    into y: TensorView<Result>
  ) {
    switch (form, operation.kind) {
    case (.table(let codes), _): Reference.requantize(x, table: codes, into: y)
    case (_, .requantize(let multiplier)):
      Reference.requantizeInGroups(x, multiplier, into: y)
    default: preconditionFailure("validation refuses it")
    }
  }
}
