import Foundation

/// The limits whose codes lose the least information: the Kullback–Leibler divergence between the
/// distribution of the values, with everything outside the limits moved to their edge, and the same
/// distribution as the codes can represent it (Migacz, "8-bit inference with TensorRT", 2017).
///
/// Candidates shrink both limits by the same factor. Zeros are left out: they have an exact code
/// under every candidate, and after a ReLU would drown everything else.
package struct EntropyCalibrator: Calibrator {
  /// Number of candidate factors, evenly spaced.
  private static let candidates = 128
  /// The least candidate factor. Below it a code would span less than one bin, so that the
  /// histogram could no longer tell what the codes lose.
  private static let leastFactor: Float = 1 / 8

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
    var result = ValueRange(minimum: low, maximum: high)
    var least = Double.infinity
    for step in 0..<Self.candidates {
      let factor = 1 - (1 - Self.leastFactor) * Float(step) / Float(Self.candidates)
      let candidate = ValueRange(minimum: low * factor, maximum: high * factor)
      let divergence = Self.divergence(
        of: bins, under: ActivationParameters(covering: candidate, form: form))
      if divergence < least {
        least = divergence
        result = candidate
      }
    }
    return result
  }

  /// KL(P ‖ Q): P the bins with outliers moved into the outermost bin inside the limits, Q the bins
  /// inside the limits with the mass of each code spread evenly over its occupied bins.
  static func divergence(
    of bins: [StreamingHistogram.Bin], under parameters: ActivationParameters
  ) -> Double {
    let scale = Double(parameters.scale)
    let zeroPoint = Double(parameters.zeroPoint)
    let low = (-128 - zeroPoint - 0.5) * scale
    let high = (127 - zeroPoint + 0.5) * scale
    guard let first = bins.firstIndex(where: { $0.center >= low }),
      let last = bins.lastIndex(where: { $0.center <= high }), first <= last
    else { return .infinity }
    var mass = bins[first...last].map(\.count)
    let inside = mass
    mass[0] += bins[..<first].reduce(0) { $0 + $1.count }
    mass[mass.count - 1] += bins[(last + 1)...].reduce(0) { $0 + $1.count }

    var codeMass = [Double](repeating: 0, count: 256)
    var codeBins = [Double](repeating: 0, count: 256)
    func code(_ index: Int) -> Int {
      let quotient = (bins[first + index].center / scale).rounded() + zeroPoint
      return Int(min(max(quotient, -128), 127)) + 128
    }
    for index in inside.indices {
      codeMass[code(index)] += inside[index]
      codeBins[code(index)] += 1
    }
    let total = mass.reduce(0, +)
    let insideTotal = inside.reduce(0, +)
    var sum = 0.0
    for index in mass.indices {
      let p = mass[index] / total
      let q = codeMass[code(index)] / codeBins[code(index)] / insideTotal
      sum += p * log(p / q)
    }
    return sum
  }
}
