import Diagnostics
import FloatModel
import TFLiteFormat

/// PAD, PADV2 and MIRROR_PAD.
enum FloatPadding {
  static let pad: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try builder.value(0, of: node)
    let (before, after) = try counts(node, rank: builder.shape(of: input).count)
    let value = node.optionalInput(2) == nil ? 0 : try node.number(2, "value")
    let output = try builder.emit(
      .pad(before: before, after: after, mode: .constant(value)), [input], for: node)
    return [builder.content(output)]
  }

  static let mirror: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    guard case .mirrorPad(let repeatsEdge) = node.options else { throw node.wrongOptions }
    var value = try builder.value(0, of: node)
    let shape = builder.shape(of: value)
    let (before, after) = try counts(node, rank: shape.count)
    guard repeatsEdge, (before + after).contains(where: { $0 > 1 }) else {
      // One repeated element is the edge.
      let output = try builder.emit(
        .pad(before: before, after: after, mode: repeatsEdge ? .edge : .reflect), [value],
        for: node)
      return [builder.content(output)]
    }
    let padded = shape.indices.filter { before[$0] + after[$0] > 0 }
    for axis in padded {
      guard max(before[axis], after[axis]) <= shape[axis] else {
        throw Diagnostic(
          problem: "cannot mirror \(max(before[axis], after[axis])) elements along axis \(axis) of "
            + "\(shape)")
      }
      value = try mirrored(
        value, axis: axis, before: before[axis], after: after[axis],
        suffix: axis == padded.last ? "" : "_mirrored\(axis)", node, &builder)
    }
    return [builder.content(value)]
  }

  /// `value` with its first and last elements along `axis` repeated in reverse, edge included.
  private static func mirrored(
    _ value: ValueIndex, axis: Int, before: Int, after: Int, suffix: String, _ node: FloatOperator,
    _ builder: inout FloatGraphBuilder
  ) throws(Diagnostic) -> ValueIndex {
    let shape = builder.shape(of: value)
    var parts: [ValueIndex] = []
    for (count, start, name) in [(before, before - 1, "before"), (after, shape[axis] - 1, "after")]
    {
      if name == "after" { parts.append(value) }
      guard count > 0 else { continue }
      var (begin, extent, strides) = (shape.map { _ in 0 }, shape, shape.map { _ in 1 })
      (begin[axis], extent[axis], strides[axis]) = (start, count, -1)
      parts.append(
        try builder.emit(
          .slice(begin: begin, extent: extent, strides: strides), [value], for: node,
          suffix: "_\(name)\(axis)"))
    }
    return try builder.emit(.concatenation(axis: axis), parts, for: node, suffix: suffix)
  }

  private static func counts(
    _ node: FloatOperator, rank: Int
  ) throws(Diagnostic) -> (before: [Int], after: [Int]) {
    let paddings = try node.integers(1, "paddings")
    let flat = try node.indices(1, "paddings")
    guard paddings.shape == [rank, 2], flat.allSatisfy({ $0 >= 0 }) else {
      throw Diagnostic(
        problem: "has paddings \(flat) of shape \(paddings.shape) for \(rank) axes")
    }
    return ((0..<rank).map { flat[2 * $0] }, (0..<rank).map { flat[2 * $0 + 1] })
  }
}
