import Diagnostics
import IntegerModel
import OperatorArithmetic
import TFLiteFormat

extension GraphExporter {
  /// Operators that move codes without changing them.
  mutating func exportArrangement(_ operation: Operation) throws(Diagnostic) {
    switch operation.kind {
    case .concatenation(let axis):
      try append(.concatenation, operation, .concatenation(axis: axis, activation: .none))
    case .pad(let parameters): try exportPad(operation, parameters)
    case .reshape:
      appendReshape(
        from: try builder.tensor(operation.inputs[0]),
        to: try builder.tensor(operation.outputs[0]), shape: output(operation).shape, operation)
    case .resizeNearest(let parameters): try exportResizeNearest(operation, parameters)
    case .resizeBilinear(let parameters):
      try appendResize(
        .resizeBilinear, operation, alignCorners: parameters.alignCorners,
        halfPixelCenters: parameters.halfPixelCenters)
    case .transpose(let permutation):
      try append(.transpose, operation, constants: [(permutation, "_permutation")])
    case .stridedSlice(let parameters): try exportStridedSlice(operation, parameters)
    case .tile(let multiples): try exportTile(operation, multiples)
    case .gather(let parameters):
      try append(
        .gather, operation,
        .gather(axis: parameters.axis, batchDimensions: parameters.batchDimensions))
    case .depthToSpace(let blockSize):
      try append(.depthToSpace, operation, .blockSize(blockSize))
    case .spaceToDepth(let blockSize):
      try append(.spaceToDepth, operation, .blockSize(blockSize))
    case .batchToSpace(let parameters):
      try appendBlocks(
        from: try builder.tensor(operation.inputs[0]), operation, .batchToSpaceND, parameters)
    case .spaceToBatch(let parameters): try exportSpaceToBatch(operation, parameters)
    default: return
    }
  }

  /// Appends RESHAPE.
  mutating func appendReshape(
    from source: Int, to target: Int, shape: [Int], _ operation: Operation
  ) {
    let list = builder.addConstant(shape, named: operation.name + "_shape")
    builder.append(
      .reshape, .reshape(shape: shape), inputs: [source, list], outputs: [target])
  }

  /// Appends PAD, which pads with the zero point, or PADV2, which pads with any `code`.
  mutating func appendPad(
    from source: Int, to target: Int, before: [Int], after: [Int], code: Int32,
    like tensor: TensorDescription, _ operation: Operation
  ) {
    let paddings = builder.addConstant(
      zip(before, after).flatMap { [$0, $1] }, shape: [before.count, 2],
      named: operation.name + "_paddings")
    guard code != tensor.zeroPoint else {
      builder.append(.pad, inputs: [source, paddings], outputs: [target])
      return
    }
    let value = builder.addCodes(
      [code], shape: [1], like: tensor, named: operation.name + "_padding_value")
    builder.append(.padV2, inputs: [source, paddings, value], outputs: [target])
  }

  private mutating func exportPad(
    _ operation: Operation, _ parameters: PadParameters
  ) throws(Diagnostic) {
    let (before, after) = (parameters.before, parameters.after)
    guard parameters.mode != .constant else {
      appendPad(
        from: try builder.tensor(operation.inputs[0]),
        to: try builder.tensor(operation.outputs[0]), before: before, after: after,
        code: parameters.value, like: input(operation), operation)
      return
    }
    // Repeating the edge once is mirroring with the edge.
    guard parameters.mode != .edge || (before + after).allSatisfy({ $0 <= 1 }) else {
      throw Diagnostic(
        problem: "padding by more than 1 with the edge repeated has no operator in TFLite",
        remedy: "pad by mirroring (reflect) in the source model")
    }
    let paddings = builder.addConstant(
      zip(before, after).flatMap { [$0, $1] }, shape: [before.count, 2],
      named: operation.name + "_paddings")
    builder.append(
      .mirrorPad, .mirrorPad(repeatsEdge: parameters.mode != .reflect),
      inputs: [try builder.tensor(operation.inputs[0]), paddings],
      outputs: [try builder.tensor(operation.outputs[0])])
  }

  private mutating func exportStridedSlice(
    _ operation: Operation, _ parameters: StridedSliceParameters
  ) throws(Diagnostic) {
    let extents = output(operation).shape
    var ends: [Int] = []
    var endMask: Int32 = 0
    for (axis, (begin, stride)) in zip(parameters.begin, parameters.strides).enumerated() {
      let last = begin + stride * (extents[axis] - 1)
      ends.append(max(last + stride.signum(), 0))
      // Before the first element there is no index: −1 would mean the last.
      if last + stride.signum() < 0 { endMask |= 1 << Int32(axis) }
    }
    try append(
      .stridedSlice, operation,
      .stridedSlice(
        beginMask: 0, endMask: endMask, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0),
      constants: [
        (parameters.begin, "_begin"), (ends, "_end"), (parameters.strides, "_strides"),
      ])
  }

  private mutating func exportTile(
    _ operation: Operation, _ multiples: [Int]
  ) throws(Diagnostic) {
    let source = input(operation)
    var current = try builder.tensor(operation.inputs[0])
    let missing = multiples.count - source.shape.count
    if missing > 0 {
      let shape = [Int](repeating: 1, count: missing) + source.shape
      let wide = builder.addIntermediate(like: source, suffix: "_aligned", shape: shape)
      appendReshape(from: current, to: wide, shape: shape, operation)
      current = wide
    }
    let list = builder.addConstant(multiples, named: operation.name + "_multiples")
    builder.append(
      .tile, inputs: [current, list], outputs: [try builder.tensor(operation.outputs[0])])
  }

  /// SPACE_TO_BATCH_ND, with its padding as an operator of its own: TFLite Micro's kernel pads with a
  /// number that it never sets.
  private mutating func exportSpaceToBatch(
    _ operation: Operation, _ parameters: BatchBlockParameters
  ) throws(Diagnostic) {
    var source = try builder.tensor(operation.inputs[0])
    var blocks = parameters
    if (parameters.before + parameters.after).contains(where: { $0 > 0 }) {
      let image = input(operation)
      var (before, after) = (image.shape.map { _ in 0 }, image.shape.map { _ in 0 })
      for axis in parameters.block.indices {
        (before[axis + 1], after[axis + 1]) = (parameters.before[axis], parameters.after[axis])
      }
      let padded = builder.addIntermediate(
        like: image, suffix: "_padded",
        shape: image.shape.indices.map { image.shape[$0] + before[$0] + after[$0] })
      appendPad(
        from: source, to: padded, before: before, after: after, code: image.zeroPoint, like: image,
        operation)
      source = padded
      blocks.before = parameters.block.map { _ in 0 }
      blocks.after = blocks.before
    }
    try appendBlocks(from: source, operation, .spaceToBatchND, blocks)
  }

  private mutating func appendBlocks(
    from source: Int, _ operation: Operation, _ code: TFLiteOperatorCode,
    _ parameters: BatchBlockParameters
  ) throws(Diagnostic) {
    let block = builder.addConstant(parameters.block, named: operation.name + "_block")
    let edges = builder.addConstant(
      zip(parameters.before, parameters.after).flatMap { [$0, $1] },
      shape: [parameters.block.count, 2], named: operation.name + "_edges")
    builder.append(
      code, inputs: [source, block, edges], outputs: [try builder.tensor(operation.outputs[0])])
  }

  // MARK: - Resizing

  private mutating func appendResize(
    _ code: TFLiteOperatorCode, _ operation: Operation, alignCorners: Bool,
    halfPixelCenters: Bool
  ) throws(Diagnostic) {
    let size = Array(output(operation).shape[1...2])
    try append(
      code, operation, .resize(alignCorners: alignCorners, halfPixelCenters: halfPixelCenters),
      constants: [(size, "_size")])
  }

  /// RESIZE_NEAREST_NEIGHBOR where one of its modes reads the same rows and columns, and otherwise
  /// two GATHERs.
  private mutating func exportResizeNearest(
    _ operation: Operation, _ parameters: ResizeNearestParameters
  ) throws(Diagnostic) {
    let (source, target) = (input(operation), output(operation))
    let (image, size) = (
      SpatialPair(height: source.shape[1], width: source.shape[2]),
      SpatialPair(height: target.shape[1], width: target.shape[2])
    )
    for (alignCorners, halfPixelCenters) in [(false, false), (false, true), (true, false)]
    where parameters
      == derivation.resizeNearest(
        from: image, to: size, alignCorners: alignCorners, halfPixelCenters: halfPixelCenters)
    {
      try appendResize(
        .resizeNearestNeighbor, operation, alignCorners: alignCorners,
        halfPixelCenters: halfPixelCenters)
      return
    }
    let shape = [source.shape[0], target.shape[1], source.shape[2], source.shape[3]]
    let tall = builder.addIntermediate(like: source, suffix: "_rows", shape: shape)
    let rows = builder.addConstant(parameters.rows.map { Int($0) }, named: operation.name + "_rows")
    let columns = builder.addConstant(
      parameters.columns.map { Int($0) }, named: operation.name + "_columns")
    builder.append(
      .gather, .gather(axis: 1, batchDimensions: 0),
      inputs: [try builder.tensor(operation.inputs[0]), rows], outputs: [tall])
    builder.append(
      .gather, .gather(axis: 2, batchDimensions: 0), inputs: [tall, columns],
      outputs: [try builder.tensor(operation.outputs[0])])
  }
}
