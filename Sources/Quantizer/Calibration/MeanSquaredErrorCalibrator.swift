/// The limits whose 256 codes represent the values seen with the least mean squared error: what
/// clipping the outermost values costs against what a finer step gains.
package struct MeanSquaredErrorCalibrator: Calibrator {
  /// Candidate limits per side: full width down to a hundredth of it.
  private static let candidates = 100

  private let form: ThresholdForm
  private var histogram = StreamingHistogram()

  init(form: ThresholdForm) { self.form = form }

  package mutating func observe(_ values: UnsafeBufferPointer<Float>) { histogram.add(values) }

  package func range() -> ValueRange {
    guard let extent = histogram.extent, histogram.limit > 0 else {
      return ValueRange(minimum: 0, maximum: 0)
    }
    let bins = histogram.occupiedBins()
    let low = min(extent.minimum, 0)
    let high = max(extent.maximum, 0)
    func error(_ range: ValueRange) -> Double {
      Self.squaredError(of: bins, under: ActivationParameters(covering: range, form: form))
    }
    func best(_ make: (Float) -> ValueRange) -> ValueRange {
      var result = make(1)
      var least = error(result)
      for step in 1..<Self.candidates {
        let candidate = make(1 - Float(step) / Float(Self.candidates))
        let candidateError = error(candidate)
        if candidateError < least {
          least = candidateError
          result = candidate
        }
      }
      return result
    }
    guard form == .asymmetric, low < 0, high > 0 else {
      // One limit decides: scale both, which keeps signed ranges signed.
      return best { ValueRange(minimum: low * $0, maximum: high * $0) }
    }
    // Two limits: improve one at a time; two rounds settle in practice.
    var range = ValueRange(minimum: low, maximum: high)
    for _ in 0..<2 {
      range = best { ValueRange(minimum: low * $0, maximum: range.maximum) }
      range = best { ValueRange(minimum: range.minimum, maximum: high * $0) }
    }
    return range
  }

  /// Σ count · (value − value of its code)². Zeros have an exact code and cost nothing.
  static func squaredError(
    of bins: [StreamingHistogram.Bin], under parameters: ActivationParameters
  ) -> Double {
    let scale = Double(parameters.scale)
    let low = scale * Double(-128 - parameters.zeroPoint)
    let high = scale * Double(127 - parameters.zeroPoint)
    var sum = 0.0
    for bin in bins {
      let represented = min(max((bin.center / scale).rounded() * scale, low), high)
      let difference = bin.center - represented
      sum += bin.count * difference * difference
    }
    return sum
  }
}

extension StreamingHistogram {
  /// One bin that holds values.
  struct Bin {
    /// Middle of the bin.
    var center: Double
    /// Number of values in it.
    var count: Double
  }

  /// The bins that hold values, ascending.
  func occupiedBins() -> [Bin] {
    counts.indices.compactMap { index in
      counts[index] == 0 ? nil : Bin(center: center(of: index), count: Double(counts[index]))
    }
  }
}
