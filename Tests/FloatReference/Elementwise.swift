import FloatModel
import Foundation

/// Functions of each element.
enum Elementwise {
  static func apply(_ activation: FloatActivation, _ x: RealTensor) -> RealTensor {
    RealTensor(
      shape: x.shape,
      values: x.values.map { element in
        switch activation {
        case .clip(let range): return clamped(element, range)
        case .leakyRelu(let alpha): return element < 0 ? Double(alpha) * element : element
        case .sigmoid: return 1 / (1 + exp(-element))
        case .tanh: return tanh(element)
        case .hardSwish: return element * min(max(element / 6 + 0.5, 0), 1)
        case .hardSigmoid(let alpha, let beta):
          return min(max(Double(alpha) * element + Double(beta), 0), 1)
        }
      })
  }

  /// NumPy's broadcast: shapes are aligned at their last axes, and an extent of 1 repeats.
  static func combine(
    _ left: RealTensor, _ right: RealTensor, _ function: (Double, Double) -> Double
  ) -> RealTensor {
    let rank = max(left.shape.count, right.shape.count)
    func extended(_ shape: [Int]) -> [Int] {
      Array(repeating: 1, count: rank - shape.count) + shape
    }
    let a = RealTensor(shape: extended(left.shape), values: left.values)
    let b = RealTensor(shape: extended(right.shape), values: right.values)
    return RealTensor(shape: (0..<rank).map { max(a.shape[$0], b.shape[$0]) }) { index in
      function(
        a[index.indices.map { a.shape[$0] == 1 ? 0 : index[$0] }],
        b[index.indices.map { b.shape[$0] == 1 ? 0 : index[$0] }])
    }
  }
}
