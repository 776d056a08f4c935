import Diagnostics
import IntegerModel
import OperatorArithmetic
import TFLiteFormat

// Operators that compute each element by itself.
extension IntegerImporter {
  mutating func importElementwise(_ source: TFLiteOperator) throws(Diagnostic) {
    switch (source.code, source.options) {
    case (.add, .add(let activation, _)), (.sub, .add(let activation, _)):
      let (first, second, result) = try pairCodes(source)
      try appendPair(
        source,
        source.code == .add
          ? .add(try derivation.add(first, second, output: result, limits: activation.limits))
          : .subtract(
            try derivation.subtract(first, second, output: result, limits: activation.limits)))
    case (.mul, .multiply(let activation)):
      let (first, second, result) = try pairCodes(source)
      try appendPair(
        source,
        .multiply(
          try derivation.multiply(first, second, output: result, limits: activation.limits)))
    case (.prelu, _):
      let (data, slope, result) = try pairCodes(source)
      try appendPair(
        source, .prelu(try derivation.prelu(input: data, slope: slope, output: result)))
    case (.minimum, _): try importExtreme(source, .minimum)
    case (.maximum, _): try importExtreme(source, .maximum)
    case (.quantize, _): try importQuantize(source)
    default: throw wrongOptions
    }
  }

  private func pairCodes(
    _ source: TFLiteOperator
  ) throws(Diagnostic) -> (AffineCodes, AffineCodes, AffineCodes) {
    (
      try codes(try input(source, 0)), try codes(try input(source, 1)),
      try codes(try output(source))
    )
  }

  private mutating func appendPair(
    _ source: TFLiteOperator, _ kind: OperatorKind
  ) throws(Diagnostic) {
    let first = try operand(try input(source, 0))
    let second = try operand(try input(source, 1))
    append(kind, inputs: [first, second], output: try addOutput(of: source))
  }

  /// Kernels compare codes, whatever their scales.
  private mutating func importExtreme(
    _ source: TFLiteOperator, _ kind: OperatorKind
  ) throws(Diagnostic) {
    let first = try operand(try input(source, 0))
    let second = try operand(try input(source, 1))
    let result = try addOutput(of: source)
    append(
      kind,
      inputs: [try relabeled(first, as: result), try relabeled(second, as: result)],
      output: result)
  }

  private mutating func importQuantize(_ source: TFLiteOperator) throws(Diagnostic) {
    let (data, result) = (try input(source), try output(source))
    let multiplier = try derivation.requantize(from: try codes(data), to: try codes(result))
    append(
      .requantize(multiplier), inputs: [try operand(data)], output: try addOutput(of: source))
  }

  // MARK: - Functions

  mutating func importFunction(_ source: TFLiteOperator) throws(Diagnostic) {
    let (data, result) = (try codes(try input(source)), try codes(try output(source)))
    let function: RealFunction
    switch (source.code, source.options) {
    case (.logistic, _): function = .logistic
    case (.tanh, _): function = .tanh
    case (.hardSwish, _): function = .hardSwish
    case (.relu, _): function = .clip(.relu)
    case (.relu6, _): function = .clip(.relu6)
    case (.reluN1To1, _): function = .clip(.reluN1To1)
    case (.leakyRelu, .leakyRelu(let alpha)):
      guard data.elementType == .int16 else {
        function = .leakyRelu(alpha: alpha)
        break
      }
      let x = try operand(try input(source))
      append(
        .leakyRelu(try derivation.leakyRelu(alpha: alpha, input: data, output: result)),
        inputs: [x], output: try addOutput(of: source))
      return
    default: throw wrongOptions
    }
    guard data.elementType != .int16 else {
      if function == .logistic || function == .tanh {
        let parameters = try derivation.interpolated(function.function, input: data)
        append(
          .interpolatedFunction(parameters), inputs: [try operand(try input(source))],
          output: try addOutput(of: source))
      } else {
        try importWideClamp(source, data, result, function: function)
      }
      return
    }
    for codes in [data, result] {
      guard codes.elementType == .int8 || codes.elementType == .uint8 else {
        throw Diagnostic(
          problem: "computes with \(codes.elementType.name); int8, uint8 and int16 have kernels")
      }
    }
    var parameters = derivation.lookup(function, input: data, output: result)
    if function == .clip(.relu6), data != result {
      // TFLite Micro's kernel clamps the codes of the input and ignores the output's scale.
      let clamped = derivation.lookup(function, input: data, output: data)
      parameters.profileTables = [
        ProfileTable(profile: .tflm, table: clamped.table(for: .tflm))
      ]
    }
    append(
      .lookup(parameters), inputs: [try operand(try input(source))],
      output: try addOutput(of: source))
  }

  /// ReLU of 16-bit codes: requantized, then at least 0.
  private mutating func importWideClamp(
    _ source: TFLiteOperator, _ data: AffineCodes, _ result: AffineCodes, function: RealFunction
  ) throws(Diagnostic) {
    guard function == .clip(.relu) || (function == .clip(.relu6) && data == result) else {
      throw Diagnostic(
        problem: "has no kernel for int16 codes of these scales",
        remedy: "quantize this operator to int8")
    }
    let x = try operand(try input(source))
    let y = try addOutput(of: source)
    var moved = x
    if data != result {
      moved = addIntermediate(of: y, suffix: "_requantized")
      append(
        .requantize(try derivation.requantize(from: data, to: result)), inputs: [x],
        output: moved)
    }
    let limits = result.range(of: function == .clip(.relu) ? .relu : .relu6)
    let bounds: [(OperatorKind, Int32)] =
      function == .clip(.relu)
      ? [(.maximum, limits.minimum)] : [(.maximum, limits.minimum), (.minimum, limits.maximum)]
    for (position, (kind, bound)) in bounds.enumerated() {
      let limit = addTensor(
        TensorDescription(
          name: graph.tensors[y].name + "_limit", shape: [], elementType: .int16,
          quantization: result.quantization,
          constant: ConstantBytes(copying: [Int16(clamping: bound)])))
      let isLast = position == bounds.count - 1
      let target = isLast ? y : addIntermediate(of: y, suffix: "_clamped")
      append(kind, inputs: [moved, limit], output: target)
      moved = target
    }
  }

  /// A tensor like `tensor`, for a value on the way to it.
  mutating func addIntermediate(of tensor: TensorIndex, suffix: String) -> TensorIndex {
    var copy = graph.tensors[tensor]
    copy.name += suffix
    return addTensor(copy)
  }
}
