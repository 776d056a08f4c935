/// A streaming statistic of one tensor that ends in a range. Its memory does not grow with the
/// number of images.
///
/// One calibrator per method, each a file; `makeCalibrator` is the table of them.
package protocol Calibrator {
  /// Takes in the values of one image.
  mutating func observe(_ values: UnsafeBufferPointer<Float>)
  /// The range that the codes should cover, of everything seen so far.
  func range() -> ValueRange
}

extension QuantizationOptions {
  /// A fresh calibrator of the kind that the options name.
  package func makeCalibrator() -> any Calibrator {
    switch calibrator {
    case .minMax: MinMaxCalibrator()
    case .movingAverage: MovingAverageCalibrator()
    case .percentile: PercentileCalibrator(percentile: percentile, form: thresholds)
    case .meanSquaredError: MeanSquaredErrorCalibrator(form: thresholds)
    case .entropy: EntropyCalibrator(form: thresholds)
    }
  }
}

/// Least and greatest of `values`; `nil` where there are none.
///
/// Eight independent lanes let the compiler use vector minima.
package func extrema(of values: UnsafeBufferPointer<Float>) -> ValueRange? {
  guard let first = values.first else { return nil }
  var low = SIMD8<Float>(repeating: first)
  var high = low
  var index = 0
  while index + 8 <= values.count {
    let lanes = UnsafeRawPointer(values.baseAddress.unsafelyUnwrapped + index)
      .loadUnaligned(as: SIMD8<Float>.self)
    low = pointwiseMin(low, lanes)
    high = pointwiseMax(high, lanes)
    index += 8
  }
  var range = ValueRange(minimum: low.min(), maximum: high.max())
  while index < values.count {
    range.minimum = min(range.minimum, values[index])
    range.maximum = max(range.maximum, values[index])
    index += 1
  }
  return range
}
