import CIntegerKernels
import IntegerModel

extension TablePlanner {
  /// Bilinear resize in TFLite's 10-bit fixed point, where sums fit into 32 bits.
  func resizeBilinear(_ operation: Operation, _ parameters: ResizeBilinearParameters) -> TableStep?
  {
    guard kernels.resize_bilinear != nil else { return nil }
    let (image, result) = (x(operation), y(operation))
    func samples(_ axis: Int) -> [BilinearSample] {
      (0..<result.extents[axis]).map {
        BilinearSample($0, of: result.extents[axis], onto: image.extents[axis], parameters)
      }
    }
    let (rows, columns) = (samples(3), samples(4))
    let half: Int64 = 1 << 19
    let (greatest, overflow) = weight(rows).multipliedReportingOverflow(by: weight(columns) * 256)
    guard !overflow, greatest < Int64(Int32.max) - half else { return nil }
    var r = fbq_resize()
    r.input = UnsafePointer(image.byteAddress)
    r.output = result.byteAddress
    r.rows = stored(rows)
    r.columns = stored(columns)
    r.flip = image.flip
    r.rounds_away = arithmetic.rounding == .double ? 1 : 0
    r.shift = 20
    r.batches = Int32(image.extents[2])
    r.input_height = Int32(image.extents[3])
    r.input_width = Int32(image.extents[4])
    r.channels = Int32(image.extents[5])
    r.output_height = Int32(result.extents[3])
    r.output_width = Int32(result.extents[4])
    return step(
      kernels.resize_bilinear, r, units: result.extents[2] * result.extents[3],
      scratch: image.extents[4] * image.extents[5] * MemoryLayout<Int32>.size,
      work: result.extents.count * 4)
  }

  /// The most that two neighbors' codes are multiplied by.
  private func weight(_ samples: [BilinearSample]) -> Int64 {
    samples.reduce(0) { max($0, abs($1.lowerWeight) + abs($1.upperWeight)) }
  }

  private func stored(_ samples: [BilinearSample]) -> UnsafePointer<fbq_resize_sample> {
    let block = memory.allocateUninitialized(
      byteCount: samples.count * MemoryLayout<fbq_resize_sample>.stride)
    let stored = block.bindMemory(to: fbq_resize_sample.self, capacity: samples.count)
    for (index, sample) in samples.enumerated() {
      (stored + index).initialize(
        to: fbq_resize_sample(
          lower: Int32(sample.lower), upper: Int32(sample.upper),
          lower_weight: Int32(truncatingIfNeeded: sample.lowerWeight),
          upper_weight: Int32(truncatingIfNeeded: sample.upperWeight)))
    }
    return UnsafePointer(stored)
  }
}
