import Foundation

/// Operators on constants that sum, in double precision.
enum Reductions {
  /// The mean over `axes`, in row-major order of the remaining ones.
  static func mean(_ tensor: FloatTensor, axes: [Int]) -> [Float] {
    let strides = ShapeLimits.strides(of: tensor.shape)
    let kept = tensor.shape.indices.filter { !axes.contains($0) }
    let window = StridedView(
      start: 0, shape: axes.map { tensor.shape[$0] }, strides: axes.map { strides[$0] })
    let count = Double(window.shape.reduce(1, *))
    var means: [Float] = []
    StridedView(
      start: 0, shape: kept.map { tensor.shape[$0] }, strides: kept.map { strides[$0] }
    ).forEachPosition { start in
      var sum = 0.0
      window.forEachPosition { sum += Double(tensor.values[start + $0]) }
      means.append(Float(sum / count))
    }
    return means
  }

  /// e^x over the sum of e^x along `axis`.
  static func softmax(_ tensor: FloatTensor, axis: Int) -> [Float] {
    let extent = tensor.shape[axis]
    let step = ShapeLimits.strides(of: tensor.shape)[axis]
    var result = tensor.values
    for start in tensor.values.indices where start / step % extent == 0 {
      let places = (0..<extent).map { start + $0 * step }
      let greatest = places.map { tensor.values[$0] }.max() ?? 0
      let powers = places.map { exp(Double(tensor.values[$0]) - Double(greatest)) }
      let sum = powers.reduce(0, +)
      for (place, power) in zip(places, powers) { result[place] = Float(power / sum) }
    }
    return result
  }

  /// x · Wᵀ + b, rows of x along its last axis.
  static func fullyConnected(
    _ input: FloatTensor, weights: FloatTensor, bias: FloatTensor?
  ) -> [Float] {
    let (outputs, width) = (weights.shape[0], weights.shape[1])
    var result: [Float] = []
    result.reserveCapacity(input.count / width * outputs)
    for row in 0..<input.count / width {
      for output in 0..<outputs {
        var sum = Double(bias?.values[output] ?? 0)
        for index in 0..<width {
          sum +=
            Double(input.values[row * width + index])
            * Double(weights.values[output * width + index])
        }
        result.append(Float(sum))
      }
    }
    return result
  }
}
