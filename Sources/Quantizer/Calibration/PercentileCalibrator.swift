/// The limits that leave out the outermost values.
///
/// Asymmetric: half of what is left out lies below the range, half above it. Symmetric: the
/// threshold on the magnitude. The limits are never wider than what was seen.
package struct PercentileCalibrator: Calibrator {
  private let kept: Double
  private let form: ThresholdForm
  private var histogram = StreamingHistogram()

  init(percentile: Double, form: ThresholdForm) {
    kept = percentile / 100
    self.form = form
  }

  package mutating func observe(_ values: UnsafeBufferPointer<Float>) { histogram.add(values) }

  package func range() -> ValueRange {
    guard let extent = histogram.extent, histogram.limit > 0 else {
      return ValueRange(minimum: 0, maximum: 0)
    }
    let leftOut = (1 - kept) * Double(histogram.total)
    let side = StreamingHistogram.binsPerSide
    let counts = histogram.counts
    let width = histogram.binWidth
    switch form {
    case .symmetric:
      var outside = 0.0
      var bin = side
      while bin > 1 {
        outside += Double(counts[side + bin - 1]) + Double(counts[side - bin])
        if outside > leftOut { break }
        bin -= 1
      }
      let limit = Float(bin) * width
      return ValueRange(
        minimum: max(extent.minimum, -limit), maximum: min(extent.maximum, limit))
    case .asymmetric:
      var low = -side
      var outside = 0.0
      while low < -1 {
        outside += Double(counts[side + low])
        if outside > leftOut / 2 { break }
        low += 1
      }
      var high = side
      outside = 0
      while high > 1 {
        outside += Double(counts[side + high - 1])
        if outside > leftOut / 2 { break }
        high -= 1
      }
      return ValueRange(
        minimum: max(extent.minimum, Float(low) * width),
        maximum: min(extent.maximum, Float(high) * width))
    }
  }
}
