/// The codes of one tensor for all samples, as bytes.
///
/// Sendable although mutable: the threads of a parallel loop each write samples of their own.
final class SampleCodes: @unchecked Sendable {
  /// Bytes per sample.
  let byteCount: Int
  private let base: UnsafeMutablePointer<Int8>

  /// Room for `samples` samples of `byteCount` bytes each, all 0.
  init(samples: Int, byteCount: Int) {
    self.byteCount = byteCount
    base = UnsafeMutablePointer.allocate(capacity: max(1, samples * byteCount))
    base.initialize(repeating: 0, count: samples * byteCount)
  }

  deinit { base.deallocate() }

  /// The bytes of one sample, its codes if they are int8; valid as long as the object lives.
  func sample(_ index: Int) -> UnsafeMutableBufferPointer<Int8> {
    UnsafeMutableBufferPointer(start: base + index * byteCount, count: byteCount)
  }
}
