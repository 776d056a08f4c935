import Diagnostics
import FloatModel

/// BatchNormalization and Softmax.
enum NormalizationOperators {
  static let batchNormalization: OperatorImport = { (node, builder) throws(Diagnostic) in
    node.ignore("momentum")
    guard try node.int("training_mode") ?? 0 == 0 else {
      throw Diagnostic(
        problem: "is in training mode", remedy: "export the model for inference")
    }
    // Until opset 8, 0 gave every pixel statistics of its own.
    guard try node.int("spatial") ?? 1 != 0 else {
      throw Diagnostic(problem: "attribute 'spatial' is 0, which is not supported")
    }
    let epsilon = try node.float("epsilon") ?? 1e-5
    var input = try builder.place(0, of: node)
    guard input.layout.rank >= 2 else {
      throw Diagnostic(problem: "the input has shape \(builder.shape(of: input)), no channels")
    }
    if let image = Layout.image(rank: input.layout.rank), input.layout.axes.last != 1 {
      input = try builder.arrange(input, as: image, for: node)
    }
    input = try builder.arrangeLast(1, input, for: node)
    var inputs = [input.value]
    for (index, meaning) in ["scale", "B", "mean", "var"].enumerated() {
      let tensor = try builder.weights(index + 1, meaning, of: node)
      inputs.append(try builder.addConstant(tensor, name: node.inputName(index + 1)))
    }
    let output = try builder.emit(.batchNormalization(epsilon: epsilon), inputs, for: node)
    return [builder.result(Placed(value: output, layout: input.layout))]
  }

  static let softmax: OperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try builder.place(0, of: node)
    let shape = builder.shape(of: input)
    let rank = shape.count
    let isCoerced = node.opset < 13
    let axis = try Axis.resolved(try node.int("axis") ?? (isCoerced ? 1 : -1), rank: rank)
    let long = isCoerced ? (axis..<rank).filter { shape[$0] > 1 } : [axis]
    if long.count <= 1 {
      let placed = try builder.arrangeLast(long.first ?? axis, input, for: node)
      let last = placed.layout.axes.count - 1
      let output = try builder.emit(.softmax(axis: last), [placed.value], for: node)
      return [builder.result(Placed(value: output, layout: placed.layout))]
    }
    // Before opset 13, all axes from this one on count as one.
    let ordered = try builder.arrangeStandard(input, for: node)
    let flat = try builder.reshape(
      ordered, to: shape[..<axis] + [shape[axis...].reduce(1, *)], for: node)
    let value = try builder.emit(
      .softmax(axis: axis), [flat.value], for: node, name: "\(node.name)_flat")
    let output = try builder.emit(.reshape(shape), [value], for: node)
    return [builder.result(Placed(value: output, layout: .standard(rank: rank)))]
  }
}
