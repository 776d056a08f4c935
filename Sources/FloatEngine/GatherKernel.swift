import CFloatKernels
import Diagnostics
import FloatModel

/// Operators that only move elements: output index (i, j, …) reads the input at
/// `axes[0][i] + axes[1][j] + …`, or gets a constant where an entry is −1.
final class GatherKernel: NodeKernel {
  let images: Int64
  let imageStride: Int64
  let rowOffsets: [Int64]
  let rowCount: Int64
  /// Positions along a row; `nil` where a row is contiguous.
  let elementOffsets: [Int64]?
  private let fill: Float

  /// - Parameters:
  ///   - input: shape of one image.
  ///   - axes: one table of input positions per output axis.
  init(batch: Int, input: [Int], axes: [[Int]], fill: Float = 0) {
    images = Int64(batch)
    imageStride = Int64(input.reduce(1, *))
    self.fill = fill
    // An axis with one position only shifts the others; contiguous last axes make one long row.
    let start = axes.filter { $0.count == 1 }.reduce(0) { $0 + $1[0] }
    var remaining = axes.filter { $0.count > 1 }
    var row = remaining.popLast() ?? [0]
    let isContiguous = Self.advances(row, by: 1)
    var count = row.count
    while isContiguous, let next = remaining.last, Self.advances(next, by: count) {
      count *= next.count
      row[0] += next[0]
      remaining.removeLast()
    }
    elementOffsets = isContiguous ? nil : row.map(Int64.init)
    rowCount = Int64(count)
    let rowStart = start + (isContiguous ? row[0] : 0)
    rowOffsets = OffsetTable.rowMajor(axes: [[rowStart]] + remaining)
  }

  /// Output axis i is input axis `permutation[i]`.
  convenience init(batch: Int, input: [Int], permutation: [Int]) {
    let strides = ShapeLimits.strides(of: input)
    self.init(
      batch: batch, input: input,
      axes: permutation.map { axis in (0..<input[axis]).map { $0 * strides[axis] } })
  }

  /// `extent` elements from `begin` in steps of `steps` along each axis.
  convenience init(batch: Int, input: [Int], begin: [Int], extent: [Int], steps: [Int]) {
    let strides = ShapeLimits.strides(of: input)
    self.init(
      batch: batch, input: input,
      axes: input.indices.map { axis in
        (0..<extent[axis]).map { (begin[axis] + $0 * steps[axis]) * strides[axis] }
      })
  }

  convenience init(batch: Int, input: [Int], before: [Int], after: [Int], mode: FloatPadMode) {
    let strides = ShapeLimits.strides(of: input)
    var fill: Float = 0
    if case .constant(let value) = mode { fill = value }
    self.init(
      batch: batch, input: input,
      axes: input.indices.map { axis in
        (-before[axis]..<input[axis] + after[axis]).map { index in
          let source = Self.source(of: index, extent: input[axis], mode: mode)
          return source < 0 ? -1 : source * strides[axis]
        }
      },
      fill: fill)
  }

  func forward(_ operands: Operands) throws(Diagnostic) {
    float_gather(
      operands.inputs[0], operands.output, images, imageStride, Int64(rowOffsets.count),
      rowOffsets, rowCount, elementOffsets, fill)
  }

  /// Where padding finds the element at `index`, which may lie outside; −1 for the constant.
  private static func source(of index: Int, extent: Int, mode: FloatPadMode) -> Int {
    switch mode {
    case .constant: return (0..<extent).contains(index) ? index : -1
    case .edge: return min(max(index, 0), extent - 1)
    case .reflect: return index < 0 ? -index : index < extent ? index : 2 * (extent - 1) - index
    }
  }

  private static func advances(_ table: [Int], by step: Int) -> Bool {
    table.allSatisfy { $0 >= 0 } && zip(table, table.dropFirst()).allSatisfy { $1 - $0 == step }
  }
}
