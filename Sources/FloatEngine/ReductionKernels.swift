import CFloatKernels
import Diagnostics
import FloatModel

/// Mean over some axes.
final class MeanKernel: NodeKernel {
  let images: Int64
  let imageStride: Int64
  let rowOffsets: [Int64]
  let rowCount: Int64
  let taps: [Int64]

  /// - Parameter input: shape of one image.
  init(batch: Int, input: [Int], axes: [Int]) {
    images = Int64(batch)
    imageStride = Int64(input.reduce(1, *))
    let strides = ShapeLimits.strides(of: input)
    // Kept axes behind the last reduced one are contiguous: they make the row.
    let lastReduced = axes.last ?? -1
    rowCount = Int64(input[(lastReduced + 1)...].reduce(1, *))
    let outer = (0...max(lastReduced, 0)).filter { $0 <= lastReduced && !axes.contains($0) }
    rowOffsets = OffsetTable.rowMajor(
      extents: outer.map { input[$0] }, strides: outer.map { strides[$0] })
    taps = OffsetTable.rowMajor(
      extents: axes.map { input[$0] }, strides: axes.map { strides[$0] })
  }

  func forward(_ operands: Operands) throws(Diagnostic) {
    float_mean(
      operands.inputs[0], operands.output, images, imageStride, Int64(rowOffsets.count),
      rowOffsets, rowCount, Int64(taps.count), taps)
  }
}

/// Inputs side by side along one axis.
final class ConcatenationKernel: NodeKernel {
  let rows: Int64
  /// Elements that each input contributes to a row of the output.
  let widths: [Int64]
  let outputWidth: Int64

  /// - Parameter inputs: shapes of one image.
  init(batch: Int, inputs: [[Int]], axis: Int) {
    rows = Int64(batch * inputs[0][..<axis].reduce(1, *))
    widths = inputs.map { Int64($0[axis...].reduce(1, *)) }
    outputWidth = widths.reduce(0, +)
  }

  func forward(_ operands: Operands) throws(Diagnostic) {
    var output = operands.output
    for (input, width) in zip(operands.inputs, widths) {
      float_copy_rows(input, width, output, outputWidth, rows, width)
      output += Int(width)
    }
  }
}
