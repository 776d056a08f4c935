import IntegerModel

extension Reference {
  /// Bilinear resize of `[N, H, W, C]` with 11-bit weights, columns first: four neighbors, then
  /// `(sum + 2^21) >> 22`.
  ///
  /// Bit-exact with XNNPACK `s8-ibilinear` and `u8-ibilinear`, fractions a in 0…2048.
  package static func resizeBilinear<Code: FixedWidthInteger>(
    _ x: TensorView<Code>, rows: [ResizeSample], columns: [ResizeSample],
    into y: TensorView<Code>
  ) {
    let one: Int64 = 1 << 11
    resize(x, rows, columns, into: y) { corners, row, column in
      let (a, b) = (Int64(column.fraction), Int64(row.fraction))
      let top = Int64(corners.topLeft) * (one - a) + Int64(corners.topRight) * a
      let bottom = Int64(corners.bottomLeft) * (one - a) + Int64(corners.bottomRight) * a
      return Int32(truncatingIfNeeded: (top * (one - b) + bottom * b + 1 << 21) >> 22)
    }
  }

  /// Bilinear resize of `[N, H, W, C]` in float32: each neighbor times its row weight, then its column
  /// weight, added in the order top left, bottom left, top right, bottom right, plus a half,
  /// truncated.
  ///
  /// Bit-exact with LiteRT `reference_ops::ResizeBilinear<uint8_t>`; fractions are binary32.
  package static func resizeBilinear<Code: FixedWidthInteger>(
    _ x: TensorView<Code>, binary32Rows rows: [ResizeSample], columns: [ResizeSample],
    into y: TensorView<Code>
  ) {
    let one = Binary32(1)
    let half = Binary32(bits: 0x3f00_0000)
    resize(x, rows, columns, into: y) { corners, row, column in
      let below = Binary32(bits: UInt32(bitPattern: row.fraction))
      let right = Binary32(bits: UInt32(bitPattern: column.fraction))
      let above = one + -below
      let left = one + -right
      let sum =
        Binary32(Int64(corners.topLeft)) * above * left
        + Binary32(Int64(corners.bottomLeft)) * below * left
        + Binary32(Int64(corners.topRight)) * above * right
        + Binary32(Int64(corners.bottomRight)) * below * right
      return min(max((sum + half).truncated, Int32(Code.min)), Int32(Code.max))
    }
  }

  /// The four codes around a sample.
  fileprivate struct Corners {
    var topLeft: Int32
    var topRight: Int32
    var bottomLeft: Int32
    var bottomRight: Int32
  }

  /// Mixes the four neighbors of each output element.
  @inline(__always)
  private static func resize<Code: FixedWidthInteger>(
    _ x: TensorView<Code>, _ rows: [ResizeSample], _ columns: [ResizeSample],
    into y: TensorView<Code>, _ mix: (Corners, ResizeSample, ResizeSample) -> Int32
  ) {
    for n in 0..<y.extents[2] {
      for i in 0..<y.extents[3] {
        let (top, bottom) = (Int(rows[i].lower), Int(rows[i].upper))
        for j in 0..<y.extents[4] {
          let (left, right) = (Int(columns[j].lower), Int(columns[j].upper))
          for c in 0..<y.extents[5] {
            let corners = Corners(
              topLeft: x[n, top, left, c], topRight: x[n, top, right, c],
              bottomLeft: x[n, bottom, left, c], bottomRight: x[n, bottom, right, c])
            y[n, i, j, c] = mix(corners, rows[i], columns[j])
          }
        }
      }
    }
  }
}
