import IntegerModel

// Operators that pick elements by their position. They read codes as units, the unsigned type of the
// same width.
extension Reference {
  /// x repeated along every axis: `y[i, …] = x[i mod extent of x, …]`.
  ///
  /// Bit-exact with TFLite Micro `TILE` and, as broadcasting repeats axes of extent 1, with
  /// `BROADCAST_TO`.
  package static func tile<Unit: FixedWidthInteger>(
    _ x: TensorView<Unit>, into y: TensorView<Unit>
  ) {
    let strides = x.extents.strides
    var index = 0
    y.extents.forEachIndex { position in
      var source = 0
      for axis in 0..<6 { source += position[axis] % x.extents[axis] * strides[axis] }
      y.codes[index] = x.codes[source]
      index += 1
    }
  }

  /// Slices of x along `axis` at the listed indices: `y[b…, o…, k…, i…] = x[b…, o…, indices[b…, k…],
  /// i…]`, with `batchDimensions` axes b in common and the axes o in front of `axis`.
  ///
  /// An index outside x gives the zero point; TFLite Micro, `GATHER`, with which all else is
  /// bit-exact, ends the inference with an error then. `rank` is that of x.
  package static func gather<Unit: FixedWidthInteger, Index: FixedWidthInteger>(
    _ x: TensorView<Unit>, indices: TensorView<Index>, rank: Int, _ parameters: GatherParameters,
    into y: TensorView<Unit>
  ) {
    let leading = 6 - rank
    let axis = leading + parameters.axis
    var batches = 1
    for batchAxis in leading..<leading + parameters.batchDimensions {
      batches *= x.extents[batchAxis]
    }
    let (length, inner) = (x.extents[axis], x.extents.strides[axis])
    let outer = x.count / (batches * length * inner)
    let indicesPerBatch = indices.count / batches
    let zero = Unit(truncatingIfNeeded: y.zeroPoint)
    var target = y.codes
    for slice in 0..<batches * outer {
      let batch = slice / outer
      for position in 0..<indicesPerBatch {
        let place = indices.codes[batch * indicesPerBatch + position]
        if place >= 0 && place < length {
          target.update(from: x.codes + (slice * length + Int(place)) * inner, count: inner)
        } else {
          target.update(repeating: zero, count: inner)
        }
        target += inner
      }
    }
  }
}
