import Diagnostics
import IntegerModel
import OperatorArithmetic
import TFLiteFormat

// Operators that move codes.
extension IntegerImporter {
  mutating func importMovement(_ source: TFLiteOperator) throws(Diagnostic) {
    switch (source.code, source.options) {
    case (.reshape, let options):
      try appendMove(source, .reshape, shape: try reshapedShape(source, options))
    case (.squeeze, _), (.expandDims, _): try appendMove(source, .reshape)
    case (.transpose, _):
      try appendMove(
        source, .transpose(permutation: try integers(source, 1, "permutation")))
    case (.concatenation, .concatenation(let axis, let activation)):
      guard activation == .none else {
        throw Diagnostic(problem: "has a fused activation, for which there is no integer kernel")
      }
      try importConcatenation(source, axis: axis)
    case (.pack, .pack(_, let axis)): try importPack(source, axis: axis)
    case (.pad, _), (.padV2, _), (.mirrorPad, _): try importPad(source)
    case (.resizeBilinear, .resize(let alignCorners, let halfPixelCenters)):
      try appendMove(
        source,
        .resizeBilinear(
          ResizeBilinearParameters(
            alignCorners: alignCorners, halfPixelCenters: halfPixelCenters)))
    case (.resizeNearestNeighbor, .resize(let alignCorners, let halfPixelCenters)):
      let (from, to) = (
        try imageShape(try input(source)), try imageShape(try output(source))
      )
      // There is an index for each row and column of the result.
      for extent in to[1...2] where extent > GraphLimits.bilinearExtent {
        throw Diagnostic(
          problem: "resizes to an extent of \(extent); the limit is \(GraphLimits.bilinearExtent)")
      }
      try appendMove(
        source,
        .resizeNearest(
          derivation.resizeNearest(
            from: SpatialPair(height: from[1], width: from[2]),
            to: SpatialPair(height: to[1], width: to[2]), alignCorners: alignCorners,
            halfPixelCenters: halfPixelCenters)))
    case (.depthToSpace, .blockSize(let size)):
      try appendMove(source, .depthToSpace(blockSize: size))
    case (.spaceToDepth, .blockSize(let size)):
      try appendMove(source, .spaceToDepth(blockSize: size))
    case (.batchToSpaceND, _): try appendMove(source, .batchToSpace(try batchBlocks(source)))
    case (.spaceToBatchND, _): try appendMove(source, .spaceToBatch(try batchBlocks(source)))
    case (.tile, _):
      try appendMove(source, .tile(multiples: try integers(source, 1, "multiples")))
    case (.broadcastTo, _): try appendMove(source, .tile(multiples: try broadcastMultiples(source)))
    case (.gather, .gather(let axis, let batchDimensions)):
      let rank = try shape(try input(source)).count
      let parameters = GatherParameters(
        axis: try Axis.resolved(axis, rank: rank), batchDimensions: batchDimensions)
      let inputs = [try operand(try input(source)), try operand(try input(source, 1))]
      try appendMove(.gather(parameters), inputs: inputs, output: try addOutput(of: source))
    default: throw wrongOptions
    }
  }

  /// Appends an operator of one activation, the first input.
  private mutating func appendMove(
    _ source: TFLiteOperator, _ kind: OperatorKind, shape: [Int]? = nil
  ) throws(Diagnostic) {
    let x = try operand(try input(source))
    try appendMove(kind, inputs: [x], output: try addOutput(of: source, shape: shape))
  }

  /// The shape that a RESHAPE gives: that of its operand or option, −1 standing for the rest, or else
  /// that of the file's tensor.
  private func reshapedShape(
    _ source: TFLiteOperator, _ options: TFLiteOptions
  ) throws(Diagnostic) -> [Int] {
    let fallback = model.tensors[try output(source)].shape
    var wanted: [Int]
    if let operand = optionalInput(source, 1), try knownIntegers(operand) != nil {
      wanted = try integers(source, 1, "new shape")
    } else if case .reshape(let attribute) = options, !attribute.isEmpty {
      wanted = attribute
    } else {
      return fallback
    }
    let count = try shape(try input(source)).reduce(1, *)
    let open = wanted.indices.filter { wanted[$0] == -1 }
    var product = 1
    for extent in wanted where extent != -1 {
      let (value, overflow) = product.multipliedReportingOverflow(by: extent)
      guard extent >= 1, !overflow else {
        throw Diagnostic(problem: "gives \(count) elements the shape \(wanted)")
      }
      product = value
    }
    if open.count == 1 { wanted[open[0]] = count / product }
    guard wanted.allSatisfy({ $0 >= 1 }),
      open.count == 1 ? count % product == 0 : product == count
    else {
      throw Diagnostic(problem: "gives \(count) elements the shape \(wanted)")
    }
    return wanted
  }

  private mutating func importConcatenation(
    _ source: TFLiteOperator, axis: Int
  ) throws(Diagnostic) {
    var parts: [TensorIndex] = []
    for position in source.inputs.indices {
      parts.append(try operand(try input(source, position)))
    }
    guard let first = parts.first else { throw Diagnostic(problem: "joins nothing") }
    let axis = try Axis.resolved(axis, rank: graph.tensors[first].shape.count)
    let result = try addOutput(of: source)
    for position in parts.indices { parts[position] = try relabeled(parts[position], as: result) }
    append(.concatenation(axis: axis), inputs: parts, output: result)
  }

  /// Each input gets an axis of extent 1, along which all are joined.
  private mutating func importPack(_ source: TFLiteOperator, axis: Int) throws(Diagnostic) {
    var parts: [TensorIndex] = []
    for position in source.inputs.indices {
      parts.append(try operand(try input(source, position)))
    }
    guard let first = parts.first else { throw Diagnostic(problem: "packs nothing") }
    let axis = try Axis.resolved(axis, rank: graph.tensors[first].shape.count + 1)
    let result = try addOutput(of: source)
    for position in parts.indices {
      let part = try relabeled(parts[position], as: result)
      var expanded = graph.tensors[part]
      guard axis <= expanded.shape.count else {
        throw Diagnostic(problem: "packs tensors of different numbers of axes")
      }
      expanded.name += "_expanded"
      expanded.shape.insert(1, at: axis)
      expanded.constant = nil
      parts[position] = addTensor(expanded)
      append(.reshape, inputs: [part], output: parts[position])
    }
    append(.concatenation(axis: axis), inputs: parts, output: result)
  }

  // MARK: - Paddings and blocks

  private mutating func importPad(_ source: TFLiteOperator) throws(Diagnostic) {
    let rank = try shape(try input(source)).count
    let pairs = try pairs(source, 1, "paddings", count: rank)
    var mode = PadMode.constant
    if case .mirrorPad(let repeatsEdge) = source.options {
      mode = repeatsEdge ? .symmetric : .reflect
    } else if source.code == .mirrorPad {
      throw wrongOptions
    }
    let result = try output(source)
    let value =
      source.code == .padV2 && optionalInput(source, 2) != nil
      ? try padCode(source) : try codes(result).zeroPoint
    try appendMove(
      source,
      .pad(
        PadParameters(
          before: pairs.map(\.0), after: pairs.map(\.1), mode: mode, value: value)))
  }

  /// The code that PADV2 pads with, as it lies in the file.
  private func padCode(_ source: TFLiteOperator) throws(Diagnostic) -> Int32 {
    let index = try input(source, 2)
    let bytes = try constant(index)
    let value: Int32? =
      switch try elementType(index) {
      case .int8: bytes.array(of: Int8.self).first.map(Int32.init)
      case .uint8: bytes.array(of: UInt8.self).first.map(Int32.init)
      case .int16: bytes.array(of: Int16.self).first.map(Int32.init)
      default: nil
      }
    guard let value else {
      throw Diagnostic(problem: "its padding value '\(names[index])' is no 8-bit or 16-bit code")
    }
    return value
  }

  /// Integers in pairs, `count` of them.
  private func pairs(
    _ source: TFLiteOperator, _ position: Int, _ meaning: String, count: Int
  ) throws(Diagnostic) -> [(Int, Int)] {
    let values = try integers(source, position, meaning)
    guard values.count == 2 * count else {
      throw Diagnostic(
        problem: "gives \(values.count) \(meaning) where \(2 * count) are needed")
    }
    return (0..<count).map { (values[2 * $0], values[2 * $0 + 1]) }
  }

  /// Block extents, and paddings or crops.
  private func batchBlocks(_ source: TFLiteOperator) throws(Diagnostic) -> BatchBlockParameters {
    let block = try integers(source, 1, "block shape")
    let pairs = try pairs(source, 2, "paddings or crops", count: block.count)
    return BatchBlockParameters(block: block, before: pairs.map(\.0), after: pairs.map(\.1))
  }

  /// How often each axis of the output repeats the input's.
  private func broadcastMultiples(_ source: TFLiteOperator) throws(Diagnostic) -> [Int] {
    let (from, to) = (try shape(try input(source)), try shape(try output(source)))
    guard from.count <= to.count else {
      throw Diagnostic(problem: "broadcasts \(from) to \(to)")
    }
    let padded = Array(repeating: 1, count: to.count - from.count) + from
    var multiples: [Int] = []
    for (extent, wanted) in zip(padded, to) {
      guard extent == wanted || extent == 1 else {
        throw Diagnostic(problem: "broadcasts \(from) to \(to)")
      }
      multiples.append(wanted / extent)
    }
    return multiples
  }
}
