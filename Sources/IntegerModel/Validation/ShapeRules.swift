import Diagnostics

extension OperationRules {
  func checkReshape() throws(Diagnostic) {
    try requireCopiedCodes()
    try require(
      output.elementCount == input(0).elementCount,
      "the output '\(output.name)' \(shapeText(output.shape)) has \(output.elementCount) elements; "
        + "the input '\(input(0).name)' has \(input(0).elementCount)")
  }

  func checkConcatenation(axis: Int) throws(Diagnostic) {
    try requireOneOutput()
    try requireInside(
      operation.inputs.count, "number of inputs", 1...GraphLimits.concatenationInputs)
    try requireMovedCodes()
    let first = input(0).shape
    try require(
      first.indices.contains(axis),
      "the axis \(axis) does not exist in shape \(shapeText(first))")
    var extent = 0
    for position in operation.inputs.indices {
      let tensor = input(position)
      try requireSameCodes(tensor, as: output)
      var aligned = tensor.shape
      if aligned.count == first.count { aligned[axis] = first[axis] }
      try require(
        aligned == first,
        "input '\(tensor.name)' \(shapeText(tensor.shape)) differs from '\(input(0).name)' "
          + "\(shapeText(first)) in another axis than \(axis)")
      extent += tensor.shape[axis]
    }
    var expected = first
    expected[axis] = extent
    try requireOutputShape(expected)
  }

  func checkPad(_ parameters: PadParameters) throws(Diagnostic) {
    try requireCopiedCodes()
    let shape = input(0).shape
    try require(
      parameters.before.count == shape.count && parameters.after.count == shape.count,
      "there are \(parameters.before.count) and \(parameters.after.count) paddings for "
        + "\(shape.count) axes")
    var expected: [Int] = []
    for axis in shape.indices {
      let limit =
        switch parameters.mode {
        case .constant, .edge: GraphLimits.extent
        case .reflect: shape[axis] - 1
        case .symmetric: shape[axis]
        }
      try requireInside(parameters.before[axis], "axis \(axis): padding before", 0...limit)
      try requireInside(parameters.after[axis], "axis \(axis): padding after", 0...limit)
      // Three extents of at most 2^30 each may not fit a 32-bit Int.
      let (some, overflow) = shape[axis].addingReportingOverflow(parameters.before[axis])
      let (all, again) = some.addingReportingOverflow(parameters.after[axis])
      try require(!overflow && !again, "axis \(axis): the padded extent is too large")
      expected.append(all)
    }
    try requireOutputShape(expected)
    let type = output.elementType
    try require(
      Int64(parameters.value) >= type.minimumCode && Int64(parameters.value) <= type.maximumCode,
      "the padding code \(parameters.value) is outside \(type.minimumCode)…\(type.maximumCode)")
  }

  func checkTranspose(_ permutation: [Int]) throws(Diagnostic) {
    try requireCopiedCodes()
    let shape = input(0).shape
    var isTaken = [Bool](repeating: false, count: shape.count)
    var expected: [Int] = []
    for axis in permutation {
      guard shape.indices.contains(axis), !isTaken[axis] else {
        throw fault("\(shapeText(permutation)) is not a permutation of \(shape.count) axes")
      }
      isTaken[axis] = true
      expected.append(shape[axis])
    }
    try require(
      permutation.count == shape.count,
      "\(shapeText(permutation)) is not a permutation of \(shape.count) axes")
    try requireOutputShape(expected)
  }

  func checkStridedSlice(_ parameters: StridedSliceParameters) throws(Diagnostic) {
    try requireCopiedCodes()
    let (source, target) = (input(0).shape, output.shape)
    try require(
      parameters.begin.count == source.count && parameters.strides.count == source.count
        && target.count == source.count,
      "begin, strides and the output '\(output.name)' \(shapeText(target)) must have "
        + "\(source.count) axes")
    for axis in source.indices {
      let (begin, stride) = (parameters.begin[axis], parameters.strides[axis])
      try requireInside(begin, "axis \(axis): begin", 0...source[axis] - 1)
      try require(
        stride != 0 && stride.magnitude <= UInt(GraphLimits.extent),
        "axis \(axis): stride \(stride) is 0 or beyond \(GraphLimits.extent)")
      let (distance, overflow) = stride.multipliedReportingOverflow(by: target[axis] - 1)
      let (last, again) = begin.addingReportingOverflow(distance)
      try require(
        !overflow && !again && last >= 0 && last < source[axis],
        "axis \(axis): \(target[axis]) elements from \(begin) in steps of \(stride) leave the "
          + "input's \(source[axis])")
    }
  }

  func checkResizeNearest(_ parameters: ResizeNearestParameters) throws(Diagnostic) {
    try requireCopiedCodes()
    let image = input(0)
    try requireImage(image)
    try requireOutputShape(
      [image.shape[0], parameters.rows.count, parameters.columns.count, image.shape[3]])
    try requireIndices(parameters.rows, "row", below: image.shape[1])
    try requireIndices(parameters.columns, "column", below: image.shape[2])
  }

  func checkResizeBilinear(_ parameters: ResizeBilinearParameters) throws(Diagnostic) {
    try requireCopiedCodes()
    try requireActivations()
    try requireImage(input(0))
    try requireImage(output)
    let (source, target) = (input(0).shape, output.shape)
    try requireOutputShape([source[0], target[1], target[2], source[3]])
    for axis in 1...2 {
      try requireInside(source[axis], "image extent", 1...GraphLimits.bilinearExtent)
      try requireInside(target[axis], "resized extent", 1...GraphLimits.bilinearExtent)
    }
    try require(
      !(parameters.alignCorners && parameters.halfPixelCenters),
      "align corners and half pixel centers exclude each other")
  }

  /// One input whose codes the output takes over: any type of code, one quantization.
  func requireCopiedCodes() throws(Diagnostic) {
    try requireInputs(1)
    try requireMovedCodes()
    try requireSameCodes(output, as: input(0))
  }

  private func requireIndices(
    _ indices: [Int32], _ name: String, below limit: Int
  ) throws(Diagnostic) {
    for (position, index) in indices.enumerated() where index < 0 || Int(index) >= limit {
      throw fault("source \(name) \(index) of output \(name) \(position) is outside 0…\(limit - 1)")
    }
  }
}
