import CFloatKernels
import Diagnostics

/// Rounds the weights of filters so that their errors make up for one another on inputs that go
/// together (Frantar et al. 2022, "GPTQ"; Babai 1986 for the order of rounding).
///
/// With H the second moments of what the K weights w are multiplied with, the energy of a filter's
/// error is (w − ŵ)ᵀ H (w − ŵ).
public struct CompensatedRounding: Sendable {
  /// Number of weights K.
  public let count: Int
  /// Position of each weight in the order of rounding, the last first.
  private let order: [Int]
  /// L of H = L · Lᵀ, `[K, K]`, in that order.
  private let factor: [Float]

  /// Prepares rounding for one matrix of moments.
  ///
  /// - Parameters:
  ///   - moments: H, `[K, K]`.
  ///   - damping: what is added to the diagonal, as a share of its mean: 0.01 keeps moments that few
  ///     samples were seen of from moving weights far.
  /// - Returns: `nil` where H is 0 or not positive definite.
  public init?(moments: [Double], count: Int, damping: Double) {
    let mean = (0..<count).reduce(0) { $0 + moments[$1 * count + $1] } / Double(max(count, 1))
    guard mean > 0, mean.isFinite else { return nil }
    // What matters most is rounded first, while there are others to make up for it.
    order = (0..<count).sorted {
      (moments[$0 * count + $0], $0) < (moments[$1 * count + $1], $1)
    }
    self.count = count
    var matrix = [Double](repeating: 0, count: count * count)
    for (row, i) in order.enumerated() {
      for (column, j) in order.enumerated() {
        matrix[row * count + column] = moments[i * count + j]
      }
      matrix[row * count + row] += damping * mean
    }
    guard let factor = Self.factor(of: matrix, count: count) else { return nil }
    self.factor = factor
  }

  /// L of `matrix` = L · Lᵀ, `[count, count]`; `nil` where it is not positive definite.
  static func factor(of matrix: [Double], count: Int) -> [Float]? {
    var matrix = matrix
    var factor = [Float](repeating: 0, count: count * count)
    let isPositive = matrix.withUnsafeMutableBufferPointer { matrix in
      factor.withUnsafeMutableBufferPointer { factor in
        guard let source = matrix.baseAddress, let target = factor.baseAddress else { return false }
        return float_cholesky(source, target, Int64(count))
      }
    }
    return isPositive ? factor : nil
  }

  /// The codes of `weights`, K of them, in −127…127, and the energy of their error, damping included.
  public func codes(
    of weights: UnsafeBufferPointer<Float>, scale: Float
  ) -> (codes: [Int8], error: Double) {
    let sorted = order.map { weights[$0] }
    var rounded = [Int8](repeating: 0, count: count)
    let error = withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { pull in
      float_compensated_round(
        sorted, factor, pull.baseAddress.unsafelyUnwrapped, &rounded, Int64(count), scale)
    }
    var codes = rounded
    for (position, weight) in order.enumerated() { codes[weight] = rounded[position] }
    return (codes, error)
  }

  /// Adds `first`ᵀ · `second` of two matrices `[…, columns]` to `sums`, `[columns, columns]`.
  ///
  /// - Throws: what oneDNN reports.
  public static func addProducts(
    of first: UnsafeBufferPointer<Float>, with second: UnsafeBufferPointer<Float>, columns: Int,
    to sums: UnsafeMutableBufferPointer<Float>
  ) throws(Diagnostic) {
    guard let left = first.baseAddress, let right = second.baseAddress,
      let target = sums.baseAddress
    else { return }
    try PrimitiveKernel.check(
      float_matrix_weights_gradient(
        right, left, target, Int64(second.count / columns), Int64(columns), Int64(columns), true))
  }

  /// Adds, for each channel c of `rows`, `[…, taps, channels]`, the products of each two taps to
  /// `sums`, `[taps, taps, channels]`.
  public static func addTapProducts(
    of rows: UnsafeBufferPointer<Float>, channels: Int, to sums: UnsafeMutableBufferPointer<Float>
  ) {
    guard let source = rows.baseAddress, let target = sums.baseAddress else { return }
    let taps = Int(Double(sums.count / channels).squareRoot().rounded())
    float_tap_products(
      source, target, Int64(rows.count / (taps * channels)), Int64(taps), Int64(channels))
  }
}
