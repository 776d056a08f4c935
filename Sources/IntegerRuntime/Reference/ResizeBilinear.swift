import IntegerModel

extension Reference {
  /// Bilinear resize of `[N, H, W, C]` in 10-bit fixed point: four neighbors with 20-bit weights,
  /// rounded with halves away from zero (double rounding) or up (single).
  ///
  /// Bit-exact with TFLite `reference_ops::ResizeBilinearInteger`; where that reads past the last row
  /// or column (enlarging more than a thousandfold), the last one counts.
  package static func resizeBilinear<Code: FixedWidthInteger>(
    _ x: TensorView<Code>, _ parameters: ResizeBilinearParameters,
    rounding: RequantizationRounding, into y: TensorView<Code>
  ) {
    for n in 0..<y.extents[2] {
      for i in 0..<y.extents[3] {
        let row = BilinearSample(i, of: y.extents[3], onto: x.extents[3], parameters)
        for j in 0..<y.extents[4] {
          let column = BilinearSample(j, of: y.extents[4], onto: x.extents[4], parameters)
          for c in 0..<y.extents[5] {
            let sum =
              x.weighted(n, row.lower, column.lower, c, row.lowerWeight * column.lowerWeight)
              + x.weighted(n, row.upper, column.lower, c, row.upperWeight * column.lowerWeight)
              + x.weighted(n, row.lower, column.upper, c, row.lowerWeight * column.upperWeight)
              + x.weighted(n, row.upper, column.upper, c, row.upperWeight * column.upperWeight)
            y[n, i, j, c] = rounded(sum, rounding)
          }
        }
      }
    }
  }

  /// `sum / 2^20` to the nearest integer.
  @inline(__always)
  private static func rounded(_ sum: Int64, _ rounding: RequantizationRounding) -> Int32 {
    let half: Int64 = 1 << 19
    switch rounding {
    case .double:
      return Int32(truncatingIfNeeded: sum < 0 ? -((half - sum) >> 20) : (sum + half) >> 20)
    case .single:
      return Int32(truncatingIfNeeded: (sum + half) >> 20)
    }
  }
}

extension TensorView {
  @inline(__always)
  fileprivate func weighted(_ n: Int, _ h: Int, _ w: Int, _ c: Int, _ weight: Int64) -> Int64 {
    Int64(self[n, h, w, c]) * weight
  }
}

/// Where an output row or column falls between two of the input, with 10-bit weights.
struct BilinearSample {
  let lower: Int
  let upper: Int
  let lowerWeight: Int64
  let upperWeight: Int64

  init(
    _ position: Int, of resized: Int, onto extent: Int, _ parameters: ResizeBilinearParameters
  ) {
    let one: Int64 = 1 << 10
    // Input steps per output step; with aligned corners between the centers of the corner pixels.
    let isAligned = parameters.alignCorners && resized > 1
    let (from, to) = isAligned ? (extent - 1, resized - 1) : (extent, resized)
    let scale = (Int64(from) * one + Int64(to / 2)) / Int64(to)
    var value = Int64(position) * scale
    if parameters.halfPixelCenters { value += scale / 2 - one / 2 }
    lower = min(max(Int(value / one), 0), extent - 1)
    upper = min(max(Int((value + one - 1) / one), 0), extent - 1)
    upperWeight = value - Int64(lower) * one
    lowerWeight = one - upperWeight
  }
}
