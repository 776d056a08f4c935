import CAllocationCounter
import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import Testing

#if DEBUG
  private let isOptimized = false
#else
  private let isOptimized = true
#endif

@Suite(
  "Running allocates nothing",
  .enabled(if: isOptimized, "without optimization generic Swift code boxes values"),
  .enabled(if: fbq_allocations_are_counted() != 0, "a sanitizer has its own malloc"))
struct AllocationTests {
  @Test("the counter counts")
  func counter() {
    fbq_allocations_start()
    let block = UnsafeMutableRawPointer.allocate(byteCount: 100, alignment: 64)
    let list = (0..<100).map { $0 * 2 }
    let count = fbq_allocations_stop()
    block.deallocate()
    #expect(list.count == 100)
    #expect(count >= 2)
  }

  @Test("with any operator, any kernel, one thread or two", arguments: OperatorFamily.allCases)
  func run(_ family: OperatorFamily) throws {
    for seed in UInt64(1)...10 {
      for kernels in KernelChoice.available {
        var random = RandomGraph(seed: seed, arithmetic: .tflm, family)
        var options = RunOptions(kernels: kernels, threads: Int(seed % 2) + 1)
        options.parallelWork = 0
        let interpreter = try Interpreter(graph: random.builder.graph, options: options)
        _ = interpreter.codes(for: random.inputs())
        fbq_allocations_start()
        interpreter.run()
        let count = fbq_allocations_stop()
        #expect(count == 0, "seed \(seed), \(kernels.rawValue)")
      }
    }
  }
}
