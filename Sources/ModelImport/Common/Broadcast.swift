import Diagnostics
import FloatModel

/// NumPy's broadcast of constants.
enum Broadcast {
  /// The elements of an array of extents `shape` repeated to fill `target`, in row-major order.
  ///
  /// - Throws: where the shapes do not fit, or the result exceeds ``ShapeLimits``.
  static func elements<Element>(
    _ elements: [Element], of shape: [Int], to target: [Int]
  ) throws(Diagnostic) -> [Element] {
    guard ShapeLimits.broadcast(shape, target) == target else {
      throw Diagnostic(problem: "shape \(shape) does not broadcast to \(target)")
    }
    guard let count = ShapeLimits.elementCount(target) else {
      throw Diagnostic(problem: "the shape \(target) is too large")
    }
    let offset = target.count - shape.count
    let own = ShapeLimits.strides(of: shape)
    let steps = ShapeLimits.strides(of: target)
    return (0..<count).map { index in
      var position = 0
      for axis in shape.indices where shape[axis] > 1 {
        position += index / steps[axis + offset] % target[axis + offset] * own[axis]
      }
      return elements[position]
    }
  }
}
