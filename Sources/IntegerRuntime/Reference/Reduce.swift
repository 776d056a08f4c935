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
    let (kept, summed) = x.extents.split(axes: parameters.axes, rank: rank)
    let strides = x.extents.strides
    let count = Int32(summed.count)
    var index = 0
    kept.forEachIndex { position in
      let start = position.offset(strides: strides)
      var sum: Int32 = 0
      summed.forEachIndex { sum += x[start + $0.offset(strides: strides)] }
      y[index] = stage.code(sum - count * x.zeroPoint, parameters.multiplier)
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
