import Foundation
import IntegerModel

/// A function of one real with its coefficients, as lookup tables hold it.
public enum RealFunction: Hashable, Sendable {
  /// The value clamped to a range.
  case clip(RealRange)
  /// x < 0 ? alpha · x : x
  case leakyRelu(alpha: Float)
  /// 1 / (1 + e^−x)
  case logistic
  /// tanh x
  case tanh
  /// x · relu6(x + 3) / 6
  case hardSwish
  /// clip(alpha · x + beta, 0, 1)
  case hardSigmoid(alpha: Float, beta: Float)

  /// The value at `x`.
  public func value(at x: Double) -> Double {
    switch self {
    case .clip(let range): min(max(x, Double(range.minimum)), Double(range.maximum))
    case .leakyRelu(let alpha): x < 0 ? Double(alpha) * x : x
    case .logistic: 1 / (1 + exp(-x))
    case .tanh: Foundation.tanh(x)
    case .hardSwish: x * min(max(x / 6 + 0.5, 0), 1)
    case .hardSigmoid(let alpha, let beta): min(max(Double(alpha) * x + Double(beta), 0), 1)
    }
  }

  /// What files call it.
  public var function: UnaryFunction {
    switch self {
    case .clip: .clip
    case .leakyRelu: .leakyRelu
    case .logistic: .logistic
    case .tanh: .tanh
    case .hardSwish: .hardSwish
    case .hardSigmoid: .hardSigmoid
    }
  }

  /// Its coefficients in the order of `LookupParameters.coefficientBits`.
  public var coefficients: [Float] {
    switch self {
    case .clip(let range): [range.minimum, range.maximum]
    case .leakyRelu(let alpha): [alpha]
    case .hardSigmoid(let alpha, let beta): [alpha, beta]
    case .logistic, .tanh, .hardSwish: []
    }
  }

  /// The function that the parameters of a lookup name; `nil` where they name a custom one, or lack
  /// coefficients.
  public init?(_ function: UnaryFunction, coefficients: [Float]) {
    switch (function, coefficients.count) {
    case (.clip, 2):
      self = .clip(RealRange(minimum: coefficients[0], maximum: coefficients[1]))
    case (.leakyRelu, 1): self = .leakyRelu(alpha: coefficients[0])
    case (.logistic, 0): self = .logistic
    case (.tanh, 0): self = .tanh
    case (.hardSwish, 0): self = .hardSwish
    case (.hardSigmoid, 2): self = .hardSigmoid(alpha: coefficients[0], beta: coefficients[1])
    default: return nil
    }
  }
}
