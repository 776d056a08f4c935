/// A histogram over [−limit, limit] whose limit doubles when a value lies outside: pairs of bins
/// are merged, nothing is forgotten, and memory stays the same.
package struct StreamingHistogram {
  /// Bins on each side of zero. A quantizer has 128 or 256 codes, so that 4096 bins leave sixteen
  /// and more to a code even just after the limit has doubled.
  package static let binsPerSide = 4096

  /// Counts by bin; bin `binsPerSide` begins at zero.
  package private(set) var counts = [UInt64](repeating: 0, count: 2 * binsPerSide)
  /// Outer edge of the outermost bins; 0 before the first value other than zero.
  package private(set) var limit: Float = 0
  /// Exact extrema of everything seen.
  package private(set) var extent: ValueRange?
  /// Values equal to zero. They are kept apart: zero has a code of its own, so that it never counts
  /// as an error, and after a ReLU it is most of the data.
  package private(set) var zeros: UInt64 = 0

  /// Creates an empty histogram.
  package init() {}

  /// Number of all values.
  package var total: UInt64 { counts.reduce(zeros, +) }
  /// Width of one bin.
  package var binWidth: Float { limit / Float(Self.binsPerSide) }

  /// The middle of a bin.
  package func center(of bin: Int) -> Double {
    (Double(bin - Self.binsPerSide) + 0.5) * Double(limit) / Double(Self.binsPerSide)
  }

  /// Adds `values`, all of them finite.
  package mutating func add(_ values: UnsafeBufferPointer<Float>) {
    guard let range = extrema(of: values) else { return }
    extent = extent?.union(range) ?? range
    let magnitude = max(abs(range.minimum), abs(range.maximum))
    guard magnitude > 0 else {
      zeros += UInt64(values.count)
      return
    }
    if limit == 0 { limit = max(magnitude, Float.leastNormalMagnitude) }
    while magnitude > limit { doubleLimit() }
    let factor = Float(Self.binsPerSide) / limit
    let last = 2 * Self.binsPerSide - 1
    var zeroCount: UInt64 = 0
    counts.withUnsafeMutableBufferPointer { counts in
      for value in values {
        if value == 0 {
          zeroCount += 1
        } else {
          let position = Int((value * factor).rounded(.down)) + Self.binsPerSide
          counts[min(max(position, 0), last)] += 1
        }
      }
    }
    zeros += zeroCount
  }

  /// Merges pairs of bins so that each is twice as wide.
  private mutating func doubleLimit() {
    let half = Self.binsPerSide / 2
    var merged = [UInt64](repeating: 0, count: counts.count)
    for pair in 0..<Self.binsPerSide {
      merged[half + pair] = counts[2 * pair] + counts[2 * pair + 1]
    }
    counts = merged
    limit *= 2
  }
}
