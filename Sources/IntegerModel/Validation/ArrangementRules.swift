import Diagnostics

extension OperationRules {
  /// Depth to space (`grows`) and space to depth of `[N, H, W, C]`.
  func checkDepthBlocks(_ blockSize: Int, grows: Bool) throws(Diagnostic) {
    try requireCopiedCodes()
    let shape = input(0).shape
    try requireImage(input(0))
    try requireInside(blockSize, "block size", 1...GraphLimits.window)
    let area = blockSize * blockSize
    if grows {
      try require(
        shape[3] % area == 0,
        "\(shape[3]) channels cannot be split into \(blockSize) × \(blockSize) pixels")
      try requireOutputShape([
        shape[0], try product(shape[1], blockSize), try product(shape[2], blockSize),
        shape[3] / area,
      ])
    } else {
      try require(
        shape[1] % blockSize == 0 && shape[2] % blockSize == 0,
        "\(shape[1]) × \(shape[2]) pixels cannot be split into blocks of \(blockSize) × "
          + "\(blockSize)")
      try requireOutputShape([
        shape[0], shape[1] / blockSize, shape[2] / blockSize, try product(shape[3], area),
      ])
    }
  }

  func checkBatchToSpace(_ parameters: BatchBlockParameters) throws(Diagnostic) {
    let blocks = try requireBlocks(parameters)
    var expected = input(0).shape
    try require(
      expected[0] % blocks == 0,
      "\(expected[0]) batches cannot be split into blocks of \(shapeText(parameters.block))")
    expected[0] /= blocks
    for axis in parameters.block.indices {
      let joined = try product(expected[axis + 1], parameters.block[axis])
      let rest = joined - parameters.before[axis] - parameters.after[axis]
      try require(
        rest >= 1,
        "axis \(axis + 1): \(parameters.before[axis]) and \(parameters.after[axis]) elements cannot "
          + "be cropped from \(joined)")
      expected[axis + 1] = rest
    }
    try requireOutputShape(expected)
  }

  func checkSpaceToBatch(_ parameters: BatchBlockParameters) throws(Diagnostic) {
    let blocks = try requireBlocks(parameters)
    var expected = input(0).shape
    expected[0] = try product(expected[0], blocks)
    for axis in parameters.block.indices {
      // Three numbers of at most 2^30 fit, since shapes and paddings are bounded by that.
      let padded =
        Int64(expected[axis + 1]) + Int64(parameters.before[axis])
        + Int64(parameters.after[axis])
      let block = Int64(parameters.block[axis])
      try require(
        padded % block == 0,
        "axis \(axis + 1): \(padded) elements cannot be split into blocks of \(block)")
      expected[axis + 1] = Int(clamping: padded / block)
    }
    try requireOutputShape(expected)
  }

  func checkTile(_ multiples: [Int]) throws(Diagnostic) {
    try requireCopiedCodes()
    let shape = input(0).shape
    try require(
      multiples.count >= shape.count && multiples.count <= GraphLimits.rank,
      "there are \(multiples.count) multiples; shape \(shapeText(shape)) needs \(shape.count) to "
        + "\(GraphLimits.rank)")
    var expected: [Int] = []
    for (axis, multiple) in multiples.enumerated() {
      try requireInside(multiple, "axis \(axis): multiple", 1...GraphLimits.extent)
      let missing = multiples.count - shape.count
      expected.append(try product(multiple, axis < missing ? 1 : shape[axis - missing]))
    }
    try requireOutputShape(expected)
  }

  func checkGather(_ parameters: GatherParameters) throws(Diagnostic) {
    try requireInputs(2)
    let (x, indices) = (input(0), input(1))
    try requireMovedCodes()
    try requireSameCodes(output, as: x)
    try requireIndexType(indices)
    try require(
      x.shape.indices.contains(parameters.axis),
      "the axis \(parameters.axis) does not exist in shape \(shapeText(x.shape))")
    let batchDimensions = parameters.batchDimensions
    try requireInside(
      batchDimensions, "number of batch dimensions", 0...min(parameters.axis, indices.shape.count))
    try require(
      x.shape[..<batchDimensions] == indices.shape[..<batchDimensions],
      "the shapes \(shapeText(x.shape)) and \(shapeText(indices.shape)) differ in their "
        + "\(batchDimensions) batch dimensions")
    var expected = x.shape
    expected.replaceSubrange(
      parameters.axis...parameters.axis, with: indices.shape[batchDimensions...])
    try requireOutputShape(expected)
    try requireConstantIndices(indices, below: x.shape[parameters.axis])
  }

  /// int32 or int64, plain integers.
  func requireIndexType(_ tensor: TensorDescription) throws(Diagnostic) {
    try require(
      tensor.elementType == .int32 || tensor.elementType == .int64,
      "tensor '\(tensor.name)' is \(tensor.elementType.name); indices are int32 or int64")
  }

  /// Indices known beforehand must lie inside; those computed are checked when they are used.
  private func requireConstantIndices(
    _ tensor: TensorDescription, below limit: Int
  ) throws(Diagnostic) {
    guard let constant = tensor.constant else { return }
    let indices =
      tensor.elementType == .int32
      ? constant.array(of: Int32.self).map(Int64.init) : constant.array(of: Int64.self)
    for (position, index) in indices.enumerated() where index < 0 || index >= limit {
      throw fault("index \(index) at position \(position) is outside 0…\(limit - 1)")
    }
  }

  /// Blocks and edges of a number of spatial axes, within limits. Returns the elements of a block.
  private func requireBlocks(_ parameters: BatchBlockParameters) throws(Diagnostic) -> Int {
    try requireCopiedCodes()
    let shape = input(0).shape
    let axes = parameters.block.count
    try require(
      axes >= 1 && axes < shape.count && parameters.before.count == axes
        && parameters.after.count == axes,
      "there are \(axes) blocks, \(parameters.before.count) starts and \(parameters.after.count) "
        + "ends; shape \(shapeText(shape)) needs 1 to \(max(shape.count - 1, 0)) of each")
    var count = 1
    for axis in parameters.block.indices {
      let place = "axis \(axis + 1):"
      try requireInside(parameters.block[axis], "\(place) block", 1...GraphLimits.window)
      try requireInside(parameters.before[axis], "\(place) start", 0...GraphLimits.window)
      try requireInside(parameters.after[axis], "\(place) end", 0...GraphLimits.window)
      count = try product(count, parameters.block[axis])
    }
    return count
  }

  /// The product of two extents, where no tensor could be that large.
  func product(_ first: Int, _ second: Int) throws(Diagnostic) -> Int {
    let (product, overflow) = first.multipliedReportingOverflow(by: second)
    try require(
      !overflow && product <= GraphLimits.elementCount,
      "the product of \(first) and \(second) exceeds \(GraphLimits.elementCount)")
    return product
  }
}
