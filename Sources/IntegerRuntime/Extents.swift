import IntegerModel

/// A shape of exactly six axes: the tensor's own, preceded by axes of extent 1.
///
/// It lives on the stack, so that kernels of any rank index without allocating.
package struct Extents {
  private var values: InlineArray<6, Int>

  /// All axes of that extent.
  package init(repeating extent: Int = 1) { values = InlineArray(repeating: extent) }

  /// `shape` aligned at the last axis; leading axes become `filler`.
  package init(_ shape: [Int], filler: Int = 1) {
    self.init(repeating: filler)
    for (position, extent) in shape.enumerated() {
      values[6 - shape.count + position] = extent
    }
  }

  package subscript(_ axis: Int) -> Int {
    get { values[axis] }
    set { values[axis] = newValue }
  }

  /// Number of elements.
  package var count: Int {
    var product = 1
    for axis in 0..<6 { product *= values[axis] }
    return product
  }

  /// Elements from one index of each axis to the next, row-major.
  package var strides: Extents {
    var result = Extents()
    for axis in stride(from: 4, through: 0, by: -1) {
      result[axis] = result[axis + 1] * values[axis + 1]
    }
    return result
  }

  /// Strides with which an array of these extents is read as if it had the extents of `target`:
  /// 0 along axes where it has one element, as NumPy broadcasts.
  package func strides(broadcastTo target: Extents) -> Extents {
    var result = strides
    for axis in 0..<6 where values[axis] == 1 && target[axis] != 1 { result[axis] = 0 }
    return result
  }
}

extension Extents {
  /// Calls `body` with every index, the last axis running fastest.
  @inline(__always)
  package func forEachIndex(_ body: (Extents) -> Void) {
    var index = Extents(repeating: 0)
    for _ in 0..<count {
      body(index)
      var axis = 5
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < values[axis] { break }
        index[axis] = 0
        axis -= 1
      }
    }
  }

  /// Σ index · stride
  @inline(__always)
  package func offset(strides: Extents) -> Int {
    var sum = 0
    for axis in 0..<6 { sum += values[axis] * strides[axis] }
    return sum
  }
}
