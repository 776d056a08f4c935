import CFloatKernels
import Diagnostics
import FloatModel

/// Passes the gradient on to an input of the same elements in the same order.
final class PassGradient: NodeGradient {
  private let count: Int64

  init(count: Int) { self.count = Int64(count) }

  func backward(_ operands: GradientOperands) throws(Diagnostic) {
    guard let target = operands.targets[0] else { return }
    float_pass_gradient(operands.gradient, target.base, count, target.adds)
  }
}

extension ActivationKernel: NodeGradient {
  func backward(_ operands: GradientOperands) throws(Diagnostic) {
    guard let target = operands.targets[0] else { return }
    let (x, dy, dx) = (operands.inputs[0], operands.gradient, target.base)
    switch activation {
    case .clip(let range) where range.isUnlimited:
      float_pass_gradient(dy, dx, count, target.adds)
    case .clip(let range):
      float_clip_gradient(x, dy, dx, count, range.minimum, range.maximum, target.adds)
    case .leakyRelu(let alpha): float_leaky_relu_gradient(x, dy, dx, count, alpha, target.adds)
    case .hardSwish: float_hard_swish_gradient(x, dy, dx, count, target.adds)
    case .hardSigmoid(let alpha, let beta):
      float_hard_sigmoid_gradient(x, dy, dx, count, alpha, beta, target.adds)
    case .sigmoid, .tanh: preconditionFailure("\(activation.name) is a primitive")
    }
  }
}

/// Sigmoid and tanh. Their values are computed anew, since those stored may have been changed.
final class FunctionGradient: NodeGradient {
  let backwardScratchByteCount: Int
  private let function: FloatFunction
  private let forward: PrimitiveKernel
  private let count: Int

  init(_ function: FloatFunction, forward: PrimitiveKernel, count: Int) {
    self.function = function
    self.forward = forward
    self.count = count
    backwardScratchByteCount = forward.scratchByteCount + 64 + count * MemoryLayout<Float>.stride
  }

  func backward(_ operands: GradientOperands) throws(Diagnostic) {
    guard let target = operands.targets[0] else { return }
    let values = try forward.values(of: operands)
    float_function_gradient(
      function, values, operands.gradient, target.base, Int64(count), target.adds)
  }
}

/// Softmax; its values are computed anew, since those stored may have been changed.
final class SoftmaxGradient: NodeGradient {
  let backwardScratchByteCount: Int
  private let forward: PrimitiveKernel
  private let outer: Int
  private let extent: Int
  private let inner: Int

  init(forward: PrimitiveKernel, axis: Int, batch: Int, shape: [Int]) {
    self.forward = forward
    outer = batch * shape[..<axis].reduce(1, *)
    extent = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
    let byteCount = outer * extent * inner * MemoryLayout<Float>.stride
    backwardScratchByteCount = forward.scratchByteCount + 64 + byteCount
  }

  func backward(_ operands: GradientOperands) throws(Diagnostic) {
    guard let target = operands.targets[0] else { return }
    let values = try forward.values(of: operands)
    float_softmax_gradient(
      values, operands.gradient, target.base, Int64(outer), Int64(extent), Int64(inner),
      target.adds)
  }
}

extension PrimitiveKernel {
  /// The operator's output, computed anew into the working memory behind the primitive's own.
  func values(of operands: GradientOperands) throws(Diagnostic) -> UnsafePointer<Float> {
    let start = (scratchByteCount + 63) / 64 * 64
    let values = (operands.scratch + start).assumingMemoryBound(to: Float.self)
    try forward(
      Operands(inputs: operands.inputs, output: values, scratch: operands.scratch))
    return UnsafePointer(values)
  }
}

extension BatchNormalizationKernel: NodeGradient {
  func backward(_ operands: GradientOperands) throws(Diagnostic) {
    guard let target = operands.targets[0] else { return }
    float_scale_gradient(
      operands.gradient, target.base, rows, Int64(scale.count), scale, target.adds)
  }
}

extension BinaryKernel: NodeGradient {
  func backward(_ operands: GradientOperands) throws(Diagnostic) {
    if let target = operands.targets[0] {
      backward(operands, target, plan.left, isRight: false, imageStride: imageStrides.0)
    }
    if let target = operands.targets[1] {
      backward(operands, target, plan.right, isRight: true, imageStride: imageStrides.1)
    }
  }

  private func backward(
    _ operands: GradientOperands, _ target: GradientTarget, _ side: BroadcastPlan.Side,
    isRight: Bool, imageStride: Int64
  ) {
    // Taken over: the gradient of the sum is that of its first operand.
    if target.base == operands.gradient, !target.adds { return }
    let outputCount = side.rowOffsets.count * plan.rowCount
    let isBroadcast = Int(imageStride) != outputCount
    if isBroadcast { target.clear(count: Int(images) * Int(imageStride)) }
    side.rowOffsets.withUnsafeBufferPointer { offsets in
      let dx = FloatGradientOperand(
        values: target.base, image_stride: imageStride, element_stride: side.elementStride,
        row_offsets: offsets.baseAddress, overwrites: !isBroadcast && !target.adds)
      withOperands(operands.inputs) { a, b in
        float_binary_gradient(
          operation, isRight, a, b, operands.gradient, dx, images,
          Int64(side.rowOffsets.count), Int64(plan.rowCount))
      }
    }
  }
}

extension ClampRange {
  /// Whether it clamps nothing.
  var isUnlimited: Bool { minimum == -.infinity && maximum == .infinity }
}
