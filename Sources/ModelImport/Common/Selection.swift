import Diagnostics

/// Elements picked along each axis of an array: a first index, a count and a step.
struct Selection {
  var begin: [Int]
  var extent: [Int]
  var steps: [Int]
  private let shape: [Int]

  /// All elements of an array of extents `shape`.
  init(shape: [Int]) {
    self.shape = shape
    begin = shape.map { _ in 0 }
    extent = shape
    steps = shape.map { _ in 1 }
  }

  /// Picks from `start` up to but not `end`, both from the end where negative and clamped to the
  /// axis, as ONNX Slice and TensorFlow's STRIDED_SLICE do.
  mutating func restrict(
    _ axis: Int, from start: Int64, to end: Int64, step: Int
  ) throws(Diagnostic) {
    guard step != 0 else { throw Diagnostic(problem: "slices axis \(axis) in steps of 0") }
    let length = shape[axis]
    func clamped(_ limit: Int64, _ range: ClosedRange<Int>) -> Int {
      // Far beyond any extent, so that adding one cannot overflow.
      let bounded = Int(min(max(limit, -(1 << 32)), 1 << 32))
      return min(max(bounded < 0 ? bounded + length : bounded, range.lowerBound), range.upperBound)
    }
    guard length > 0 else { return }
    let first = clamped(start, step > 0 ? 0...length : 0...length - 1)
    let last = clamped(end, step > 0 ? 0...length : -1...length - 1)
    begin[axis] = first
    steps[axis] = step
    extent[axis] =
      step > 0
      ? max((last - first + step - 1) / step, 0) : max((first - last - step - 1) / -step, 0)
  }

  /// The picked elements of a vector of integers.
  func applied(to tensor: IntegerTensor) throws(Diagnostic) -> IntegerTensor {
    guard shape.count == 1 else {
      throw Diagnostic(problem: "slices integers of shape \(shape); only vectors are supported")
    }
    return IntegerTensor(
      shape: extent, values: (0..<extent[0]).map { tensor.values[begin[0] + $0 * steps[0]] })
  }
}
