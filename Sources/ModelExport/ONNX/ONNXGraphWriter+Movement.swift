import Diagnostics
import IntegerModel
import ONNXFormat

/// Operations that move codes and change none.
extension ONNXGraphWriter {
  mutating func writeConcatenation(_ operation: Operation, axis: Int) throws(Diagnostic) {
    let order = order(of: operation.inputs, output: operation.outputs[0])
    var parts: [String] = []
    for input in operation.inputs { parts.append(try codes(of: input, in: order)) }
    try move(
      "Concat", parts, as: operation.outputs[0], in: order, [.int("axis", order.place(of: axis))])
  }

  mutating func writePad(
    _ operation: Operation, _ parameters: PadParameters
  ) throws(Diagnostic) {
    let order = order(of: operation.inputs, output: operation.outputs[0])
    let tensor = output(operation)
    let counts = order.arranged(parameters.before) + order.arranged(parameters.after)
    var inputs = [
      try codes(of: operation.inputs[0], in: order),
      add(ONNXConstant(integers: counts), name: "\(tensor.name)_pads"),
    ]
    let mode: String
    switch parameters.mode {
    case .constant:
      mode = "constant"
      inputs.append(
        add(
          try ONNXConstant(code: parameters.value, type: tensor.elementType),
          name: "\(tensor.name)_value"))
    case .reflect: mode = "reflect"
    case .edge: mode = "edge"
    case .symmetric:
      guard (parameters.before + parameters.after).allSatisfy({ $0 <= 1 }) else {
        throw Diagnostic(
          problem: "mirrors more than one element with the edge repeated, which ONNX cannot",
          remedy: "export the model as .tflite")
      }
      // One repeated element is the edge.
      mode = "edge"
    }
    try move("Pad", inputs, as: operation.outputs[0], in: order, [.string("mode", mode)])
  }

  mutating func writeReshape(_ operation: Operation) throws(Diagnostic) {
    let tensor = output(operation)
    try move(
      "Reshape",
      [
        try codes(of: operation.inputs[0], in: .own),
        add(ONNXConstant(integers: tensor.shape), name: "\(tensor.name)_shape"),
      ], as: operation.outputs[0], in: .own)
  }

  mutating func writeTranspose(
    _ operation: Operation, _ permutation: [Int]
  ) throws(Diagnostic) {
    try move(
      "Transpose", [try codes(of: operation.inputs[0], in: .own)], as: operation.outputs[0],
      in: .own, [.ints("perm", permutation)])
  }

  mutating func writeSlice(
    _ operation: Operation, _ parameters: StridedSliceParameters
  ) throws(Diagnostic) {
    let order = order(of: operation.inputs, output: operation.outputs[0])
    let (tensor, extents) = (output(operation), input(operation, 0).shape)
    let ends = extents.indices.map { axis in
      let end = parameters.begin[axis] + tensor.shape[axis] * parameters.strides[axis]
      // Backward past the first element: an end before −extent, since −1 is the last one.
      return end < 0 ? -extents[axis] - 1 : end
    }
    let limits = [parameters.begin, ends, Array(extents.indices), parameters.strides]
    var inputs = [try codes(of: operation.inputs[0], in: order)]
    for (numbers, name) in zip(limits, ["begin", "end", "axes", "steps"]) {
      let arranged = name == "axes" ? numbers : order.arranged(numbers)
      inputs.append(add(ONNXConstant(integers: arranged), name: "\(tensor.name)_\(name)"))
    }
    try move("Slice", inputs, as: operation.outputs[0], in: order)
  }
}
