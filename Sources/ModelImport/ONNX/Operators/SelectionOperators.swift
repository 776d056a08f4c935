import Diagnostics
import FloatModel

/// Operators that pick elements by index or put arrays together.
enum SelectionOperators {
  static let slice: OperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try node.input(0)
    let shape = builder.shape(of: input)
    let starts: [Int64]
    let ends: [Int64]
    var axes: [Int]?
    var steps: [Int]?
    if node.opset < 10 {
      starts = try node.unboundedInts("starts") ?? []
      ends = try node.unboundedInts("ends") ?? []
      axes = try node.ints("axes")
    } else {
      starts = try node.integers(1, "starts")?.values ?? []
      ends = try node.integers(2, "ends")?.values ?? []
      axes = try node.indexVector(3, "axes")
      steps = try node.indexVector(4, "steps")
    }
    let sliced = axes ?? Array(starts.indices)
    let strides = steps ?? sliced.map { _ in 1 }
    guard starts.count == sliced.count, ends.count == sliced.count, strides.count == sliced.count
    else {
      throw Diagnostic(
        problem: "has \(starts.count) starts, \(ends.count) ends and \(strides.count) steps for "
          + "\(sliced.count) axes")
    }
    _ = try ONNXNode.axes(sliced, rank: shape.count)
    var selection = Selection(shape: shape)
    for (place, axis) in sliced.enumerated() {
      try selection.restrict(
        try Axis.resolved(axis, rank: shape.count), from: starts[place], to: ends[place],
        step: strides[place])
    }
    return [try select(selection, of: input, node, &builder)]
  }

  static let split: OperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try node.input(0)
    let shape = builder.shape(of: input)
    let axis = try Axis.resolved(try node.int("axis") ?? 0, rank: shape.count)
    let count = try node.int("num_outputs") ?? node.outputs.count
    guard count >= 1, count <= max(node.outputs.count, 1) else {
      throw Diagnostic(problem: "has \(node.outputs.count) outputs, but num_outputs is \(count)")
    }
    let asked = node.opset < 13 ? try node.ints("split") : try node.indexVector(1, "split")
    // Without sizes, chunks are equal, and the last one may be smaller.
    let chunk = (shape[axis] + count - 1) / count
    let sizes =
      asked ?? (0..<count).map { min(chunk, shape[axis] - $0 * chunk) }
    guard sizes.allSatisfy({ $0 >= 1 && $0 <= shape[axis] }),
      sizes.reduce(0, +) == shape[axis]
    else {
      throw Diagnostic(problem: "splits axis \(axis) of \(shape) into \(sizes)")
    }
    var results: [ImportedValue] = []
    var start = 0
    for (place, size) in sizes.enumerated() {
      var selection = Selection(shape: shape)
      selection.begin[axis] = start
      selection.extent[axis] = size
      let name = node.outputs.indices.contains(place) ? node.outputs[place] : nil
      results.append(try select(selection, of: input, node, &builder, name: name))
      start += size
    }
    return results
  }

  static let gather: OperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try node.input(0)
    let shape = builder.shape(of: input)
    let axis = try Axis.resolved(try node.int("axis") ?? 0, rank: shape.count)
    guard let indices = try node.integers(1, "indices") else {
      throw Diagnostic(problem: "input 1 (indices) is missing")
    }
    if case .integers(let tensor) = input {
      return [.integers(try tensor.gathered(indices, axis: axis))]
    }
    guard indices.values.count == 1, indices.shape.count <= 1 else {
      throw Diagnostic(
        problem: "gathers indices of shape \(indices.shape), but only one index is supported")
    }
    let index = indices.values[0] < 0 ? indices.values[0] + Int64(shape[axis]) : indices.values[0]
    guard (0..<Int64(shape[axis])).contains(index) else {
      throw Diagnostic(problem: "index \(indices.values[0]) is outside axis \(axis) of \(shape)")
    }
    var selection = Selection(shape: shape)
    selection.begin[axis] = Int(index)
    selection.extent[axis] = 1
    let picked = try select(
      selection, of: input, node, &builder,
      name: indices.shape.isEmpty ? "\(node.name)_picked" : nil)
    guard indices.shape.isEmpty else { return [picked] }
    var rest = selection.extent
    rest.remove(at: axis)
    switch picked {
    case .activation(let placed):
      return [.activation(try builder.reshape(placed, to: rest, for: node))]
    case .constant(let tensor): return [.constant(FloatTensor(shape: rest, values: tensor.values))]
    case .integers, .unavailable: return [picked]
    }
  }

  static let concatenate: OperatorImport = { (node, builder) throws(Diagnostic) in
    let all = try node.allInputs()
    let shapes = all.map { builder.shape(of: $0) }
    guard let asked = try node.int("axis") else {
      throw Diagnostic(problem: "attribute 'axis' is missing")
    }
    let axis = try Axis.resolved(asked, rank: shapes[0].count)
    if case .integers(let first) = all[0] {
      return [.integers(try concatenateIntegers(all, first.shape))]
    }
    var placed: [Placed] = []
    for index in all.indices { placed.append(try builder.place(index, of: node)) }
    // Prefer a layout other than ONNX's: there an image is already as convolutions take it.
    let layouts = placed.filter { builder.graph.values[$0.value].constant == nil }.map(\.layout)
    let layout = layouts.first { !$0.isStandard } ?? placed[0].layout
    var inputs: [ValueIndex] = []
    for (index, value) in placed.enumerated() {
      guard value.layout.rank == layout.rank else {
        throw Diagnostic(problem: "input \(index) has shape \(shapes[index]), not like the others")
      }
      inputs.append(try builder.arrange(value, as: layout, for: node).value)
    }
    let output = try builder.emit(
      .concatenation(axis: layout.storedAxis(axis)), inputs, for: node)
    return [builder.result(Placed(value: output, layout: layout))]
  }

  private static func concatenateIntegers(
    _ inputs: [ImportedValue], _ shape: [Int]
  ) throws(Diagnostic) -> IntegerTensor {
    var values: [Int64] = []
    for input in inputs {
      guard case .integers(let tensor) = input, tensor.shape.count == 1 else {
        throw Diagnostic(problem: "concatenates integers that are no known vectors")
      }
      values += tensor.values
    }
    _ = try IntegerTensor.checkedCount([values.count])
    return IntegerTensor(shape: [values.count], values: values)
  }

  /// The selected elements of any value.
  private static func select(
    _ selection: Selection, of input: ImportedValue, _ node: ONNXNode,
    _ builder: inout GraphBuilder, name: String? = nil
  ) throws(Diagnostic) -> ImportedValue {
    if case .integers(let tensor) = input { return .integers(try selection.applied(to: tensor)) }
    if let empty = selection.extent.firstIndex(of: 0) {
      throw Diagnostic(problem: "picks nothing along axis \(empty) of \(builder.shape(of: input))")
    }
    let placed = try builder.place(0, of: node)
    let layout = placed.layout
    let output = try builder.emit(
      .slice(
        begin: layout.stored(selection.begin, filler: 0),
        extent: layout.stored(selection.extent, filler: 1),
        strides: layout.stored(selection.steps, filler: 1)),
      [placed.value], for: node, name: name)
    return builder.result(Placed(value: output, layout: layout))
  }
}
