import CFloatKernels
import Diagnostics
import FloatModel

/// Bilinear resize. (Nearest neighbors only move elements: `GatherKernel`.)
final class LinearResizeKernel: NodeKernel {
  let images: Int64
  let shape: [Int64]
  let vertical: [FloatBlend]
  let horizontal: [FloatBlend]

  /// - Parameter input: `[N, H, W, C]`.
  init(_ resize: FloatResize, batch: Int, input: [Int]) {
    images = Int64(batch * input[0])
    shape = input.map(Int64.init)
    let axes = resize.axes(height: input[1], width: input[2])
    vertical = axes.vertical.linearSources().map(FloatBlend.init)
    horizontal = axes.horizontal.linearSources().map(FloatBlend.init)
  }

  func forward(_ operands: Operands) throws(Diagnostic) {
    float_resize_linear(
      operands.inputs[0], operands.output, images, shape[1], shape[2], shape[3],
      Int64(vertical.count), vertical, Int64(horizontal.count), horizontal)
  }
}

extension FloatBlend {
  init(low: Int, high: Int, highWeight: Float) {
    self.init(
      low: Int64(low), high: Int64(high), low_weight: 1 - highWeight, high_weight: highWeight)
  }
}

extension GatherKernel {
  /// Nearest-neighbor resize of `input` `[N, H, W, C]`.
  convenience init(
    _ resize: FloatResize, rounding: NearestRounding, batch: Int, input: [Int]
  ) {
    let strides = ShapeLimits.strides(of: input)
    let axes = resize.axes(height: input[1], width: input[2])
    self.init(
      batch: batch, input: input,
      axes: [
        (0..<input[0]).map { $0 * strides[0] },
        axes.vertical.nearestSources(rounding).map { $0 * strides[1] },
        axes.horizontal.nearestSources(rounding).map { $0 * strides[2] },
        Array(0..<input[3]),
      ])
  }
}
