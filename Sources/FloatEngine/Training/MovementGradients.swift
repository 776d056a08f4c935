import CFloatKernels
import Diagnostics
import FloatModel

extension GatherKernel: NodeGradient {
  func backward(_ operands: GradientOperands) throws(Diagnostic) {
    guard let target = operands.targets[0] else { return }
    target.clear(count: Int(images * imageStride))
    float_scatter(
      operands.gradient, target.base, images, imageStride, Int64(rowOffsets.count), rowOffsets,
      rowCount, elementOffsets)
  }
}

extension ConcatenationKernel: NodeGradient {
  func backward(_ operands: GradientOperands) throws(Diagnostic) {
    var gradient = UnsafePointer(operands.gradient)
    for (target, width) in zip(operands.targets, widths) {
      if let target {
        float_copy_rows_gradient(
          gradient, outputWidth, target.base, width, rows, width, target.adds)
      }
      gradient += Int(width)
    }
  }
}

extension MeanKernel: NodeGradient {
  func backward(_ operands: GradientOperands) throws(Diagnostic) {
    guard let target = operands.targets[0] else { return }
    float_mean_gradient(
      operands.gradient, target.base, images, imageStride, Int64(rowOffsets.count), rowOffsets,
      rowCount, Int64(taps.count), taps, target.adds)
  }
}

extension LinearResizeKernel: NodeGradient {
  func backward(_ operands: GradientOperands) throws(Diagnostic) {
    guard let target = operands.targets[0] else { return }
    target.clear(count: Int(images * shape[1] * shape[2] * shape[3]))
    float_resize_linear_gradient(
      operands.gradient, target.base, images, shape[1], shape[2], shape[3],
      Int64(vertical.count), vertical, Int64(horizontal.count), horizontal)
  }
}

/// Backward pass of a maximum or average pool. Where several taps are greatest, the first in
/// row-major order of the window gets the gradient.
final class PoolGradient: NodeGradient {
  private var window: FloatWindow
  private let isMaximum: Bool

  init(
    pool: FloatPool, isMaximum: Bool, batch: Int, input: [Int], output: [Int]
  ) throws(Diagnostic) {
    window = try FloatWindow(pool: pool, batch: batch, input: input, output: output)
    self.isMaximum = isMaximum
  }

  func backward(_ operands: GradientOperands) throws(Diagnostic) {
    guard let target = operands.targets[0] else { return }
    target.clear(
      count: Int(
        window.images * window.input_height * window.input_width * window.input_channels))
    if isMaximum {
      float_max_pool_gradient(operands.inputs[0], operands.gradient, target.base, &window)
    } else {
      float_average_pool_gradient(operands.gradient, target.base, &window)
    }
  }
}
