import CFloatKernels
import Diagnostics

/// Float memory, zero at first, 64-byte aligned, freed with its owner.
final class AlignedBuffer {
  let base: UnsafeMutablePointer<Float>
  let count: Int

  /// - Parameter purpose: what the memory is for, as the error says it.
  init(count: Int, purpose: String) throws(Diagnostic) {
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    guard !overflow, let memory = float_memory_create(byteCount) else {
      throw Diagnostic(
        problem: "there is no memory for \(count) float values of \(purpose)",
        remedy: "use a smaller batch")
    }
    self.base = memory.bindMemory(to: Float.self, capacity: max(count, 1))
    self.count = count
  }

  var byteCount: Int { count * MemoryLayout<Float>.stride }

  deinit { float_memory_destroy(base) }
}
