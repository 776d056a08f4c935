import IntegerModel

// Operators that move codes without computing with them. They read any one-byte type as `UInt8`.
extension Reference {
  /// Copies all codes: the same elements under another shape.
  package static func reshape(_ x: TensorView<UInt8>, into y: TensorView<UInt8>) {
    y.codes.update(from: x.codes, count: x.count)
  }

  /// One input's part of a concatenation: its codes along `axis` become those from `position` on.
  ///
  /// `axis` counts the six axes of ``Extents``. Bit-exact with TFLite `reference_ops::Concatenation`.
  package static func concatenate(
    _ x: TensorView<UInt8>, axis: Int, at position: Int, into y: TensorView<UInt8>
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
  package static func transpose(
    _ x: TensorView<UInt8>, permutation: [Int], into y: TensorView<UInt8>
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
  package static func stridedSlice(
    _ x: TensorView<UInt8>, _ parameters: StridedSliceParameters, into y: TensorView<UInt8>
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
  package static func resizeNearest(
    _ x: TensorView<UInt8>, _ parameters: ResizeNearestParameters, into y: TensorView<UInt8>
  ) {
    for n in 0..<y.extents[2] {
      for i in 0..<y.extents[3] {
        for j in 0..<y.extents[4] {
          for c in 0..<y.extents[5] {
            y[n, i, j, c] = x[n, Int(parameters.rows[i]), Int(parameters.columns[j]), c]
          }
        }
      }
    }
  }

  /// Reads x in steps of `strides` along the axes of y.
  @inline(__always)
  private static func gather(
    _ x: TensorView<UInt8>, from start: Int, strides: Extents, into y: TensorView<UInt8>
  ) {
    var index = 0
    y.extents.forEachIndex { position in
      y.codes[index] = x.codes[start + position.offset(strides: strides)]
      index += 1
    }
  }
}
