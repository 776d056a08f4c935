import Diagnostics
import FloatModel

/// Functions of each element; they keep the layout.
enum ActivationOperators {
  static let relu: OperatorImport = activation { _ in .clip(.relu) }
  static let sigmoid: OperatorImport = activation { _ in .sigmoid }
  static let tanh: OperatorImport = activation { _ in .tanh }
  static let hardSwish: OperatorImport = activation { _ in .hardSwish }

  static let leakyRelu: OperatorImport = activation { (node) throws(Diagnostic) in
    .leakyRelu(alpha: try node.float("alpha") ?? 0.01)
  }

  static let hardSigmoid: OperatorImport = activation { (node) throws(Diagnostic) in
    .hardSigmoid(alpha: try node.float("alpha") ?? 0.2, beta: try node.float("beta") ?? 0.5)
  }

  static let clip: OperatorImport = activation { (node) throws(Diagnostic) in
    let minimum: Float?
    let maximum: Float?
    if node.opset < 11 {
      minimum = try node.float("min")
      maximum = try node.float("max")
    } else {
      minimum = try node.floatScalar(1, "min")
      maximum = try node.floatScalar(2, "max")
    }
    return .clip(ClampRange(onnxMinimum: minimum, maximum: maximum))
  }

  static let prelu: OperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try builder.place(0, of: node)
    let slope = try builder.weights(1, "slope", of: node)
    guard slope.shape.count <= input.layout.rank else {
      throw Diagnostic(
        problem: "the slope \(slope.shape) does not broadcast to the input "
          + "\(builder.shape(of: input))")
    }
    let constant = try builder.addConstant(
      slope.broadcasting(in: input.layout), name: node.inputName(1))
    let output = try builder.emit(.prelu, [input.value, constant], for: node)
    return [builder.result(Placed(value: output, layout: input.layout))]
  }

  private static func activation(
    _ function: @escaping @Sendable (ONNXNode) throws(Diagnostic) -> FloatActivation
  ) -> OperatorImport {
    { (node, builder) throws(Diagnostic) in
      let input = try builder.place(0, of: node)
      let output = try builder.emit(
        .activation(try function(node)), [input.value], for: node)
      return [builder.result(Placed(value: output, layout: input.layout))]
    }
  }
}

extension ClampRange {
  /// The limits of an ONNX Clip. A missing one, or the greatest float that stands for it, clamps
  /// nothing; where the minimum exceeds the maximum, every element becomes the maximum.
  init(onnxMinimum minimum: Float?, maximum: Float?) {
    let greatest = Float.greatestFiniteMagnitude
    let upper = maximum.map { $0 >= greatest ? .infinity : $0 } ?? .infinity
    let lower = minimum.map { $0 <= -greatest ? -.infinity : $0 } ?? -.infinity
    self.init(minimum: min(lower, upper), maximum: upper)
  }
}

extension FloatTensor {
  /// This constant, given in ONNX order, as it broadcasts to a value of `layout`; leading axes of
  /// extent 1 are left out.
  func broadcasting(in layout: Layout) -> FloatTensor {
    let full = Array(repeating: 1, count: layout.rank - shape.count) + shape
    let moved = FloatTensor(shape: full, values: values).transposed(by: layout.order)
    var stored = layout.storedShape(full)
    while stored.count > 1, stored[0] == 1 { stored.removeFirst() }
    return FloatTensor(shape: stored, values: moved.values)
  }
}
