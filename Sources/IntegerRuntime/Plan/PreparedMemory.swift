/// Memory that planning fills and running reads: packed weights, aligned biases, scratch.
///
/// Blocks live as long as this object and are freed together.
package final class PreparedMemory {
  private var blocks: [UnsafeMutableRawPointer] = []

  package init() {}

  deinit {
    for block in blocks { block.deallocate() }
  }

  /// `byteCount` zeroed bytes, aligned for vector loads.
  package func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
    let block = allocateUninitialized(byteCount: byteCount)
    block.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    return block
  }

  /// Bytes that the caller writes before anything reads them, aligned for vector loads.
  package func allocateUninitialized(byteCount: Int) -> UnsafeMutableRawPointer {
    let block = UnsafeMutableRawPointer.allocate(
      byteCount: max(byteCount, 1), alignment: MemoryPlan.alignment)
    blocks.append(block)
    return block
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
}
