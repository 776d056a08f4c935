import IntegerModel

// Operators that move codes without computing with them. They read a type as the unsigned integer of
// its width.
extension Reference {
  /// Copies all codes: the same elements under another shape.
  package static func reshape<Unit: FixedWidthInteger>(
    _ x: TensorView<Unit>, into y: TensorView<Unit>
  ) {
    y.codes.update(from: x.codes, count: x.count)
  }

  /// One input's part of a concatenation: its codes along `axis` become those from `position` on.
  ///
  /// `axis` counts the six axes of ``Extents``. Bit-exact with TFLite `reference_ops::Concatenation`.
  package static func concatenate<Unit: FixedWidthInteger>(
    _ x: TensorView<Unit>, axis: Int, at position: Int, into y: TensorView<Unit>
  ) {
    var outer = 1
    for leading in 0..<axis { outer *= x.extents[leading] }
    let run = x.count / outer
    let step = y.count / outer
    let start = step / y.extents[axis] * position
    for index in 0..<outer {
      (y.codes + start + index * step).update(from: x.codes + index * run, count: run)
    }
  }

  /// `y[i] = x[i permuted]`: output axis a is input axis `permutation[a]`.
  package static func transpose<Unit: FixedWidthInteger>(
    _ x: TensorView<Unit>, permutation: [Int], into y: TensorView<Unit>
  ) {
    let source = x.extents.strides
    let leading = 6 - permutation.count
    var strides = Extents(repeating: 0)
    for (axis, from) in permutation.enumerated() {
      strides[leading + axis] = source[leading + from]
    }
    gather(x, from: 0, strides: strides, into: y)
  }

  /// `y[i, …] = x[begin + i · stride, …]` along every axis.
  package static func stridedSlice<Unit: FixedWidthInteger>(
    _ x: TensorView<Unit>, _ parameters: StridedSliceParameters, into y: TensorView<Unit>
  ) {
    let source = x.extents.strides
    let leading = 6 - parameters.begin.count
    var strides = Extents(repeating: 0)
    var start = 0
    for axis in parameters.begin.indices {
      strides[leading + axis] = source[leading + axis] * parameters.strides[axis]
      start += source[leading + axis] * parameters.begin[axis]
    }
    gather(x, from: start, strides: strides, into: y)
  }

  /// Nearest-neighbor resize: `y[n, i, j, c] = x[n, rows[i], columns[j], c]`.
  package static func resizeNearest<Unit: FixedWidthInteger>(
    _ x: TensorView<Unit>, _ parameters: ResizeNearestParameters, into y: TensorView<Unit>
  ) {
    for n in 0..<y.extents[2] {
      for i in 0..<y.extents[3] {
        for j in 0..<y.extents[4] {
          for c in 0..<y.extents[5] {
            let source = x.index(n, Int(parameters.rows[i]), Int(parameters.columns[j]), c)
            y.codes[y.index(n, i, j, c)] = x.codes[source]
          }
        }
      }
    }
  }

  /// Reads x in steps of `strides` along the axes of y.
  @inline(__always)
  private static func gather<Unit: FixedWidthInteger>(
    _ x: TensorView<Unit>, from start: Int, strides: Extents, into y: TensorView<Unit>
  ) {
    var index = 0
    y.extents.forEachIndex { position in
      y.codes[index] = x.codes[start + position.offset(strides: strides)]
      index += 1
    }
  }
}
