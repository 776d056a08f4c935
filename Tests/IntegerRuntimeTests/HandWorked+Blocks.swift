import IntegerModel
import IntegerTestSupport

/// A case of `[x] → [y]` that moves codes.
private func moving(
  _ claim: String, _ kind: OperatorKind, from: [Int], to: [Int], inputs: [Int], gives: [Int],
  zeroPoint: Int32 = 0
) -> OperatorCase {
  OperatorCase(claim, inputs: [inputs], gives: gives) { builder in
    let x = builder.input("x", from, zeroPoint: zeroPoint)
    let y = builder.activation("y", to, zeroPoint: zeroPoint)
    builder.operation("operator", kind, [x], y)
    return y
  }
}

/// A case of `[x, indices] → [y]`, the indices given at run time.
private func gathering(
  _ claim: String, axis: Int, batchDimensions: Int = 0, from: [Int], indices: [Int],
  type: ElementType = .int32, to: [Int], inputs: [[Int]], gives: [Int]
) -> OperatorCase {
  OperatorCase(claim, inputs: inputs, gives: gives) { builder in
    let x = builder.input("x", from, zeroPoint: 9)
    let places = builder.input("indices", indices, type)
    let y = builder.activation("y", to, zeroPoint: 9)
    builder.operation(
      "gather", .gather(GatherParameters(axis: axis, batchDimensions: batchDimensions)),
      [x, places], y)
    return y
  }
}

let handWorkedBlocks: [OperatorCase] = [
  // Channels 0…3 of a pixel are the four pixels of a block, row by row.
  moving(
    "depth to space spreads channels over a block", .depthToSpace(blockSize: 2),
    from: [1, 1, 2, 4], to: [1, 2, 4, 1], inputs: [1, 2, 3, 4, 5, 6, 7, 8],
    gives: [1, 2, 5, 6, 3, 4, 7, 8]),
  moving(
    "depth to space keeps channels of a pixel together", .depthToSpace(blockSize: 2),
    from: [1, 1, 1, 8], to: [1, 2, 2, 2], inputs: [1, 2, 3, 4, 5, 6, 7, 8],
    gives: [1, 2, 3, 4, 5, 6, 7, 8]),
  moving(
    "space to depth is its inverse", .spaceToDepth(blockSize: 2),
    from: [1, 2, 4, 1], to: [1, 1, 2, 4], inputs: [1, 2, 5, 6, 3, 4, 7, 8],
    gives: [1, 2, 3, 4, 5, 6, 7, 8]),
  // Batch 0 takes the even columns, batch 1 the odd ones, of −5 and x = 1…3.
  moving(
    "space to batch pads with the zero point",
    .spaceToBatch(BatchBlockParameters(block: [1, 2], before: [0, 1], after: [0, 0])),
    from: [1, 1, 3, 1], to: [2, 1, 2, 1], inputs: [1, 2, 3], gives: [-5, 2, 1, 3], zeroPoint: -5),
  // Batches [1, 2], [3, 4] interleave to 1, 3, 2, 4; the first is cropped.
  moving(
    "batch to space crops",
    .batchToSpace(BatchBlockParameters(block: [1, 2], before: [0, 1], after: [0, 0])),
    from: [2, 1, 2, 1], to: [1, 1, 3, 1], inputs: [1, 2, 3, 4], gives: [3, 2, 4]),
  moving(
    "two images keep their order under batch to space",
    .batchToSpace(BatchBlockParameters(block: [2], before: [0], after: [0])),
    from: [4, 1, 1], to: [2, 2, 1], inputs: [1, 2, 3, 4], gives: [1, 3, 2, 4]),
  moving(
    "a tile repeats along every axis", .tile(multiples: [2, 2]), from: [1, 3], to: [2, 6],
    inputs: [1, 2, 3], gives: [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]),
  moving(
    "a tile may add axes", .tile(multiples: [3, 1]), from: [2], to: [3, 2], inputs: [4, 5],
    gives: [4, 5, 4, 5, 4, 5]),
  gathering(
    "a gather takes columns, in any order and again", axis: 1, from: [2, 3], indices: [4],
    to: [2, 4], inputs: [[1, 2, 3, 4, 5, 6], [2, 0, 0, 1]], gives: [3, 1, 1, 2, 6, 4, 4, 5]),
  gathering(
    "an index outside gives the zero point", axis: 0, from: [3], indices: [5], to: [5],
    inputs: [[1, 2, 3], [-1, 0, 3, 2, -2_147_483_648]], gives: [9, 1, 9, 3, 9]),
  gathering(
    "64-bit indices beyond 32 bits are outside too", axis: 0, from: [3], indices: [2],
    type: .int64, to: [2], inputs: [[1, 2, 3], [1 << 32, 2]], gives: [9, 3]),
  gathering(
    "with a batch dimension each row has its own indices", axis: 1, batchDimensions: 1,
    from: [2, 3], indices: [2, 1], to: [2, 1], inputs: [[1, 2, 3, 4, 5, 6], [2, 0]],
    gives: [3, 4]),
  gathering(
    "a scalar index drops the axis", axis: 0, from: [2, 2], indices: [], to: [2],
    inputs: [[1, 2, 3, 4], [1]], gives: [3, 4]),
  OperatorCase("a gather takes constant indices", inputs: [[5, 6, 7]], gives: [7, 5]) { builder in
    let x = builder.input("x", [3])
    let indices = builder.constant("indices", [2], .int32, [2, 0])
    let y = builder.activation("y", [2])
    builder.operation("gather", .gather(GatherParameters(axis: 0)), [x, indices], y)
    return y
  },
]
