import Diagnostics
import IntegerModel
import OperatorArithmetic
import TFLiteFormat

// Operators that combine elements of one tensor.
extension IntegerImporter {
  mutating func importReduction(_ source: TFLiteOperator) throws(Diagnostic) {
    switch (source.code, source.options) {
    case (.mean, .reduction(let keepsDimensions)), (.sum, .reduction(let keepsDimensions)):
      try importMean(source, keepsDimensions: keepsDimensions)
    case (.reduceMax, .reduction(let keepsDimensions)),
      (.reduceMin, .reduction(let keepsDimensions)):
      let axes = try reducedAxes(source)
      let parameters = ReduceExtremeParameters(axes: axes, keepsDimensions: keepsDimensions)
      let x = try operand(try input(source))
      try appendMove(
        source.code == .reduceMax ? .reduceMax(parameters) : .reduceMin(parameters),
        inputs: [x], output: try addOutput(of: source))
    case (.argMax, _), (.argMin, _):
      let rank = try shape(try input(source)).count
      let axis = try Axis.resolved(try integer(source, 1, "axis"), rank: rank)
      let parameters = ArgumentParameters(axis: axis)
      append(
        source.code == .argMax ? .argMax(parameters) : .argMin(parameters),
        inputs: [try operand(try input(source))], output: try addOutput(of: source))
    case (.softmax, .softmax(let beta)):
      let parameters = try derivation.softmax(input: try codes(try input(source)), beta: beta)
      append(
        .softmax(parameters), inputs: [try operand(try input(source))],
        output: try addOutput(of: source))
    case (.logSoftmax, _):
      let parameters = try derivation.logSoftmax(input: try codes(try input(source)))
      append(
        .logSoftmax(parameters), inputs: [try operand(try input(source))],
        output: try addOutput(of: source))
    case (.l2Normalization, .l2Normalization(let activation)):
      guard activation == .none else {
        throw Diagnostic(problem: "has a fused activation, for which there is no integer kernel")
      }
      append(
        .l2Normalization, inputs: [try operand(try input(source))],
        output: try addOutput(of: source))
    case (.averagePool2D, .pool(let window, let filter, let activation)),
      (.maxPool2D, .pool(let window, let filter, let activation)):
      try importPool(source, window, filter: filter, activation: activation)
    default: throw wrongOptions
    }
  }

  private mutating func importMean(
    _ source: TFLiteOperator, keepsDimensions: Bool
  ) throws(Diagnostic) {
    let data = try input(source)
    let axes = try reducedAxes(source)
    let (from, to) = (try codes(data), try codes(try output(source)))
    let kind: OperatorKind
    if source.code == .sum {
      kind = .sum(
        try derivation.sum(input: from, output: to, axes: axes, keepsDimensions: keepsDimensions))
    } else {
      let shape = try shape(data)
      kind = .mean(
        try derivation.mean(
          input: from, output: to, axes: axes, count: axes.reduce(1) { $0 * shape[$1] },
          keepsDimensions: keepsDimensions))
    }
    append(kind, inputs: [try operand(data)], output: try addOutput(of: source))
  }

  /// The axes of the second input: non-negative, ascending, each once.
  private func reducedAxes(_ source: TFLiteOperator) throws(Diagnostic) -> [Int] {
    try Axis.resolved(
      try integers(source, 1, "axes"), rank: try shape(try input(source)).count)
  }

  private mutating func importPool(
    _ source: TFLiteOperator, _ window: TFLiteWindow, filter: TFLitePair,
    activation: TFLiteActivation
  ) throws(Diagnostic) {
    let data = try input(source)
    let kernel = SpatialPair(height: filter.height, width: filter.width)
    let windows = try Windows(
      image: try imageShape(data), kernel: kernel, stride: window.stride,
      dilation: TFLitePair(height: 1, width: 1), padding: window.padding)
    // The clamp is that of the output's scale, though the codes are the input's.
    let parameters = PoolParameters(
      window: kernel, stride: windows.stride, padding: windows.edges,
      clamp: try codes(try output(source)).range(of: activation.limits))
    let x = try operand(data)
    try appendMove(
      source.code == .averagePool2D ? .averagePool(parameters) : .maxPool(parameters),
      inputs: [x], output: try addOutput(of: source))
  }
}
