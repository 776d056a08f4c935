import IntegerModel

extension LiteRTDerivation {
  /// XNNPACK's bilinear resize: positions in float32, fractions in 1/2048.
  func samples(
    from source: [Int], to target: [Int], _ parameters: ResizeBilinearParameters
  ) -> ScalingForm {
    let axes = (1...2).map { axis in
      positions(of: target[axis], onto: source[axis], parameters, xnnpack: true)
        .map { position in
          let limited = min(max(position, 0), Float(source[axis] - 1))
          let lower = Int32(limited)
          let fraction = ((limited - Float(lower)) * 2048).rounded(.toNearestOrEven)
          return ResizeSample(
            lower: lower, upper: min(lower + 1, Int32(source[axis] - 1)),
            fraction: Int32(fraction))
        }
    }
    return .samples(rows: axes[0], columns: axes[1])
  }

  /// LiteRT's bilinear resize of uint8: positions and fractions in float32.
  func binary32Samples(
    from source: [Int], to target: [Int], _ parameters: ResizeBilinearParameters
  ) -> ScalingForm {
    let axes = (1...2).map { axis in
      positions(of: target[axis], onto: source[axis], parameters, xnnpack: false)
        .map { position in
          let lower = max(Int32(position.rounded(.down)), 0)
          let upper = min(Int32(position.rounded(.up)), Int32(source[axis] - 1))
          return ResizeSample(
            lower: lower, upper: upper,
            fraction: Int32(bitPattern: (position - Float(lower)).bitPattern))
        }
    }
    return .binary32Samples(rows: axes[0], columns: axes[1])
  }

  /// Where the rows or columns of the output fall. With half pixels XNNPACK adds 0.5 · scale − 0.5
  /// to the scaled index, LiteRT scales the index plus 0.5 and subtracts 0.5.
  private func positions(
    of target: Int, onto source: Int, _ parameters: ResizeBilinearParameters, xnnpack: Bool
  ) -> [Float] {
    let isAligned = parameters.alignCorners && target > 1
    let scale =
      isAligned ? Float(source - 1) / Float(target - 1) : Float(source) / Float(target)
    return (0..<target).map { index in
      guard parameters.halfPixelCenters else { return Float(index) * scale }
      return xnnpack
        ? Float(index) * scale + (0.5 * scale - 0.5) : (Float(index) + 0.5) * scale - 0.5
    }
  }

  /// The sources of LiteRT's optimized nearest-neighbor resize, whose scale has 16 fractional bits.
  /// `nil` where corners are aligned or pixels have half centers, which it leaves to the reference
  /// kernel: recognized by sources other than floor(i · scale) in float32.
  func indices(
    of parameters: ResizeNearestParameters, from source: [Int]
  ) -> ScalingForm? {
    func plain(_ target: Int, _ source: Int) -> [Int32] {
      let scale = Float(source) / Float(target)
      return (0..<target).map { min(Int32(Float($0) * scale), Int32(source - 1)) }
    }
    func fixed(_ target: Int, _ source: Int) -> [Int32] {
      let scale = (source << 16) / target + 1
      return (0..<target).map { Int32(min(($0 * scale) >> 16, source - 1)) }
    }
    let (height, width) = (parameters.rows.count, parameters.columns.count)
    guard parameters.rows == plain(height, source[1]),
      parameters.columns == plain(width, source[2])
    else { return nil }
    let (rows, columns) = (fixed(height, source[1]), fixed(width, source[2]))
    guard rows != parameters.rows || columns != parameters.columns else { return nil }
    return .indices(rows: rows, columns: columns)
  }
}
