import Diagnostics
import IntegerModel
import OperatorArithmetic
import TFLiteFormat

extension GraphExporter {
  /// The operator that a table stands for where TFLite computes exactly that table, a QUANTIZE with a
  /// clamp where those do, and otherwise the table itself, codes being indices of a GATHER: that of
  /// the graph's own profile.
  mutating func exportLookup(
    _ operation: Operation, _ parameters: LookupParameters
  ) throws(Diagnostic) {
    let coefficients = parameters.coefficientBits.map { Float(bitPattern: $0) }
    let (source, target) = (input(operation), output(operation))
    if let function = RealFunction(parameters.function, coefficients: coefficients),
      let code = try operatorCode(for: function, parameters, from: source, to: target)
    {
      if case .leakyRelu(let alpha) = function {
        try append(code, operation, .leakyRelu(alpha: alpha))
      } else {
        try append(code, operation)
      }
      return
    }
    let table = parameters.table(for: graph.arithmetic).array(of: UInt8.self)
    if source.elementType == target.elementType, table == identity(source.elementType) {
      // RESHAPE copies codes whatever their scales.
      appendReshape(
        from: try builder.tensor(operation.inputs[0]),
        to: try builder.tensor(operation.outputs[0]), shape: target.shape, operation)
    } else if let clamp = try requantizingClamp(table, from: source, to: target) {
      try exportRequantizingClamp(operation, clamp)
    } else {
      try exportTable(operation, table)
    }
  }

  /// The operator for a function, where it takes these parameters and computes the stored tables.
  private func operatorCode(
    for function: RealFunction, _ parameters: LookupParameters, from source: TensorDescription,
    to target: TensorDescription
  ) throws(Diagnostic) -> TFLiteOperatorCode? {
    guard source.elementType == target.elementType else { return nil }
    let (input, output) = (try codes(of: source), try codes(of: target))
    let derived = derivation.lookup(function, input: input, output: output)
    guard derived.table == parameters.table else { return nil }
    let table = parameters.table(for: derivation.profile)
    // TFLite Micro's kernel clamps the codes of the input and ignores the output's scale.
    let device =
      function == .clip(.relu6)
      ? derivation.lookup(function, input: input, output: input) : derived
    guard device.table(for: derivation.profile) == table else { return nil }
    let least = output.range.minimum
    switch function {
    case .logistic:
      // The kernels insist on these.
      return output.scale == 1 / 256 && output.zeroPoint == least ? .logistic : nil
    case .tanh: return output.scale == 1 / 128 && output.zeroPoint == least + 128 ? .tanh : nil
    case .hardSwish: return .hardSwish
    case .leakyRelu: return .leakyRelu
    case .clip(.relu): return .relu
    case .clip(.relu6): return .relu6
    // TFLite Micro lacks RELU_N1_TO_1.
    case .clip, .hardSigmoid: return nil
    }
  }

  /// The table that gives every code itself.
  private func identity(_ type: ElementType) -> [UInt8] {
    (0...255).map { UInt8(truncatingIfNeeded: type.minimumCode + $0) }
  }

  // MARK: - QUANTIZE and clamp

  /// The clamp that, after a requantization from `source` to `target`, gives `table`; `nil` where
  /// none does.
  private func requantizingClamp(
    _ table: [UInt8], from source: TensorDescription, to target: TensorDescription
  ) throws(Diagnostic) -> CodeRange? {
    guard source.elementType == target.elementType else { return nil }
    let (input, output) = (try codes(of: source), try codes(of: target))
    guard let multiplier = try? derivation.requantize(from: input, to: output) else { return nil }
    let isSigned = source.elementType == .int8
    let codes = table.map { isSigned ? Int32(Int8(bitPattern: $0)) : Int32($0) }
    guard let least = codes.min(), let greatest = codes.max() else { return nil }
    for (code, expected) in zip(input.range.minimum...input.range.maximum, codes) {
      let scaled = multiplier.scale(
        code - input.zeroPoint, rounding: derivation.profile.rounding)
      let sum = Int64(scaled) + Int64(output.zeroPoint)
      guard min(max(sum, Int64(least)), Int64(greatest)) == Int64(expected) else { return nil }
    }
    return CodeRange(minimum: least, maximum: greatest)
  }

  private mutating func exportRequantizingClamp(
    _ operation: Operation, _ clamp: CodeRange
  ) throws(Diagnostic) {
    let (source, target) = (input(operation), output(operation))
    var current = try builder.tensor(operation.inputs[0])
    if try codes(of: source) != (try codes(of: target)) {
      let requantized = builder.addIntermediate(like: target, suffix: "_requantized")
      builder.append(.quantize, inputs: [current], outputs: [requantized])
      current = requantized
    }
    try appendClamp(clamp, of: current, operation)
  }

  // MARK: - GATHER

  /// Codes become indices from 0 on, and those elements of the table.
  private mutating func exportTable(_ operation: Operation, _ table: [UInt8]) throws(Diagnostic) {
    let (source, target) = (input(operation), output(operation))
    let indices = builder.addIntegers(
      named: target.name + "_indices", shape: source.shape, type: .int32)
    builder.append(
      .cast, inputs: [try builder.tensor(operation.inputs[0])], outputs: [indices])
    var positions = indices
    if source.elementType == .int8 {
      positions = builder.addIntegers(
        named: target.name + "_positions", shape: source.shape, type: .int32)
      let offset = builder.addConstant([128], named: target.name + "_offset")
      builder.append(
        .add, .add(activation: .none, potScaleInt16: false), inputs: [indices, offset],
        outputs: [positions])
    }
    let codes = builder.addCodes(
      table.map { Int32($0) }, shape: [table.count], like: target, named: target.name + "_table")
    builder.append(
      .gather, .gather(axis: 0, batchDimensions: 0), inputs: [codes, positions],
      outputs: [try builder.tensor(operation.outputs[0])])
  }
}
