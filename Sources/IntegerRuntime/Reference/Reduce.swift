import IntegerModel

extension Reference {
  /// Mean and sum over some axes: `y = clamp(z_y + M(Σ x − n · z_x))`, n elements each.
  ///
  /// The two differ in the multiplier alone: a mean's has been divided by n. Bit-exact with TFLite
  /// Micro `reference_ops::QuantizedMeanOrSum`.
  package static func reduce<Code: FixedWidthInteger>(
    _ x: TensorView<Code>, rank: Int, _ parameters: ReduceParameters,
    rounding: RequantizationRounding, into y: TensorView<Code>
  ) {
    let stage = OutputStage(rounding: rounding, output: y)
    sum(x, rank: rank, axes: parameters.axes, into: y) { sum, count in
      stage.code(sum - count * x.zeroPoint, parameters.multiplier)
    }
  }

  /// Mean and sum in float32: `y = saturate(round(float32(Σ x) · scale + offset))`, ties to even.
  ///
  /// The offset is `z_y − n · z_x · scale`, so that neither zero point is subtracted here. Bit-exact
  /// with XNNPACK's reductions of `qint8` and `quint8`.
  package static func reduce<Code: FixedWidthInteger>(
    _ x: TensorView<Code>, rank: Int, axes: [Int], scale: Binary32, offset: Binary32,
    into y: TensorView<Code>
  ) {
    sum(x, rank: rank, axes: axes, into: y) { sum, _ in
      let code = (Binary32(Int64(sum)) * scale + offset).rounded
      return min(max(code, Int32(Code.min)), Int32(Code.max))
    }
  }

  /// Turns the sum of codes along `axes`, and their number, into a code.
  @inline(__always)
  private static func sum<Code: FixedWidthInteger>(
    _ x: TensorView<Code>, rank: Int, axes: [Int], into y: TensorView<Code>,
    _ code: (Int32, Int32) -> Int32
  ) {
    let (kept, summed) = x.extents.split(axes: axes, rank: rank)
    let strides = x.extents.strides
    let count = Int32(summed.count)
    var index = 0
    kept.forEachIndex { position in
      let start = position.offset(strides: strides)
      var sum: Int32 = 0
      summed.forEachIndex { sum += x[start + $0.offset(strides: strides)] }
      y[index] = code(sum, count)
      index += 1
    }
  }
}

extension Extents {
  /// The extents of a tensor of that rank along the axes that a reduction keeps, and along those it
  /// reduces; each with 1 in place of the others.
  func split(axes: [Int], rank: Int) -> (kept: Extents, reduced: Extents) {
    var kept = self
    var reduced = Extents()
    for axis in axes {
      let aligned = 6 - rank + axis
      reduced[aligned] = kept[aligned]
      kept[aligned] = 1
    }
    return (kept, reduced)
  }
}
