import IntegerRuntime
import IntegerTestSupport
import Testing

@Suite("Prepared memory is zero, aligned and nobody else's")
struct PreparedMemoryTests {
  @Test(
    "in a reserve, beyond it and without one",
    arguments: [(0, 0), (5 << 20, 6 << 20), (6 << 20, 6 << 20), (1 << 20, 6 << 20), (64, 32)])
  func blocks(expected: Int, limit: Int) {
    var generator = SplitMix64(seed: 7)
    let memory = PreparedMemory(expecting: expected, limit: limit)
    var blocks: [UnsafeMutableRawBufferPointer] = []
    var byteCount = 0
    while byteCount < 9 << 20 {
      let count = generator.integer(0...100) == 0 ? 0 : generator.integer(1...300_000)
      let block = UnsafeMutableRawBufferPointer(
        start: memory.allocate(byteCount: count), count: count)
      #expect(Int(bitPattern: block.baseAddress) % 64 == 0)
      #expect(block.allSatisfy { $0 == 0 })
      fill(block, UInt8(truncatingIfNeeded: blocks.count))
      blocks.append(block)
      // What is left behind it must not be taken for zero later.
      let other = UnsafeMutableRawBufferPointer(
        start: memory.allocateUninitialized(byteCount: 1000), count: 1000)
      fill(other, 0xff)
      byteCount += count
    }
    for (index, block) in blocks.enumerated() {
      #expect(block.allSatisfy { $0 == UInt8(truncatingIfNeeded: index) }, "block \(index)")
    }
  }

  private func fill(_ block: UnsafeMutableRawBufferPointer, _ byte: UInt8) {
    block.initializeMemory(as: UInt8.self, repeating: byte)
  }
}
