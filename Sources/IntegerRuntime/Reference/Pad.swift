import IntegerModel

extension Reference {
  /// Padding of any axes: with a constant code, or with the tensor's own codes, as NumPy's modes
  /// `constant`, `reflect`, `symmetric` and `edge`.
  ///
  /// The constant is given as its bit pattern. Bit-exact with TFLite `reference_ops::Pad` and
  /// `MirrorPad`.
  package static func pad<Unit: FixedWidthInteger>(
    _ x: TensorView<Unit>, _ parameters: PadParameters, into y: TensorView<Unit>
  ) {
    let before = Extents(parameters.before, filler: 0)
    let strides = x.extents.strides
    let constant = Unit(truncatingIfNeeded: parameters.value)
    var index = 0
    y.extents.forEachIndex { position in
      var source: Int? = 0
      for axis in 0..<6 {
        let coordinate = Reference.source(
          of: position[axis] - before[axis], extent: x.extents[axis], parameters.mode)
        if let coordinate, let sum = source {
          source = sum + coordinate * strides[axis]
        } else {
          source = nil
        }
      }
      y.codes[index] = source.map { x.codes[$0] } ?? constant
      index += 1
    }
  }

  /// The element whose code stands at `position` of an axis, which may lie outside it; `nil` for the
  /// constant.
  ///
  /// ```text
  /// position    −2 −1  0  1  2  3  4     of an axis of 3
  /// constant     ·  ·  0  1  2  ·  ·
  /// reflect      2  1  0  1  2  1  0
  /// symmetric    1  0  0  1  2  2  1
  /// edge         0  0  0  1  2  2  2
  /// ```
  @inline(__always)
  static func source(of position: Int, extent: Int, _ mode: PadMode) -> Int? {
    if position >= 0 && position < extent { return position }
    switch mode {
    case .constant: return nil
    case .reflect: return position < 0 ? -position : 2 * (extent - 1) - position
    case .symmetric: return position < 0 ? -1 - position : 2 * extent - 1 - position
    case .edge: return position < 0 ? 0 : extent - 1
    }
  }
}
