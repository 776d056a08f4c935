import Quantizer
import TestSupport
import Testing

@Suite("Calibrators")
struct CalibratorTests {
  private func range(
    _ kind: CalibratorKind, _ images: [[Float]], form: ThresholdForm = .asymmetric,
    percentile: Double = 99.99
  ) -> ValueRange {
    var calibrator = QuantizationOptions(
      thresholds: form, calibrator: kind, percentile: percentile
    ).makeCalibrator()
    for image in images { image.withUnsafeBufferPointer { calibrator.observe($0) } }
    return calibrator.range()
  }

  @Test("min-max takes the extremes of all images")
  func minMax() {
    #expect(
      range(.minMax, [[1, 2, -3], [0.5, 7], [0]]) == ValueRange(minimum: -3, maximum: 7))
  }

  @Test("extrema are found at every position, whatever the vector width leaves over")
  func extremaPositions() {
    for count in 1...40 {
      for position in 0..<count {
        var values = [Float](repeating: 0.5, count: count)
        values[position] = 9
        let seen = values.withUnsafeBufferPointer { extrema(of: $0) }
        let low: Float = count == 1 ? 9 : 0.5
        #expect(seen == ValueRange(minimum: low, maximum: 9))
      }
    }
  }

  @Test("the moving average forgets a tenth with each image")
  func movingAverage() {
    let seen = range(.movingAverage, [[0, 10], [-1, 20]])
    #expect(abs(seen.minimum - -0.1) < 1e-6)
    #expect(abs(seen.maximum - 11) < 1e-5)
  }

  @Test("a percentile leaves out its share, to the width of a bin")
  func percentile() {
    // 0.001, 0.002, … 1: 98 % kept asymmetrically leaves out 1 % on each side.
    let ramp = (1...1000).map { Float($0) / 1000 }
    let both = ramp + ramp.map { -$0 }
    let asymmetric = range(.percentile, [both], percentile: 98)
    #expect(abs(asymmetric.maximum - 0.98) < 0.002)
    #expect(abs(asymmetric.minimum - -0.98) < 0.002)
    let symmetric = range(.percentile, [both], form: .symmetric, percentile: 98)
    #expect(abs(symmetric.maximum - 0.98) < 0.002)
  }

  @Test("percentile 100 keeps everything")
  func fullPercentile() {
    let values: [Float] = [-1.5, 0, 0.25, 3]
    #expect(
      range(.percentile, [values], percentile: 100) == ValueRange(minimum: -1.5, maximum: 3))
  }

  @Test("the histogram keeps every value when its limit doubles")
  func histogramGrowth() {
    var histogram = StreamingHistogram()
    var generator = SeededGenerator(seed: 4)
    var values: [Float] = []
    for scale in [Float(1), 3, 50, 1000] {
      let image = (0..<1000).map { _ in Float.random(in: -scale...scale, using: &generator) }
      image.withUnsafeBufferPointer { histogram.add($0) }
      values += image
    }
    #expect(histogram.total == UInt64(values.count))
    let width = histogram.binWidth
    for bin in stride(from: 0, to: histogram.counts.count, by: 97) {
      let low = Float(bin - StreamingHistogram.binsPerSide) * width
      let expected = values.count { $0 >= low && $0 < low + width }
      #expect(abs(Int(histogram.counts[bin]) - expected) <= 1)
    }
  }

  @Test("its order does not matter: an outlier first or last gives the same range")
  func orderIndependence() {
    var generator = SeededGenerator(seed: 5)
    let body = (0..<5000).map { _ in Float.random(in: -1...1, using: &generator) }
    for kind in [CalibratorKind.minMax, .percentile, .meanSquaredError, .entropy] {
      let first = range(kind, [[64], body])
      let last = range(kind, [body, [64]])
      #expect(abs(first.maximum - last.maximum) <= 0.1 * first.maximum, "\(kind)")
    }
  }

  @Test("mean squared error clips a lone outlier and keeps a uniform range")
  func meanSquaredError() {
    var generator = SeededGenerator(seed: 6)
    let uniform = (0..<20000).map { _ in Float.random(in: 0...1, using: &generator) }
    #expect(range(.meanSquaredError, [uniform]).maximum > 0.95)
    // One value of 4 among N = 200000 in [0, 1], clipped to T: (4 − T)² + N · (T/255)² / 12 is
    // least at T = 3.184; candidates lie 0.04 apart.
    let many = (0..<200_000).map { _ in Float.random(in: 0...1, using: &generator) }
    #expect(abs(range(.meanSquaredError, [many + [4]]).maximum - 3.184) < 0.05)
  }

  @Test("mean squared error finds each side of an asymmetric range by itself")
  func asymmetricSides() {
    var generator = SeededGenerator(seed: 7)
    let values = (0..<200_000).map { _ in Float.random(in: -1...1, using: &generator) }
    let seen = range(.meanSquaredError, [values + [8]])
    // (8 − T)² + N · ((T + 1)/255)² / 12 is least at T = 6.164; candidates lie 0.08 apart.
    #expect(seen.minimum < -0.95)
    #expect(abs(seen.maximum - 6.164) < 0.1)
  }

  @Test("entropy cuts a long thin tail and keeps a uniform range")
  func entropy() {
    var generator = SeededGenerator(seed: 8)
    let uniform = (0..<50_000).map { _ in Float.random(in: 0.001...1, using: &generator) }
    #expect(range(.entropy, [uniform]).maximum > 0.9)
    let tail: [Float] = [10, 10.5, 11, 12]
    #expect(range(.entropy, [uniform + tail]).maximum < 9)
  }

  @Test("constant zeros give an empty range", arguments: CalibratorKind.allCases)
  func zeros(kind: CalibratorKind) {
    #expect(range(kind, [[0, 0, 0]]) == ValueRange(minimum: 0, maximum: 0))
  }

  @Test("signed data stays signed, unsigned unsigned", arguments: CalibratorKind.allCases)
  func signs(kind: CalibratorKind) {
    var generator = SeededGenerator(seed: 9)
    let unsigned = (0..<1000).map { _ in Float.random(in: 0...5, using: &generator) }
    #expect(range(kind, [unsigned]).minimum >= 0)
    let signed = unsigned.map { $0 - 2 }
    #expect(range(kind, [signed]).minimum < 0)
  }
}
