import IntegerModel
import IntegerTestSupport

/// A case of `[x] → [y]` that moves codes.
private func moving(
  _ claim: String, _ kind: OperatorKind, from: [Int], to: [Int], inputs: [Int], gives: [Int],
  single: [Int]? = nil, zeroPoint: Int32 = 0
) -> OperatorCase {
  OperatorCase(claim, inputs: [inputs], gives: gives, single: single) { builder in
    let x = builder.input("x", from, zeroPoint: zeroPoint)
    let y = builder.activation("y", to, zeroPoint: zeroPoint)
    builder.operation("operator", kind, [x], y)
    return y
  }
}

private func pad(_ mode: PadMode, before: Int, after: Int) -> OperatorKind {
  .pad(PadParameters(before: [0, before], after: [0, after], mode: mode, value: -7))
}

private func bilinear(_ alignCorners: Bool, _ halfPixelCenters: Bool) -> OperatorKind {
  .resizeBilinear(
    ResizeBilinearParameters(alignCorners: alignCorners, halfPixelCenters: halfPixelCenters))
}

let handWorkedArrangements: [OperatorCase] = [
  OperatorCase(
    "a concatenation joins along an inner axis",
    inputs: [[1, 2, 3, 4], [5, 6]], gives: [1, 2, 5, 3, 4, 6]
  ) { builder in
    let x1 = builder.input("x1", [2, 2, 1])
    let x2 = builder.input("x2", [2, 1, 1])
    let y = builder.activation("y", [2, 3, 1])
    builder.operation("concat", .concatenation(axis: 1), [x1, x2], y)
    return y
  },
  OperatorCase(
    "a concatenation may take the same tensor twice, and constants",
    inputs: [[1, 2]], gives: [1, 2, 9, 1, 2]
  ) { builder in
    let x = builder.input("x", [2])
    let c = builder.constant("c", [1], .int8, [9])
    let y = builder.activation("y", [5])
    builder.operation("concat", .concatenation(axis: 0), [x, c, x], y)
    return y
  },
  moving(
    "a reshape keeps the order of the codes", .reshape, from: [2, 3], to: [3, 2, 1],
    inputs: [1, 2, 3, 4, 5, 6], gives: [1, 2, 3, 4, 5, 6]),
  OperatorCase(
    "a reshape of a constant copies it", inputs: [[0]], gives: [4, 5]
  ) { builder in
    _ = builder.input("x", [1])
    let c = builder.constant("c", [1, 2], .int8, [4, 5])
    let y = builder.activation("y", [2])
    builder.operation("reshape", .reshape, [c], y)
    return y
  },
  moving(
    "padding with a constant", pad(.constant, before: 2, after: 1), from: [2, 2], to: [2, 5],
    inputs: [1, 2, 3, 4], gives: [-7, -7, 1, 2, -7, -7, -7, 3, 4, -7]),
  moving(
    "padding by reflection leaves the edge out", pad(.reflect, before: 2, after: 2), from: [1, 3],
    to: [1, 7], inputs: [1, 2, 3], gives: [3, 2, 1, 2, 3, 2, 1]),
  moving(
    "symmetric padding repeats the edge", pad(.symmetric, before: 2, after: 3), from: [1, 3],
    to: [1, 8], inputs: [1, 2, 3], gives: [2, 1, 1, 2, 3, 3, 2, 1]),
  moving(
    "padding with the edge", pad(.edge, before: 1, after: 2), from: [2, 2], to: [2, 5],
    inputs: [1, 2, 3, 4], gives: [1, 1, 2, 2, 2, 3, 3, 4, 4, 4]),
  moving(
    "a transpose from [N, H, W, C] to [N, C, H, W]", .transpose(permutation: [0, 3, 1, 2]),
    from: [1, 2, 2, 3], to: [1, 3, 2, 2], inputs: Array(1...12),
    gives: [1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12]),
  moving(
    "a slice runs backward with a negative stride",
    .stridedSlice(StridedSliceParameters(begin: [1, 0], strides: [-1, 2])), from: [2, 3],
    to: [2, 2], inputs: [1, 2, 3, 4, 5, 6], gives: [4, 6, 1, 3]),
  moving(
    "a nearest-neighbor resize takes rows and columns from its tables",
    .resizeNearest(ResizeNearestParameters(rows: [1, 0, 0], columns: [0, 1, 1])),
    from: [1, 2, 2, 2], to: [1, 3, 3, 2], inputs: [1, 2, 3, 4, 5, 6, 7, 8],
    gives: [5, 6, 7, 8, 7, 8, 1, 2, 3, 4, 3, 4, 1, 2, 3, 4, 3, 4]),
  // Scale (2 · 1024 + 2) / 4 = 512: samples at 0, 0.5, 1, 1.5, the last one beyond the edge.
  moving(
    "a bilinear resize from 2 to 4 columns", bilinear(false, false), from: [1, 1, 2, 1],
    to: [1, 1, 4, 1], inputs: [0, 10], gives: [0, 5, 10, 10]),
  // Samples at −0.25, 0.25, 0.75, 1.25; 0.25 · 10 = 2.5 and 7.5 are ties.
  moving(
    "half pixel centers shift the samples", bilinear(false, true), from: [1, 1, 2, 1],
    to: [1, 1, 4, 1], inputs: [0, 10], gives: [0, 3, 8, 10]),
  moving(
    "negative halves round away from zero under double rounding, up under single",
    bilinear(false, true), from: [1, 1, 2, 1], to: [1, 1, 4, 1], inputs: [0, -10],
    gives: [0, -3, -8, -10], single: [0, -2, -7, -10]),
  // Scale (1 · 1024 + 1) / 2 = 512: samples at 0, 0.5, 1, in both axes.
  moving(
    "aligned corners keep the corners", bilinear(true, false), from: [1, 2, 2, 1],
    to: [1, 3, 3, 1], inputs: [0, 10, 20, 40], gives: [0, 5, 10, 10, 18, 25, 20, 30, 40]),
  // Scale (3 · 1024 + 1024) / 2048 = 2: the last sample would lie at 4, beyond the last column 3.
  moving(
    "enlarging a thousandfold stays inside the image", bilinear(true, false), from: [1, 1, 4, 1],
    to: [1, 1, 2049, 1], inputs: [1, 2, 3, 4],
    gives: (0..<2049).map { position in
      // Halves of 2/1024 steps: 1 + position · 2/1024, rounded half up, at most 4.
      min((1024 + 2 * position + 512) / 1024, 4)
    }),
]
