import IntegerModel

// Operators that exchange positions between the spatial axes and another one. They read codes as
// units, the unsigned type of the same width.
extension Reference {
  /// Channels become blocks of b × b pixels:
  /// `y[n, h · b + i, w · b + j, c] = x[n, h, w, (i · b + j) · C + c]`.
  ///
  /// Shapes: x `[N, H, W, b² · C]`, y `[N, H · b, W · b, C]`. Bit-exact with TFLite Micro
  /// `reference_ops::DepthToSpace`.
  package static func depthToSpace<Unit: FixedWidthInteger>(
    _ x: TensorView<Unit>, blockSize b: Int, into y: TensorView<Unit>
  ) {
    let channels = y.extents[5]
    for n in 0..<y.extents[2] {
      for h in 0..<y.extents[3] {
        for w in 0..<y.extents[4] {
          let part = h % b * b + w % b
          let source = x.codes + x.index(n, h / b, w / b, part * channels)
          (y.codes + y.index(n, h, w, 0)).update(from: source, count: channels)
        }
      }
    }
  }

  /// Blocks of b × b pixels become channels:
  /// `y[n, h, w, (i · b + j) · C + c] = x[n, h · b + i, w · b + j, c]`.
  ///
  /// Shapes: x `[N, H · b, W · b, C]`, y `[N, H, W, b² · C]`. Bit-exact with TFLite Micro
  /// `reference_ops::SpaceToDepth`.
  package static func spaceToDepth<Unit: FixedWidthInteger>(
    _ x: TensorView<Unit>, blockSize b: Int, into y: TensorView<Unit>
  ) {
    let channels = x.extents[5]
    for n in 0..<x.extents[2] {
      for h in 0..<x.extents[3] {
        for w in 0..<x.extents[4] {
          let part = h % b * b + w % b
          let target = y.codes + y.index(n, h / b, w / b, part * channels)
          target.update(from: x.codes + x.index(n, h, w, 0), count: channels)
        }
      }
    }
  }

  /// Batches become blocks of the spatial axes, which are then cropped by `before` and `after`.
  ///
  /// Along spatial axis i with blocks of b_i, y[n, …, p, …] is read from position
  /// `(p + before) / b_i` of x; the remainders, taken as digits to the bases b_i, are the number k of
  /// the source batch `k · N + n`. `rank` is that of both tensors. Bit-exact with TFLite Micro
  /// `reference_ops::BatchToSpaceND`.
  package static func batchToSpace<Unit: FixedWidthInteger>(
    _ x: TensorView<Unit>, rank: Int, _ parameters: BatchBlockParameters, into y: TensorView<Unit>
  ) {
    let batchAxis = 6 - rank
    let strides = x.extents.strides
    var index = 0
    y.extents.forEachIndex { position in
      var source = position
      var part = 0
      for (axis, block) in parameters.block.enumerated() {
        let place = position[batchAxis + 1 + axis] + parameters.before[axis]
        source[batchAxis + 1 + axis] = place / block
        part = part * block + place % block
      }
      source[batchAxis] += part * y.extents[batchAxis]
      y.codes[index] = x.codes[source.offset(strides: strides)]
      index += 1
    }
  }

  /// The spatial axes are padded with the zero point by `before` and `after`, then their blocks become
  /// batches: the inverse of ``batchToSpace(_:rank:_:into:)``, which crops what was padded.
  ///
  /// Bit-exact with TFLite `reference_ops::SpaceToBatchND`. TFLite Micro runs the same code but leaves
  /// the padding code unset, so that it pads with whatever its arena held.
  package static func spaceToBatch<Unit: FixedWidthInteger>(
    _ x: TensorView<Unit>, rank: Int, _ parameters: BatchBlockParameters, into y: TensorView<Unit>
  ) {
    let batchAxis = 6 - rank
    let batches = x.extents[batchAxis]
    let strides = x.extents.strides
    let zero = Unit(truncatingIfNeeded: y.zeroPoint)
    var index = 0
    y.extents.forEachIndex { position in
      var source = position
      var part = position[batchAxis] / batches
      source[batchAxis] = position[batchAxis] % batches
      var isInside = true
      for axis in stride(from: parameters.block.count - 1, through: 0, by: -1) {
        let (spatial, block) = (batchAxis + 1 + axis, parameters.block[axis])
        source[spatial] = position[spatial] * block + part % block - parameters.before[axis]
        part /= block
        isInside = isInside && source[spatial] >= 0 && source[spatial] < x.extents[spatial]
      }
      y.codes[index] = isInside ? x.codes[source.offset(strides: strides)] : zero
      index += 1
    }
  }
}
