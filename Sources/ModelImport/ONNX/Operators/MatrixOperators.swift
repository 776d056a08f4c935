import Diagnostics
import FloatModel

/// Products with constant matrices: fully connected layers.
enum MatrixOperators {
  static let gemm: OperatorImport = { (node, builder) throws(Diagnostic) in
    guard try node.int("transA") ?? 0 == 0 else {
      throw Diagnostic(problem: "transposes its first input (transA), which is not supported")
    }
    let input = try builder.arrangeStandard(try builder.place(0, of: node), for: node)
    let matrix = try builder.weights(1, "B", of: node)
    guard input.layout.rank == 2, matrix.shape.count == 2 else {
      throw Diagnostic(
        problem:
          "multiplies \(builder.shape(of: input)) with \(matrix.shape); both must be matrices")
    }
    let alpha = try node.float("alpha") ?? 1
    let beta = try node.float("beta") ?? 1
    var weights =
      try node.int("transB") ?? 0 != 0 ? matrix : matrix.transposed(by: [1, 0])
    if alpha != 1 { weights.values = weights.values.map { $0 * alpha } }
    var inputs = [input.value, try builder.addConstant(weights, name: node.inputName(1))]
    let outputs = weights.shape[0]
    var addend: ImportedValue?
    if let value = try node.optionalInput(2), beta != 0 {
      if case .constant(let tensor) = value, let bias = biasVector(tensor, outputs: outputs) {
        let scaled = beta == 1 ? bias : bias.map { $0 * beta }
        inputs.append(
          try builder.addConstant(
            FloatTensor(shape: [outputs], values: scaled), name: node.inputName(2)))
      } else if beta == 1 {
        addend = value
      } else {
        throw Diagnostic(problem: "input 2 (C) is no vector of \(outputs), and beta is \(beta)")
      }
    }
    let product = try builder.emit(
      .fullyConnected(clamp: .none), inputs, for: node,
      name: addend == nil ? nil : "\(node.name)_product")
    let result = builder.result(Placed(value: product, layout: .standard(rank: 2)))
    guard let addend else { return [result] }
    return [try ArithmeticOperators.combine(.add(clamp: .none), result, addend, node, &builder)]
  }

  /// One number per output, where `tensor` broadcasts over rows and is not taller than one.
  private static func biasVector(_ tensor: FloatTensor, outputs: Int) -> [Float]? {
    if tensor.count == 1 { return Array(repeating: tensor.values[0], count: outputs) }
    guard tensor.shape.last == outputs, tensor.count == outputs, tensor.shape.count <= 2 else {
      return nil
    }
    return tensor.values
  }

  static let matMul: OperatorImport = { (node, builder) throws(Diagnostic) in
    let matrix = try builder.weights(1, "B", of: node)
    var input = try builder.place(0, of: node)
    let rank = input.layout.rank
    let leading = matrix.shape.dropLast(2)
    guard matrix.shape.count >= 2, leading.allSatisfy({ $0 == 1 }), leading.count + 2 <= rank else {
      throw Diagnostic(
        problem: "multiplies \(builder.shape(of: input)) with \(matrix.shape); only a constant "
          + "matrix [I, O] is supported")
    }
    if input.layout.axes.last != rank - 1 {
      input = try builder.arrangeStandard(input, for: node)
    }
    let plain = FloatTensor(shape: Array(matrix.shape.suffix(2)), values: matrix.values)
    let weights = try builder.addConstant(plain.transposed(by: [1, 0]), name: node.inputName(1))
    let output = try builder.emit(
      .fullyConnected(clamp: .none), [input.value, weights], for: node)
    return [builder.result(Placed(value: output, layout: input.layout))]
  }
}
