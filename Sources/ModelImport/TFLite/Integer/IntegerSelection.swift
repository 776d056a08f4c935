import Diagnostics
import IntegerModel

/// Elements picked along each axis of a tensor: a first index, a step and a count, and then the axes
/// that are dropped.
struct IntegerSelection {
  var begin: [Int]
  var strides: [Int]
  /// Number of elements per axis, each at least 1.
  var extents: [Int]
  /// Axes of extent 1 that the result does not have.
  var droppedAxes: Set<Int> = []
  private let source: [Int]

  /// Everything of a tensor of that shape.
  init(all shape: [Int]) {
    source = shape
    begin = shape.map { _ in 0 }
    strides = shape.map { _ in 1 }
    extents = shape
  }

  /// Extents of the result.
  var shape: [Int] {
    extents.indices.filter { !droppedAxes.contains($0) }.map { extents[$0] }
  }

  /// Takes `count` elements of `axis` from `start` on.
  mutating func restrict(_ axis: Int, from start: Int, count: Int) throws(Diagnostic) {
    guard start >= 0, count >= 1, start <= source[axis] - count else {
      throw Diagnostic(
        problem: "takes \(count) elements from \(start) on along axis \(axis) of \(source)")
    }
    begin[axis] = start
    extents[axis] = count
  }

  /// The parameters of the operator that picks them.
  var parameters: StridedSliceParameters {
    StridedSliceParameters(begin: begin, strides: strides)
  }

  /// The picked elements of `values`, which have the source's shape.
  func picked(from values: [Int64]) -> [Int64] {
    var offsets = [0]
    var size = 1
    for axis in source.indices.reversed() {
      offsets = (0..<extents[axis]).flatMap { step in
        let start = (begin[axis] + step * strides[axis]) * size
        return offsets.map { $0 + start }
      }
      size *= source[axis]
    }
    return offsets.map { values[$0] }
  }
}
