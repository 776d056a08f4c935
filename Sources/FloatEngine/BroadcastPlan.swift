import FloatModel

/// How two arrays are broadcast to a common shape: rows along which each operand either advances
/// element by element or stands still, as long as possible.
struct BroadcastPlan {
  /// One operand's part of the plan.
  struct Side {
    /// 1, or 0 where one element serves the whole row.
    var elementStride: Int64
    /// Position of the first element of each row.
    var rowOffsets: [Int64]
  }

  private(set) var left: Side
  private(set) var right: Side
  /// Elements per row.
  private(set) var rowCount: Int

  init(_ leftShape: [Int], _ rightShape: [Int], output: [Int]) {
    var leftStrides = Self.strides(of: leftShape, broadcastTo: output)
    var rightStrides = Self.strides(of: rightShape, broadcastTo: output)
    // An axis of one element moves nobody.
    let moving = output.indices.filter { output[$0] > 1 }
    var extents = moving.map { output[$0] }
    leftStrides = moving.map { leftStrides[$0] }
    rightStrides = moving.map { rightStrides[$0] }

    rowCount = extents.popLast() ?? 1
    let leftStep = leftStrides.popLast() ?? 1
    let rightStep = rightStrides.popLast() ?? 1
    while let extent = extents.last, leftStrides.last == leftStep * rowCount,
      rightStrides.last == rightStep * rowCount
    {
      rowCount *= extent
      extents.removeLast()
      leftStrides.removeLast()
      rightStrides.removeLast()
    }
    left = Side(
      elementStride: Int64(leftStep),
      rowOffsets: OffsetTable.rowMajor(extents: extents, strides: leftStrides))
    right = Side(
      elementStride: Int64(rightStep),
      rowOffsets: OffsetTable.rowMajor(extents: extents, strides: rightStrides))
  }

  private static func strides(of shape: [Int], broadcastTo output: [Int]) -> [Int] {
    let own = ShapeLimits.strides(of: shape)
    let missing = output.count - shape.count
    return output.indices.map { axis in
      axis < missing || shape[axis - missing] == 1 ? 0 : own[axis - missing]
    }
  }
}

/// Positions in an array, listed once when a node is made ready, so that the loops need no index
/// arithmetic.
enum OffsetTable {
  /// The positions of all indices of `extents` in row-major order.
  static func rowMajor(extents: [Int], strides: [Int]) -> [Int64] {
    rowMajor(axes: zip(extents, strides).map { extent, stride in (0..<extent).map { $0 * stride } })
  }

  /// The sums of one entry per axis, in row-major order; −1 where any entry is −1.
  static func rowMajor(axes: [[Int]]) -> [Int64] {
    var table: [Int64] = [0]
    for axis in axes {
      var longer: [Int64] = []
      longer.reserveCapacity(table.count * axis.count)
      for start in table {
        for offset in axis { longer.append(start < 0 || offset < 0 ? -1 : start + Int64(offset)) }
      }
      table = longer
    }
    return table
  }
}
