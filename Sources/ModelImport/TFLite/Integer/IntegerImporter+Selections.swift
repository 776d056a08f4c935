import Diagnostics
import IntegerModel
import TFLiteFormat

// Operators that take elements out of a tensor.
extension IntegerImporter {
  mutating func importSelection(_ source: TFLiteOperator) throws(Diagnostic) {
    switch (source.code, source.options) {
    case (.stridedSlice, _):
      let data = try input(source)
      try appendSelection(
        try stridedSelection(source, of: try shape(data)), of: data, source, output: 0)
    case (.slice, _):
      let data = try input(source)
      try appendSelection(
        try sliceSelection(source, of: try shape(data)), of: data, source, output: 0)
    case (.split, .split(let count)):
      let data = try input(source, 1)
      let shape = try shape(data)
      let axis = try Axis.resolved(try integer(source, 0, "axis"), rank: shape.count)
      guard count >= 1, count == source.outputs.count, shape[axis] % count == 0 else {
        throw Diagnostic(
          problem: "splits axis \(axis) of \(shape) into \(count) parts for "
            + "\(source.outputs.count) outputs")
      }
      try appendParts(
        source, of: data, axis: axis,
        sizes: Array(repeating: shape[axis] / count, count: count))
    case (.splitV, _):
      let data = try input(source)
      let shape = try shape(data)
      let axis = try Axis.resolved(try integer(source, 2, "axis"), rank: shape.count)
      try appendParts(source, of: data, axis: axis, sizes: try partSizes(source, shape[axis]))
    case (.unpack, .pack(_, let axis)):
      let data = try input(source)
      let shape = try shape(data)
      let axis = try Axis.resolved(axis, rank: shape.count)
      guard shape[axis] == source.outputs.count else {
        throw Diagnostic(
          problem: "unpacks axis \(axis) of \(shape) into \(source.outputs.count) outputs")
      }
      try appendParts(
        source, of: data, axis: axis, sizes: Array(repeating: 1, count: shape[axis]),
        dropsAxis: true)
    default: throw wrongOptions
    }
  }

  /// The sizes of a SPLIT_V, one of which may be −1: the rest.
  private func partSizes(_ source: TFLiteOperator, _ extent: Int) throws(Diagnostic) -> [Int] {
    var sizes = try integers(source, 1, "sizes")
    let open = sizes.indices.filter { sizes[$0] == -1 }
    let sum = sizes.reduce(0) { $0 + max($1, 0) }
    if open.count == 1 { sizes[open[0]] = extent - sum }
    guard sizes.count == source.outputs.count, sizes.allSatisfy({ $0 >= 1 }),
      sizes.reduce(0, +) == extent
    else {
      throw Diagnostic(
        problem: "splits \(extent) elements into \(sizes) for \(source.outputs.count) outputs")
    }
    return sizes
  }

  private mutating func appendParts(
    _ source: TFLiteOperator, of data: Int, axis: Int, sizes: [Int], dropsAxis: Bool = false
  ) throws(Diagnostic) {
    var start = 0
    for (position, size) in sizes.enumerated() {
      var selection = IntegerSelection(all: try shape(data))
      try selection.restrict(axis, from: start, count: size)
      if dropsAxis { selection.droppedAxes = [axis] }
      try appendSelection(selection, of: data, source, output: position)
      start += size
    }
  }

  /// Appends a slice, and a reshape where axes are dropped.
  private mutating func appendSelection(
    _ selection: IntegerSelection, of data: Int, _ source: TFLiteOperator, output position: Int
  ) throws(Diagnostic) {
    let x = try operand(data)
    let y = try addOutput(of: source, position, shape: selection.shape)
    guard !selection.droppedAxes.isEmpty else {
      try appendMove(.stridedSlice(selection.parameters), inputs: [x], output: y)
      return
    }
    var slice = graph.tensors[x]
    slice.name = graph.tensors[y].name + "_slice"
    slice.shape = selection.extents
    slice.constant = nil
    let index = addTensor(slice)
    append(.stridedSlice(selection.parameters), inputs: [x], output: index)
    try appendMove(.reshape, inputs: [index], output: y)
  }

  // MARK: - What is picked

  /// What a STRIDED_SLICE picks of a tensor of that shape.
  func stridedSelection(
    _ source: TFLiteOperator, of shape: [Int]
  ) throws(Diagnostic) -> IntegerSelection {
    guard
      case .stridedSlice(
        let beginMask, let endMask, let ellipsisMask, let newAxisMask, let shrinkAxisMask) =
        source.options
    else { throw wrongOptions }
    guard ellipsisMask == 0, newAxisMask == 0 else {
      throw Diagnostic(
        problem: "slices with an ellipsis or a new axis, for which TFLite has no kernel")
    }
    let begin = try integers(source, 1, "begin")
    let end = try integers(source, 2, "end")
    let strides = try integers(source, 3, "strides")
    guard begin.count <= shape.count, begin.count == end.count, begin.count == strides.count else {
      throw Diagnostic(
        problem: "gives \(begin.count) begins, \(end.count) ends and \(strides.count) strides for "
          + "\(shape.count) axes")
    }
    var selection = IntegerSelection(all: shape)
    for axis in begin.indices {
      let (extent, stride, bit) = (shape[axis], strides[axis], Int32(1) << Int32(axis))
      guard stride != 0 else { throw Diagnostic(problem: "slices axis \(axis) in steps of 0") }
      if shrinkAxisMask & bit != 0 {
        guard stride > 0 else {
          throw Diagnostic(problem: "picks one element of axis \(axis) in steps of \(stride)")
        }
        // The mask counts here too, unlike in TensorFlow.
        let first = beginMask & bit != 0 ? 0 : begin[axis]
        try selection.restrict(axis, from: first < 0 ? first + extent : first, count: 1)
        selection.droppedAxes.insert(axis)
        continue
      }
      let range = stride > 0 ? 0...extent : -1...extent - 1
      func clamped(_ value: Int) -> Int {
        min(max(value < 0 ? value + extent : value, range.lowerBound), range.upperBound)
      }
      let first =
        beginMask & bit != 0 ? (stride > 0 ? 0 : extent - 1) : clamped(begin[axis])
      let last = endMask & bit != 0 ? (stride > 0 ? extent : -1) : clamped(end[axis])
      let distance = stride > 0 ? last - first : first - last
      guard distance > 0 else {
        throw Diagnostic(problem: "picks nothing along axis \(axis) of \(shape)")
      }
      let step = Int(stride.magnitude)
      selection.begin[axis] = first
      selection.strides[axis] = stride
      selection.extents[axis] = (distance + step - 1) / step
    }
    return selection
  }

  /// What a SLICE picks of a tensor of that shape; a size of −1 means the rest.
  func sliceSelection(
    _ source: TFLiteOperator, of shape: [Int]
  ) throws(Diagnostic) -> IntegerSelection {
    let begin = try integers(source, 1, "begin")
    let size = try integers(source, 2, "size")
    guard begin.count == shape.count, size.count == shape.count else {
      throw Diagnostic(
        problem: "gives \(begin.count) begins and \(size.count) sizes for \(shape.count) axes")
    }
    var selection = IntegerSelection(all: shape)
    for axis in shape.indices {
      try selection.restrict(
        axis, from: begin[axis],
        count: size[axis] == -1 ? shape[axis] - begin[axis] : size[axis])
    }
    return selection
  }
}
