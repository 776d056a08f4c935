import FloatModel
import Foundation

/// Each operation as its definition reads, element by element in double precision: slow, and
/// written without a look at the engine.
enum NaiveOperators {
  static func evaluate(
    _ operation: FloatOperation, _ inputs: [FloatTensor], output shape: [Int]
  ) -> FloatTensor {
    let x = inputs[0]
    switch operation {
    case .convolution(let convolution):
      return convolve(convolution, inputs, shape)
    case .fullyConnected(let clamp):
      return tensor(shape) { index in
        var sum = inputs.count > 2 ? inputs[2][[index[index.count - 1]]] : 0
        for i in 0..<inputs[1].shape[1] {
          sum += x[Array(index.dropLast()) + [i]] * inputs[1][[index[index.count - 1], i]]
        }
        return clamp.apply(sum)
      }
    case .batchNormalization(let epsilon):
      return tensor(shape) { index in
        let c = [index[index.count - 1]]
        let centered = x[index] - inputs[3][c]
        return centered / (inputs[4][c] + Double(epsilon)).squareRoot() * inputs[1][c]
          + inputs[2][c]
      }
    case .activation(let activation):
      return tensor(shape) { activation.apply(x[$0]) }
    case .prelu:
      return tensor(shape) { index in
        x[index] < 0 ? x[index] * inputs[1][broadcast: index] : x[index]
      }
    case .add(let clamp):
      return tensor(shape) { clamp.apply(x[broadcast: $0] + inputs[1][broadcast: $0]) }
    case .subtract(let clamp):
      return tensor(shape) { clamp.apply(x[broadcast: $0] - inputs[1][broadcast: $0]) }
    case .multiply(let clamp):
      return tensor(shape) { clamp.apply(x[broadcast: $0] * inputs[1][broadcast: $0]) }
    case .concatenation(let axis):
      return tensor(shape) { index in
        var index = index
        for input in inputs {
          if index[axis] < input.shape[axis] { return input[index] }
          index[axis] -= input.shape[axis]
        }
        return .nan
      }
    case .maxPool(let pool):
      return tensor(shape) { taps(of: pool, x, $0).max() ?? .nan }
    case .averagePool(let pool):
      return tensor(shape) { index in
        let values = taps(of: pool, x, index)
        return values.reduce(0, +) / Double(values.count)
      }
    case .mean(let axes, let keepsDimensions):
      return mean(x, axes, keepsDimensions, shape)
    case .softmax(let axis):
      return tensor(shape) { index in
        let line = (0..<x.shape[axis]).map { x[index.replacing(axis, $0)] }
        let greatest = line.max() ?? 0
        return exp(x[index] - greatest) / line.map { exp($0 - greatest) }.reduce(0, +)
      }
    case .pad(let before, _, let mode):
      return tensor(shape) { index in pad(x, zip(index, before).map { $0 - $1 }, mode) }
    case .reshape, .identity:
      return FloatTensor(shape: shape, values: x.values)
    case .transpose(let permutation):
      return tensor(shape) { index in
        var source = index
        for (axis, from) in permutation.enumerated() { source[from] = index[axis] }
        return x[source]
      }
    case .resize(let resize):
      return tensor(shape) { self.resize(resize, x, $0) }
    case .slice(let begin, _, let strides):
      return tensor(shape) { index in
        x[index.indices.map { begin[$0] + index[$0] * strides[$0] }]
      }
    }
  }

  private static func tensor(_ shape: [Int], _ element: ([Int]) -> Double) -> FloatTensor {
    FloatTensor(shape: shape, values: indices(of: shape).map { Float(element($0)) })
  }

  /// All indices of a shape in row-major order.
  private static func indices(of shape: [Int]) -> [[Int]] {
    shape.reduce([[]]) { prefixes, extent in
      prefixes.flatMap { prefix in (0..<extent).map { prefix + [$0] } }
    }
  }

  private static func convolve(
    _ convolution: FloatConvolution, _ inputs: [FloatTensor], _ shape: [Int]
  ) -> FloatTensor {
    let (x, weights) = (inputs[0], inputs[1])
    let depth = weights.shape[3]
    let perGroup = shape[3] / convolution.groups
    return tensor(shape) { index in
      let (n, oh, ow, o) = (index[0], index[1], index[2], index[3])
      var sum = inputs.count > 2 ? inputs[2][[o]] : 0
      for kh in 0..<weights.shape[1] {
        for kw in 0..<weights.shape[2] {
          let h =
            oh * convolution.stride.height + kh * convolution.dilation.height
            - convolution.padding.top
          let w =
            ow * convolution.stride.width + kw * convolution.dilation.width
            - convolution.padding.left
          guard (0..<x.shape[1]).contains(h), (0..<x.shape[2]).contains(w) else { continue }
          for c in 0..<depth {
            sum += x[[n, h, w, o / perGroup * depth + c]] * weights[[o, kh, kw, c]]
          }
        }
      }
      return convolution.clamp.apply(sum)
    }
  }

  private static func taps(of pool: FloatPool, _ x: FloatTensor, _ index: [Int]) -> [Double] {
    var values: [Double] = []
    for kh in 0..<pool.window.height {
      for kw in 0..<pool.window.width {
        let h = index[1] * pool.stride.height + kh - pool.padding.top
        let w = index[2] * pool.stride.width + kw - pool.padding.left
        if (0..<x.shape[1]).contains(h), (0..<x.shape[2]).contains(w) {
          values.append(x[[index[0], h, w, index[3]]])
        }
      }
    }
    return values
  }

  private static func mean(
    _ x: FloatTensor, _ axes: [Int], _ keepsDimensions: Bool, _ shape: [Int]
  ) -> FloatTensor {
    let reduced = axes.map { x.shape[$0] }
    return tensor(shape) { index in
      var kept = index[...]
      let base = x.shape.indices.map { axis in
        if axes.contains(axis) {
          if keepsDimensions { kept.removeFirst() }
          return 0
        }
        return kept.removeFirst()
      }
      var sum = 0.0
      for tap in indices(of: reduced) {
        var source = base
        for (axis, position) in zip(axes, tap) { source[axis] = position }
        sum += x[source]
      }
      return sum / Double(reduced.reduce(1, *))
    }
  }

  private static func pad(_ x: FloatTensor, _ index: [Int], _ mode: FloatPadMode) -> Double {
    var source = index
    for axis in index.indices where !(0..<x.shape[axis]).contains(index[axis]) {
      let last = x.shape[axis] - 1
      switch mode {
      case .constant(let value): return Double(value)
      case .edge: source[axis] = index[axis] < 0 ? 0 : last
      case .reflect: source[axis] = index[axis] < 0 ? -index[axis] : last - (index[axis] - last)
      }
    }
    return x[source]
  }

  private static func resize(_ resize: FloatResize, _ x: FloatTensor, _ index: [Int]) -> Double {
    let vertical = position(
      index[1], x.shape[1], resize.size.height, Double(resize.verticalScale), resize.mapping)
    let horizontal = position(
      index[2], x.shape[2], resize.size.width, Double(resize.horizontalScale), resize.mapping)
    func element(_ h: Double, _ w: Double) -> Double {
      let row = Int(min(max(h, 0), Double(x.shape[1] - 1)))
      let column = Int(min(max(w, 0), Double(x.shape[2] - 1)))
      return x[[index[0], row, column, index[3]]]
    }
    switch resize.interpolation {
    case .nearest(let rounding):
      return element(rounding.apply(vertical), rounding.apply(horizontal))
    case .linear:
      let (top, left) = (vertical.rounded(.down), horizontal.rounded(.down))
      let (down, right) = (vertical - top, horizontal - left)
      return (1 - down) * (1 - right) * element(top, left)
        + (1 - down) * right * element(top, left + 1)
        + down * (1 - right) * element(top + 1, left)
        + down * right * element(top + 1, left + 1)
    }
  }

  private static func position(
    _ index: Int, _ input: Int, _ output: Int, _ scale: Double, _ mapping: CoordinateMapping
  ) -> Double {
    let index = Double(index)
    switch mapping {
    case .halfPixel: return (index + 0.5) / scale - 0.5
    case .pytorchHalfPixel: return output > 1 ? (index + 0.5) / scale - 0.5 : 0
    case .alignCorners: return output > 1 ? index * Double(input - 1) / Double(output - 1) : 0
    case .asymmetric: return index / scale
    }
  }
}

extension NearestRounding {
  fileprivate func apply(_ position: Double) -> Double {
    switch self {
    case .roundPreferFloor: (position - 0.5).rounded(.up)
    case .roundPreferCeil: (position + 0.5).rounded(.down)
    case .floor: position.rounded(.down)
    case .ceil: position.rounded(.up)
    }
  }
}

extension ClampRange {
  fileprivate func apply(_ x: Double) -> Double { min(max(x, Double(minimum)), Double(maximum)) }
}

extension FloatActivation {
  fileprivate func apply(_ x: Double) -> Double {
    switch self {
    case .clip(let range): range.apply(x)
    case .leakyRelu(let alpha): x < 0 ? Double(alpha) * x : x
    case .sigmoid: 1 / (1 + exp(-x))
    case .tanh: Foundation.tanh(x)
    case .hardSwish: x * min(max(x / 6 + 0.5, 0), 1)
    case .hardSigmoid(let alpha, let beta): min(max(Double(alpha) * x + Double(beta), 0), 1)
    }
  }
}

extension FloatTensor {
  fileprivate subscript(index: [Int]) -> Double {
    Double(values[zip(shape, index).reduce(0) { $0 * $1.0 + $1.1 }])
  }

  /// The element that NumPy's rule broadcasts to `index`.
  fileprivate subscript(broadcast index: [Int]) -> Double {
    self[zip(shape, index.suffix(shape.count)).map { $0 == 1 ? 0 : $1 }]
  }
}

extension [Int] {
  fileprivate func replacing(_ axis: Int, _ value: Int) -> [Int] {
    var copy = self
    copy[axis] = value
    return copy
  }
}
