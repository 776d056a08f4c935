/// An exponential moving average of each image's least and greatest value, so that one unusual
/// image does not set the range (Jacob et al. 2018, section 3.1).
package struct MovingAverageCalibrator: Calibrator {
  /// Weight of the past. 0.9 remembers about the last ten images, which suits the hundred images
  /// that a calibration usually has; the 0.99 and more of training would keep the first image.
  static let memory: Float = 0.9

  private var average: ValueRange?

  package mutating func observe(_ values: UnsafeBufferPointer<Float>) {
    guard let range = extrema(of: values) else { return }
    guard let past = average else {
      average = range
      return
    }
    average = ValueRange(
      minimum: Self.memory * past.minimum + (1 - Self.memory) * range.minimum,
      maximum: Self.memory * past.maximum + (1 - Self.memory) * range.maximum)
  }

  package func range() -> ValueRange { average ?? ValueRange(minimum: 0, maximum: 0) }
}
