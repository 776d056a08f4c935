/// The least and the greatest value of all images (paper eq. 6).
package struct MinMaxCalibrator: Calibrator {
  private var seen: ValueRange?

  package mutating func observe(_ values: UnsafeBufferPointer<Float>) {
    guard let range = extrema(of: values) else { return }
    seen = seen?.union(range) ?? range
  }

  package func range() -> ValueRange { seen ?? ValueRange(minimum: 0, maximum: 0) }
}
