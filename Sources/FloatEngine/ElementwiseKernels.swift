import CFloatKernels
import Diagnostics
import FloatModel

/// Activations without an exponential, element by element.
final class ActivationKernel: NodeKernel {
  let activation: FloatActivation
  let count: Int64

  init(_ activation: FloatActivation, count: Int) {
    self.activation = activation
    self.count = Int64(count)
  }

  func forward(_ operands: Operands) throws(Diagnostic) {
    let x = operands.inputs[0]
    let y = operands.output
    switch activation {
    case .clip(let range): float_clip(x, y, count, range.minimum, range.maximum)
    case .leakyRelu(let alpha): float_leaky_relu(x, y, count, alpha)
    case .hardSwish: float_hard_swish(x, y, count)
    case .hardSigmoid(let alpha, let beta): float_hard_sigmoid(x, y, count, alpha, beta)
    case .sigmoid, .tanh: preconditionFailure("\(activation.name) is a primitive")
    }
  }
}

/// Batch normalization as one multiplication and addition per element.
final class BatchNormalizationKernel: NodeKernel {
  let scale: [Float]
  private let shift: [Float]
  let rows: Int64

  /// - Parameters:
  ///   - rows: elements per channel, over the batch.
  ///   - parameters: gamma, beta, mean and variance, `[C]` each.
  init(rows: Int, parameters: [FloatTensor], epsilon: Float) throws(Diagnostic) {
    let (gamma, beta) = (parameters[0].values, parameters[1].values)
    let (mean, variance) = (parameters[2].values, parameters[3].values)
    var scale: [Float] = []
    var shift: [Float] = []
    for channel in gamma.indices {
      let spread = Double(variance[channel]) + Double(epsilon)
      guard spread > 0 else {
        throw Diagnostic(
          problem: "variance \(variance[channel]) of channel \(channel) plus epsilon \(epsilon) "
            + "is not positive")
      }
      let factor = Double(gamma[channel]) / spread.squareRoot()
      scale.append(Float(factor))
      shift.append(Float(Double(beta[channel]) - Double(mean[channel]) * factor))
    }
    self.rows = Int64(rows)
    self.scale = scale
    self.shift = shift
  }

  func forward(_ operands: Operands) throws(Diagnostic) {
    float_scale_shift(
      operands.inputs[0], operands.output, rows, Int64(scale.count), scale, shift)
  }
}

/// Sum, difference, product and PReLU of two broadcast operands.
final class BinaryKernel: NodeKernel {
  let operation: FloatBinary
  private let clamp: ClampRange
  let plan: BroadcastPlan
  let imageStrides: (Int64, Int64)
  let images: Int64

  /// - Parameters:
  ///   - shapes: of the two operands, one image each.
  ///   - isConstant: whether an operand exists once instead of once per image.
  init(
    _ operation: FloatBinary, clamp: ClampRange, batch: Int, shapes: ([Int], [Int]),
    isConstant: (Bool, Bool), output: [Int]
  ) {
    self.operation = operation
    self.clamp = clamp
    self.plan = BroadcastPlan(shapes.0, shapes.1, output: output)
    self.imageStrides = (
      isConstant.0 ? 0 : Int64(shapes.0.reduce(1, *)),
      isConstant.1 ? 0 : Int64(shapes.1.reduce(1, *))
    )
    self.images = Int64(batch)
  }

  func forward(_ operands: Operands) throws(Diagnostic) {
    withOperands(operands.inputs) { a, b in
      float_binary(
        operation, a, b, operands.output, images, Int64(plan.left.rowOffsets.count),
        Int64(plan.rowCount), clamp.minimum, clamp.maximum)
    }
  }

  /// Calls `body` with both operands, their tables included.
  func withOperands(
    _ inputs: [UnsafePointer<Float>], _ body: (FloatOperand, FloatOperand) -> Void
  ) {
    plan.left.rowOffsets.withUnsafeBufferPointer { left in
      plan.right.rowOffsets.withUnsafeBufferPointer { right in
        body(
          FloatOperand(
            values: inputs[0], image_stride: imageStrides.0,
            element_stride: plan.left.elementStride, row_offsets: left.baseAddress),
          FloatOperand(
            values: inputs[1], image_stride: imageStrides.1,
            element_stride: plan.right.elementStride, row_offsets: right.baseAddress))
      }
    }
  }
}
