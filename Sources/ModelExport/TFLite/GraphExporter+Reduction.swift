import Diagnostics
import IntegerModel
import OperatorArithmetic
import TFLiteFormat

extension GraphExporter {
  /// MEAN, SUM, REDUCE_MAX, REDUCE_MIN, ARG_MAX, ARG_MIN, SOFTMAX, LOG_SOFTMAX or L2_NORMALIZATION.
  mutating func exportReduction(_ operation: Operation) throws(Diagnostic) {
    switch operation.kind {
    case .mean(let parameters):
      let shape = input(operation).shape
      let derived = try derivation.mean(
        input: try codes(of: input(operation)), output: try codes(of: output(operation)),
        axes: parameters.axes, count: parameters.axes.reduce(1) { $0 * shape[$1] },
        keepsDimensions: parameters.keepsDimensions)
      try require([parameters.multiplier], are: [derived.multiplier])
      try appendReduction(.mean, operation, parameters.axes, parameters.keepsDimensions)
    case .sum(let parameters):
      let derived = try derivation.sum(
        input: try codes(of: input(operation)), output: try codes(of: output(operation)),
        axes: parameters.axes, keepsDimensions: parameters.keepsDimensions)
      try require([parameters.multiplier], are: [derived.multiplier])
      try appendReduction(.sum, operation, parameters.axes, parameters.keepsDimensions)
    case .reduceMax(let parameters):
      try appendReduction(.reduceMax, operation, parameters.axes, parameters.keepsDimensions)
    case .reduceMin(let parameters):
      try appendReduction(.reduceMin, operation, parameters.axes, parameters.keepsDimensions)
    case .argMax(let parameters): try exportArgument(operation, .argMax, axis: parameters.axis)
    case .argMin(let parameters): try exportArgument(operation, .argMin, axis: parameters.axis)
    case .softmax(let parameters): try exportSoftmax(operation, parameters)
    case .logSoftmax(let parameters):
      let derived = try derivation.logSoftmax(input: try codes(of: input(operation)))
      try require(
        [parameters.multiplier, parameters.reverse], are: [derived.multiplier, derived.reverse])
      try require(
        parameters.minimumDifference, is: derived.minimumDifference, "its least difference")
      try append(.logSoftmax, operation)
    case .l2Normalization:
      try append(.l2Normalization, operation, .l2Normalization(activation: .none))
    default: return
    }
  }

  private mutating func appendReduction(
    _ code: TFLiteOperatorCode, _ operation: Operation, _ axes: [Int], _ keepsDimensions: Bool
  ) throws(Diagnostic) {
    let list = builder.addConstant(axes, named: operation.name + "_axes")
    builder.append(
      code, .reduction(keepsDimensions: keepsDimensions),
      inputs: [try builder.tensor(operation.inputs[0]), list],
      outputs: [try builder.tensor(operation.outputs[0])])
  }

  private mutating func exportArgument(
    _ operation: Operation, _ code: TFLiteOperatorCode, axis: Int
  ) throws(Diagnostic) {
    try append(
      code, operation,
      .argument(outputType: TFLiteElementType(output(operation).elementType)),
      constants: [([axis], "_axis")])
  }

  /// SOFTMAX with the beta that its multiplier was made from; nearly always 1.
  private mutating func exportSoftmax(
    _ operation: Operation, _ parameters: SoftmaxParameters
  ) throws(Diagnostic) {
    let codes = try codes(of: input(operation))
    // What a beta of 1 is multiplied with: see `OperatorDerivation.softmax`.
    let unit = codes.elementType == .int16 ? 65_535 / 10 : 0x1p26
    let estimate = Float(parameters.multiplier.real / (Double(codes.scale) * unit))
    let beta = ([1] + estimate.neighbors).first {
      (try? derivation.softmax(input: codes, beta: $0)) == parameters
    }
    guard let beta else {
      throw Diagnostic(
        problem: "no beta near \(estimate) gives its multiplier",
        remedy: GraphExporter.otherBitsRemedy)
    }
    try append(.softmax, operation, .softmax(beta: beta))
  }
}
