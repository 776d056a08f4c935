import CIntegerKernels

/// Memory that planning fills and running reads: arena, packed weights, aligned biases, scratch.
///
/// Blocks live as long as this object and are freed together. Those of a large model lie one after the
/// other in a reserve, which the system maps much faster than as many blocks of the heap; what does not
/// fit there, and everything of small models, lies in the heap.
package final class PreparedMemory {
  private let reserve: UnsafeMutableRawPointer?
  private let reserveByteCount: Int
  private var reservedByteCount = 0
  private var blocks: [UnsafeMutableRawPointer] = []

  /// Prepares for blocks of `expected` bytes together, and of `limit` bytes at most: neither binds.
  package init(expecting expected: Int = 0, limit: Int = 0) {
    reserveByteCount = limit
    reserve = fbq_memory_reserve(limit, expected)
  }

  deinit {
    for block in blocks { block.deallocate() }
    if let reserve { fbq_memory_release(reserve, reserveByteCount) }
  }

  /// `byteCount` zeroed bytes, aligned for vector loads.
  package func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
    // The reserve is zero, and takes no memory until something else is written to it.
    if let block = reserved(byteCount: byteCount) { return block }
    let block = allocatedInHeap(byteCount: byteCount)
    block.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    return block
  }

  /// Bytes that the caller writes before anything reads them, aligned for vector loads.
  package func allocateUninitialized(byteCount: Int) -> UnsafeMutableRawPointer {
    reserved(byteCount: byteCount) ?? allocatedInHeap(byteCount: byteCount)
  }

  /// `count` elements, all zero.
  package func allocate<Element: FixedWidthInteger>(
    _: Element.Type, count: Int
  ) -> UnsafeMutablePointer<Element> {
    let block = allocate(byteCount: count * MemoryLayout<Element>.stride)
    return block.bindMemory(to: Element.self, capacity: max(count, 1))
  }

  /// A copy of `values`.
  package func copy<Element: FixedWidthInteger>(_ values: [Element]) -> UnsafePointer<Element> {
    let block = allocate(Element.self, count: values.count)
    for (index, value) in values.enumerated() { block[index] = value }
    return UnsafePointer(block)
  }

  /// The next bytes of the reserve; `nil` where it has not as many.
  private func reserved(byteCount: Int) -> UnsafeMutableRawPointer? {
    guard let reserve, byteCount <= reserveByteCount - reservedByteCount else { return nil }
    let block = reserve + reservedByteCount
    let end = reservedByteCount + max(byteCount, 1) + MemoryPlan.alignment - 1
    reservedByteCount = min(end / MemoryPlan.alignment * MemoryPlan.alignment, reserveByteCount)
    return block
  }

  private func allocatedInHeap(byteCount: Int) -> UnsafeMutableRawPointer {
    let block = UnsafeMutableRawPointer.allocate(
      byteCount: max(byteCount, 1), alignment: MemoryPlan.alignment)
    blocks.append(block)
    return block
  }
}
