import CFloatKernels

/// Weights that make as much as possible of what they should be multiplied with out of what they are:
/// with inputs q in place of x, w + w · E[(x − q) qᵀ] · (E[q qᵀ] + λ)⁻¹ is the least squares solution
/// of w · x, regularized so that it stays at w where q tells little.
public struct InputRegression: Sendable {
  /// Number of inputs K.
  public let count: Int
  /// L of E[q qᵀ] + λ = L · Lᵀ, `[K, K]`.
  private let factor: [Float]
  /// E[(x − q) qᵀ], `[K, K]`.
  private let cross: [Float]

  /// Prepares the solution for any number of rows of weights.
  ///
  /// - Parameters:
  ///   - moments: E[q qᵀ], `[K, K]`, symmetric.
  ///   - cross: E[(x − q) qᵀ], `[K, K]`.
  ///   - damping: λ, as a share of the mean of the moments' diagonal.
  /// - Returns: `nil` where the moments are 0 or not positive definite.
  public init?(moments: [Double], cross: [Double], count: Int, damping: Double) {
    let mean = (0..<count).reduce(0) { $0 + moments[$1 * count + $1] } / Double(max(count, 1))
    guard mean > 0, mean.isFinite else { return nil }
    var matrix = moments
    for index in 0..<count { matrix[index * count + index] += damping * mean }
    guard let factor = CompensatedRounding.factor(of: matrix, count: count) else { return nil }
    self.count = count
    self.factor = factor
    self.cross = cross.map { Float($0) }
  }

  /// The solution for the K weights of one row.
  public func adapted(_ weights: ArraySlice<Float>) -> [Float] {
    var result = [Float](repeating: 0, count: count)
    weights.withUnsafeBufferPointer { row in
      result.withUnsafeMutableBufferPointer { result in
        guard let source = row.baseAddress, let target = result.baseAddress else { return }
        float_regress(source, cross, factor, target, Int64(count))
        for index in 0..<count { target[index] += source[index] }
      }
    }
    return result
  }
}
