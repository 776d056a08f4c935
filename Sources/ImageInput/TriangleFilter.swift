/// The weights that resample one axis with a triangle filter, in integers.
///
/// Pixel centers lie at half positions, so output pixel `o` of `m` looks at input position
/// `(o + ½)·n/m` of `n`. When shrinking, the triangle is as wide as two output pixels, so that every
/// input pixel counts (antialiasing, as Pillow's `BILINEAR`); when enlarging, as wide as two input
/// pixels, which is plain bilinear interpolation. Multiplied by `2·m`, the weight of input pixel `i`
/// is an integer: `max(0, 2·max(n, m) − |(2·i + 1)·m − (2·o + 1)·n|)`. Weights that fall outside the
/// image do not count.
struct TriangleFilter {
  /// Fractional bits of a coefficient. With 8-bit samples, sums stay below 2^30.
  static let fractionBits = 22

  /// What one output pixel is made of.
  struct Window {
    /// The first input pixel with a weight.
    var first: Int
    /// Its coefficient's place in `coefficients`; those of the following pixels follow.
    var start: Int
    /// Number of input pixels.
    var count: Int
  }

  /// One for each output pixel wanted.
  private(set) var windows: [Window] = []
  /// Coefficients of all windows, one after the other; each window's are not negative and sum to
  /// exactly 2^`fractionBits`, so that constant images stay constant.
  private(set) var coefficients: [Int32] = []

  /// Makes the windows of the output pixels in `range` when `inputExtent` pixels become
  /// `outputExtent`.
  ///
  /// - Precondition: `1 ≤ inputExtent ≤ 2^16`, `1 ≤ outputExtent ≤ 2^32`, so that 64 bits hold every
  ///   product, and `range` lies within the output.
  init(inputExtent: Int, outputExtent: Int, range: Range<Int>) {
    precondition((1...1 << 16).contains(inputExtent) && (1...1 << 32).contains(outputExtent))
    precondition(range.lowerBound >= 0 && range.upperBound <= outputExtent)
    windows.reserveCapacity(range.count)
    let reach = 2 * max(inputExtent, outputExtent)
    for output in range {
      let center = (2 * output + 1) * inputExtent
      // The weight of pixel i is positive where |(2·i + 1)·m − center| < reach.
      let first = max(0, (center - reach - outputExtent) / (2 * outputExtent))
      let last = min(inputExtent - 1, (center + reach - outputExtent) / (2 * outputExtent))
      let weights = (first...last).map { input in
        max(0, reach - abs((2 * input + 1) * outputExtent - center))
      }
      append(weights, first: first)
    }
  }

  /// Appends the window whose `weights` begin at input pixel `first`.
  private mutating func append(_ weights: [Int], first: Int) {
    let leading = weights.prefix { $0 == 0 }.count
    let trailing = weights.reversed().prefix { $0 == 0 }.count
    let weights = weights[leading..<weights.count - trailing]
    // Rounding running sums instead of single weights keeps the total exact and errors apart.
    let total = weights.reduce(0, +)
    var sum = 0
    var scaledSum = 0
    let scaled = weights.map { weight in
      let scaledBefore = scaledSum
      sum += weight
      scaledSum = (sum << TriangleFilter.fractionBits + total / 2) / total
      return Int32(scaledSum - scaledBefore)
    }
    windows.append(
      Window(first: first + leading, start: coefficients.count, count: scaled.count))
    coefficients += scaled
  }
}
