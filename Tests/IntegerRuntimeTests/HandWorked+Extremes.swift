import IntegerModel
import IntegerTestSupport

/// A case of `[x] → [y]` whose output is of another type or shape.
private func reducing(
  _ claim: String, _ kind: OperatorKind, from: [Int], to: [Int], type: ElementType = .int8,
  inputs: [Int], gives: [Int]
) -> OperatorCase {
  OperatorCase(claim, inputs: [inputs], gives: gives) { builder in
    let x = builder.input("x", from)
    let y = builder.activation("y", to, type)
    builder.operation("operator", kind, [x], y)
    return y
  }
}

/// A case of two inputs, `[2, 2]` and `[2]`, that are compared.
private func comparing(
  _ claim: String, _ kind: OperatorKind, type: ElementType, inputs: [[Int]], gives: [Int]
) -> OperatorCase {
  OperatorCase(claim, inputs: inputs, gives: gives) { builder in
    let x1 = builder.input("x1", [2, 2], type, zeroPoint: 3)
    let x2 = builder.input("x2", [2], type, zeroPoint: 3)
    let y = builder.activation("y", [2, 2], type, zeroPoint: 3)
    builder.operation("operator", kind, [x1, x2], y)
    return y
  }
}

private func extreme(_ axes: [Int], keeps: Bool = false) -> ReduceExtremeParameters {
  ReduceExtremeParameters(axes: axes, keepsDimensions: keeps)
}

let handWorkedExtremes: [OperatorCase] = [
  comparing(
    "a minimum compares signed codes", .minimum, type: .int8,
    inputs: [[-128, 5, 127, -1], [0, -3]], gives: [-128, -3, 0, -3]),
  comparing(
    "a maximum compares signed codes", .maximum, type: .int8,
    inputs: [[-128, 5, 127, -1], [0, -3]], gives: [0, 5, 127, -1]),
  comparing(
    "a maximum compares unsigned codes", .maximum, type: .uint8,
    inputs: [[200, 5, 127, 0], [100, 128]], gives: [200, 128, 127, 128]),
  reducing(
    "an arg max takes the first of equal codes", .argMax(ArgumentParameters(axis: 1)),
    from: [2, 3], to: [2], type: .int32, inputs: [4, 7, 7, -3, -5, -3], gives: [1, 0]),
  reducing(
    "an arg min takes the first of equal codes", .argMin(ArgumentParameters(axis: 1)),
    from: [2, 3], to: [2], type: .int64, inputs: [4, 4, 7, -3, -5, -5], gives: [0, 1]),
  // Columns (1, 4), (5, 2), (3, 3).
  reducing(
    "an arg max along an outer axis", .argMax(ArgumentParameters(axis: 0)),
    from: [2, 3], to: [3], type: .int32, inputs: [1, 5, 3, 4, 2, 3], gives: [1, 0, 0]),
  reducing(
    "an arg max of a vector is a scalar", .argMax(ArgumentParameters(axis: 0)),
    from: [4], to: [], type: .int32, inputs: [-9, -8, -7, -8], gives: [2]),
  reducing(
    "a reduce max over the outer axis", .reduceMax(extreme([0])), from: [2, 2], to: [2],
    inputs: [-1, -2, -3, 4], gives: [-1, 4]),
  reducing(
    "a reduce min over two axes keeps them", .reduceMin(extreme([0, 2], keeps: true)),
    from: [2, 2, 2], to: [1, 2, 1], inputs: [1, 2, 3, 4, 0, 9, 5, -6], gives: [0, -6]),
]
