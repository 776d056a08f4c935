import FloatModel
import Foundation

/// Functions of each element.
enum Elementwise {
  static func apply(_ activation: FloatActivation, _ x: FloatTensor) -> FloatTensor {
    FloatTensor(
      shape: x.shape,
      values: x.values.map { element in
        let real = Double(element)
        switch activation {
        case .clip(let range): return clamped(element, range)
        case .leakyRelu(let alpha): return element < 0 ? Float(Double(alpha) * real) : element
        case .sigmoid: return Float(1 / (1 + exp(-real)))
        case .tanh: return Float(tanh(real))
        case .hardSwish: return Float(real * min(max(real / 6 + 0.5, 0), 1))
        case .hardSigmoid(let alpha, let beta):
          return Float(min(max(Double(alpha) * real + Double(beta), 0), 1))
        }
      })
  }

  /// NumPy's broadcast: shapes are aligned at their last axes, and an extent of 1 repeats.
  static func combine(
    _ left: FloatTensor, _ right: FloatTensor, _ function: (Float, Float) -> Float
  ) -> FloatTensor {
    let rank = max(left.shape.count, right.shape.count)
    func extended(_ shape: [Int]) -> [Int] {
      Array(repeating: 1, count: rank - shape.count) + shape
    }
    let a = FloatTensor(shape: extended(left.shape), values: left.values)
    let b = FloatTensor(shape: extended(right.shape), values: right.values)
    return FloatTensor(shape: (0..<rank).map { max(a.shape[$0], b.shape[$0]) }) { index in
      function(
        a[index.indices.map { a.shape[$0] == 1 ? 0 : index[$0] }],
        b[index.indices.map { b.shape[$0] == 1 ? 0 : index[$0] }])
    }
  }
}
