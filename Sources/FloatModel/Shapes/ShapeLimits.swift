import Diagnostics

/// Bounds on every shape of a float graph, and checked arithmetic within them.
///
/// Extents and parameters stay below 2^31, so that sums and products of two of them fit an `Int`.
public enum ShapeLimits {
  /// Greatest number of elements of one value, 2^31 − 1.
  public static let greatestElementCount = Int(Int32.max)
  /// Greatest stride, dilation, padding or window extent, 2^31 − 1.
  public static let greatestParameter = Int(Int32.max)
  /// Greatest number of axes.
  public static let greatestRank = 8

  /// The number of elements of an array of extents `shape`, or `nil` where an extent is negative
  /// or the product of those above 0 exceeds ``greatestElementCount``, so that no product of some
  /// of them can overflow. A scalar, `[]`, has one element.
  public static func elementCount(_ shape: [Int]) -> Int? {
    var count = 1
    for extent in shape where extent != 0 {
      guard extent > 0, extent <= greatestElementCount / count else { return nil }
      count *= extent
    }
    return shape.contains(0) ? 0 : count
  }

  /// Refuses a shape with an extent below 1, more than ``greatestRank`` axes or more than
  /// ``greatestElementCount`` elements.
  ///
  /// - Parameter subject: what has the shape, as the error begins: "the output".
  public static func check(_ shape: [Int], of subject: String) throws(Diagnostic) {
    guard shape.count <= greatestRank else {
      throw Diagnostic(
        problem: "\(subject) has \(shape.count) axes; at most \(greatestRank) are supported")
    }
    for extent in shape where extent < 1 {
      throw Diagnostic(
        problem: "\(subject) has shape \(shape), but every extent must be at least 1")
    }
    guard elementCount(shape) != nil else {
      throw Diagnostic(
        problem: "\(subject) has shape \(shape), more than \(greatestElementCount) elements")
    }
  }

  /// The shape that NumPy's rule broadcasts `left` and `right` to, or `nil` where they disagree.
  public static func broadcast(_ left: [Int], _ right: [Int]) -> [Int]? {
    let rank = max(left.count, right.count)
    var result: [Int] = []
    for axis in 0..<rank {
      let leftAxis = axis - (rank - left.count)
      let rightAxis = axis - (rank - right.count)
      let leftExtent = leftAxis < 0 ? 1 : left[leftAxis]
      let rightExtent = rightAxis < 0 ? 1 : right[rightAxis]
      guard leftExtent == rightExtent || leftExtent == 1 || rightExtent == 1 else { return nil }
      result.append(leftExtent == 1 ? rightExtent : leftExtent)
    }
    return result
  }

  /// The distance in elements between neighbors along each axis of a row-major array of extents
  /// `shape`.
  public static func strides(of shape: [Int]) -> [Int] {
    var strides = Array(repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    return strides
  }
}
