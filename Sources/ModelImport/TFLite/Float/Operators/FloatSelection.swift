import Diagnostics
import FloatModel
import TFLiteFormat

/// Operators that pick elements by index.
enum FloatSelection {
  static let slice: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try Reshapable(0, of: node, &builder)
    let shape = input.shape(in: builder)
    let begin = try node.indices(1, "begin")
    let size = try node.indices(2, "size")
    guard begin.count == shape.count, size.count == shape.count else {
      throw Diagnostic(
        problem: "has \(begin.count) begins and \(size.count) sizes for the axes of \(shape)")
    }
    var selection = Selection(shape: shape)
    for axis in shape.indices {
      selection.begin[axis] = begin[axis]
      selection.extent[axis] = size[axis] == -1 ? shape[axis] - begin[axis] : size[axis]
      guard begin[axis] >= 0, selection.extent[axis] >= 0,
        begin[axis] + selection.extent[axis] <= shape[axis]
      else {
        throw Diagnostic(problem: "slices \(size) elements from \(begin) of \(shape)")
      }
    }
    return [try select(selection, of: input, dropping: [], node, &builder)]
  }

  static let stridedSlice: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    guard
      case .stridedSlice(
        let beginMask, let endMask, let ellipsisMask, let newAxisMask, let shrink) = node.options
    else { throw node.wrongOptions }
    guard ellipsisMask == 0, newAxisMask == 0 else {
      throw Diagnostic(problem: "slices with an ellipsis or new axes, which is not supported")
    }
    let input = try Reshapable(0, of: node, &builder)
    let shape = input.shape(in: builder)
    let begin = try node.integers(1, "begin").values
    let end = try node.integers(2, "end").values
    let steps = try node.indices(3, "strides")
    guard begin.count == end.count, begin.count == steps.count, begin.count <= shape.count else {
      throw Diagnostic(
        problem: "has \(begin.count) begins, \(end.count) ends and \(steps.count) strides for the "
          + "axes of \(shape)")
    }
    var selection = Selection(shape: shape)
    var dropped: [Int] = []
    for axis in begin.indices {
      let isSet = { (mask: Int32) in mask >> Int32(axis) & 1 != 0 }
      if isSet(shrink) {
        guard steps[axis] > 0 else {
          throw Diagnostic(problem: "picks one element of axis \(axis) in steps of \(steps[axis])")
        }
        // The mask counts here too, unlike in TensorFlow.
        let first = isSet(beginMask) ? 0 : begin[axis]
        let index = first < 0 ? first &+ Int64(shape[axis]) : first
        guard (0..<Int64(shape[axis])).contains(index) else {
          throw Diagnostic(problem: "index \(begin[axis]) is outside axis \(axis) of \(shape)")
        }
        selection.begin[axis] = Int(index)
        selection.extent[axis] = 1
        dropped.append(axis)
        continue
      }
      let isForward = steps[axis] > 0
      try selection.restrict(
        axis, from: isSet(beginMask) ? (isForward ? 0 : .max) : begin[axis],
        to: isSet(endMask) ? (isForward ? .max : .min) : end[axis], step: steps[axis])
    }
    return [try select(selection, of: input, dropping: dropped, node, &builder)]
  }

  static let split: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    guard case .split(let count) = node.options else { throw node.wrongOptions }
    let input = try Reshapable(1, of: node, &builder)
    let shape = input.shape(in: builder)
    let axis = try Axis.resolved(try node.index(0, "axis"), rank: shape.count)
    guard count >= 1, shape[axis] % count == 0 else {
      throw Diagnostic(problem: "splits axis \(axis) of \(shape) into \(count) equal parts")
    }
    // Before a list as long as a damaged count is made.
    guard count == node.outputs.count else {
      throw Diagnostic(
        problem: "splits axis \(axis) of \(shape) into \(count) for \(node.outputs.count) outputs")
    }
    let sizes = Array(repeating: shape[axis] / count, count: count)
    return try split(input, axis: axis, sizes: sizes, node, &builder)
  }

  static let splitBySizes: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try Reshapable(0, of: node, &builder)
    let shape = input.shape(in: builder)
    let axis = try Axis.resolved(try node.index(2, "axis"), rank: shape.count)
    var sizes = try node.indices(1, "sizes")
    if let rest = sizes.firstIndex(of: -1) {
      sizes[rest] = shape[axis] - (sizes.reduce(0, +) + 1)
    }
    return try split(input, axis: axis, sizes: sizes, node, &builder)
  }

  private static func split(
    _ input: Reshapable, axis: Int, sizes: [Int], _ node: FloatOperator,
    _ builder: inout FloatGraphBuilder
  ) throws(Diagnostic) -> [FloatTensorContent] {
    let shape = input.shape(in: builder)
    guard sizes.allSatisfy({ $0 >= 1 }), sizes.reduce(0, +) == shape[axis],
      sizes.count == node.outputs.count
    else {
      throw Diagnostic(
        problem: "splits axis \(axis) of \(shape) into \(sizes) for \(node.outputs.count) outputs")
    }
    var results: [FloatTensorContent] = []
    var start = 0
    for (output, size) in sizes.enumerated() {
      var selection = Selection(shape: shape)
      selection.begin[axis] = start
      selection.extent[axis] = size
      results.append(
        try select(selection, of: input, dropping: [], node, &builder, output: output))
      start += size
    }
    return results
  }

  static let unpack: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    guard case .pack(let count, let asked) = node.options else { throw node.wrongOptions }
    let input = try Reshapable(0, of: node, &builder)
    let shape = input.shape(in: builder)
    let axis = try Axis.resolved(asked, rank: shape.count)
    guard shape[axis] == count, node.outputs.count == count else {
      throw Diagnostic(
        problem: "unpacks axis \(axis) of \(shape) into \(node.outputs.count) outputs")
    }
    var results: [FloatTensorContent] = []
    for index in 0..<count {
      var selection = Selection(shape: shape)
      selection.begin[axis] = index
      selection.extent[axis] = 1
      results.append(
        try select(selection, of: input, dropping: [axis], node, &builder, output: index))
    }
    return results
  }

  static let gather: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    guard case .gather(let asked, let batchDimensions) = node.options else {
      throw node.wrongOptions
    }
    guard batchDimensions == 0 else {
      throw Diagnostic(problem: "has \(batchDimensions) batch dimensions, which is not supported")
    }
    let input = try Reshapable(0, of: node, &builder)
    let shape = input.shape(in: builder)
    let axis = try Axis.resolved(asked, rank: shape.count)
    let indices = try node.integers(1, "indices")
    if case .integers(let tensor) = input {
      return [.integers(try tensor.gathered(indices, axis: axis))]
    }
    guard (1...greatestGather).contains(indices.values.count) else {
      throw Diagnostic(
        problem: "gathers \(indices.values.count) indices; 1…\(greatestGather) are supported")
    }
    for index in indices.values where !(0..<Int64(shape[axis])).contains(index) {
      throw Diagnostic(problem: "index \(index) is outside axis \(axis) of \(shape)")
    }
    guard indices.values.count > 1 || indices.shape.count > 1, case .value(let value) = input else {
      var selection = Selection(shape: shape)
      selection.begin[axis] = Int(indices.values[0])
      selection.extent[axis] = 1
      let dropped = indices.shape.isEmpty ? [axis] : []
      return [try select(selection, of: input, dropping: dropped, node, &builder)]
    }
    let parts = try indices.values.enumerated().map {
      (position, index) throws(Diagnostic) -> ValueIndex in
      var selection = Selection(shape: shape)
      selection.begin[axis] = Int(index)
      selection.extent[axis] = 1
      return try builder.emit(
        .slice(begin: selection.begin, extent: selection.extent, strides: selection.steps), [value],
        for: node, suffix: "_part\(position)")
    }
    let isVector = indices.shape.count == 1
    let joined = try builder.emit(
      .concatenation(axis: axis), parts, for: node, suffix: isVector ? "" : "_joined")
    guard !isVector else { return [builder.content(joined)] }
    let result = Array(shape[..<axis]) + indices.shape + Array(shape[(axis + 1)...])
    return [try Reshapable.value(joined).reshaped(to: result, for: node, &builder)]
  }

  /// Most indices of a GATHER: each is an input of a concatenation.
  private static let greatestGather = 1024

  /// The selected elements without the axes `dropped`, of which one element is left.
  private static func select(
    _ selection: Selection, of input: Reshapable, dropping dropped: [Int], _ node: FloatOperator,
    _ builder: inout FloatGraphBuilder, output: Int = 0
  ) throws(Diagnostic) -> FloatTensorContent {
    let shape = selection.extent.indices.filter { !dropped.contains($0) }
      .map { selection.extent[$0] }
    switch input {
    case .integers(let tensor):
      let picked = Reshapable.integers(try selection.applied(to: tensor))
      return try picked.reshaped(to: shape, for: node, &builder)
    case .value(let value):
      if let empty = selection.extent.firstIndex(of: 0) {
        throw Diagnostic(
          problem: "picks nothing along axis \(empty) of \(builder.shape(of: value))")
      }
      let operation = FloatOperation.slice(
        begin: selection.begin, extent: selection.extent, strides: selection.steps)
      let picked = try builder.emit(
        operation, [value], for: node, suffix: dropped.isEmpty ? "" : "_picked", output: output)
      guard !dropped.isEmpty else { return builder.content(picked) }
      return try Reshapable.value(picked).reshaped(
        to: shape, for: node, &builder, output: output)
    }
  }
}
