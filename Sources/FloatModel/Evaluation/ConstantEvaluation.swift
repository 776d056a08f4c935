import Foundation

extension FloatOperation {
  /// Most multiplications that ``evaluated(_:outputShape:)`` carries out.
  static let greatestWork = 1 << 28

  /// What this operation gives for constant inputs that fit it, or `nil` where that would take
  /// more than ``greatestWork``.
  package func evaluated(_ inputs: [FloatTensor], outputShape: [Int]) -> FloatTensor? {
    func tensor(_ values: [Float]) -> FloatTensor {
      FloatTensor(shape: outputShape, values: values)
    }
    let first = inputs[0]
    switch self {
    case .identity, .reshape:
      return tensor(first.values)
    case .transpose(let permutation):
      return first.transposed(by: permutation)
    case .slice(let begin, _, let strides):
      let steps = ShapeLimits.strides(of: first.shape)
      return tensor(
        StridedView(
          start: zip(begin, steps).map { $0 * $1 }.reduce(0, +), shape: outputShape,
          strides: zip(strides, steps).map { $0 * $1 }
        ).elements(of: first.values))
    case .concatenation(let axis):
      return DataMovement.concatenate(inputs, axis: axis, shape: outputShape)
    case .pad(let before, _, let mode):
      return DataMovement.pad(first, before: before, mode: mode, shape: outputShape)
    case .activation(let activation):
      return tensor(first.values.map { activation.evaluated($0) })
    case .prelu:
      return combine(inputs, outputShape) { $0 < 0 ? $0 * $1 : $0 }
    case .add(let clamp):
      return combine(inputs, outputShape) { clamp.applied(to: $0 + $1) }
    case .subtract(let clamp):
      return combine(inputs, outputShape) { clamp.applied(to: $0 - $1) }
    case .multiply(let clamp):
      return combine(inputs, outputShape) { clamp.applied(to: $0 * $1) }
    case .batchNormalization(let epsilon):
      let channels = inputs[1].count
      return tensor(
        first.values.enumerated().map { index, element in
          let channel = index % channels
          let spread = (Double(inputs[4].values[channel]) + Double(epsilon)).squareRoot()
          let centered = Double(element) - Double(inputs[3].values[channel])
          return Float(
            centered / spread * Double(inputs[1].values[channel])
              + Double(inputs[2].values[channel]))
        })
    case .mean(let axes, _):
      return tensor(Reductions.mean(first, axes: axes))
    case .softmax(let axis):
      return tensor(Reductions.softmax(first, axis: axis))
    case .fullyConnected(let clamp):
      let work = outputShape.reduce(1, *).multipliedReportingOverflow(by: inputs[1].shape[1])
      guard !work.overflow, work.partialValue <= Self.greatestWork else { return nil }
      return tensor(
        Reductions.fullyConnected(first, weights: inputs[1], bias: inputs.dropFirst(2).first)
          .map { clamp.applied(to: $0) })
    case .convolution, .maxPool, .averagePool, .resize:
      // No exporter leaves windows over constants; such a node stays and is run like any other.
      return nil
    }
  }

  private func combine(
    _ inputs: [FloatTensor], _ shape: [Int], _ function: (Float, Float) -> Float
  ) -> FloatTensor {
    let left = StridedView.broadcast(inputs[0].shape, to: shape).elements(of: inputs[0].values)
    let right = StridedView.broadcast(inputs[1].shape, to: shape).elements(of: inputs[1].values)
    return FloatTensor(shape: shape, values: zip(left, right).map(function))
  }
}

extension ClampRange {
  /// `value` held within the limits.
  public func applied(to value: Float) -> Float { min(max(value, minimum), maximum) }
}

extension FloatActivation {
  /// The function of one element, computed in double precision.
  public func evaluated(_ element: Float) -> Float {
    let x = Double(element)
    switch self {
    case .clip(let range): return range.applied(to: element)
    case .leakyRelu(let alpha): return element < 0 ? alpha * element : element
    case .sigmoid: return Float(1 / (1 + exp(-x)))
    case .tanh: return Float(Foundation.tanh(x))
    case .hardSwish: return Float(x * min(max(x / 6 + 0.5, 0), 1))
    case .hardSigmoid(let alpha, let beta):
      return Float(min(max(Double(alpha) * x + Double(beta), 0), 1))
    }
  }
}
