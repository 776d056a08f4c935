/// The codes of one int8 tensor for all samples.
///
/// Sendable although mutable: the threads of a parallel loop each write samples of their own.
final class SampleCodes: @unchecked Sendable {
  /// Elements per sample.
  let elementCount: Int
  private let base: UnsafeMutablePointer<Int8>

  /// Room for `samples` samples of `elementCount` codes each, all 0.
  init(samples: Int, elementCount: Int) {
    self.elementCount = elementCount
    base = UnsafeMutablePointer.allocate(capacity: max(1, samples * elementCount))
    base.initialize(repeating: 0, count: samples * elementCount)
  }

  deinit { base.deallocate() }

  /// The codes of one sample, valid as long as the object lives.
  func sample(_ index: Int) -> UnsafeMutableBufferPointer<Int8> {
    UnsafeMutableBufferPointer(start: base + index * elementCount, count: elementCount)
  }
}
