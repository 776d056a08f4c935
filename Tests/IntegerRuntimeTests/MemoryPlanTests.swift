import Diagnostics
import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import Testing

@Suite("The memory plan reuses the arena and never overlaps what is alive")
struct MemoryPlanTests {
  @Test("disjoint lifetimes share bytes, overlapping ones do not")
  func handWorked() throws {
    let plan = try MemoryPlan([
      MemoryRequest(byteCount: 100, lifetime: 0...1),
      MemoryRequest(byteCount: 100, lifetime: 1...2),
      MemoryRequest(byteCount: 128, lifetime: 2...3),
    ])
    // The largest first at 0; the second overlaps it in step 2; the first overlaps the second alone.
    #expect(plan.offsets == [0, 128, 0])
    #expect(plan.byteCount == 256)
  }

  @Test("the smallest gap that holds a request is taken")
  func bestFit() throws {
    let plan = try MemoryPlan([
      MemoryRequest(byteCount: 1024, lifetime: 0...9),
      MemoryRequest(byteCount: 512, lifetime: 0...1),
      MemoryRequest(byteCount: 448, lifetime: 0...9),
      MemoryRequest(byteCount: 256, lifetime: 0...1),
      MemoryRequest(byteCount: 192, lifetime: 0...9),
      MemoryRequest(byteCount: 128, lifetime: 5...6),
    ])
    #expect(plan.offsets == [0, 1024, 1536, 1984, 2240, 1984])
    #expect(plan.byteCount == 2432)
  }

  @Test("nothing takes nothing")
  func empty() throws {
    let plan = try MemoryPlan([])
    #expect(plan.byteCount == 0)
  }

  @Test("random requests never overlap in time and place", arguments: UInt64(1)...20)
  func noOverlap(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    var requests: [MemoryRequest] = []
    for _ in 0..<120 {
      let first = generator.integer(0...60)
      requests.append(
        MemoryRequest(
          byteCount: generator.integer(0...5000),
          lifetime: first...first + generator.integer(0...12)))
    }
    let plan = try MemoryPlan(requests)
    var sum = 0
    for (index, request) in requests.enumerated() {
      let range = plan.offsets[index]..<plan.offsets[index] + request.byteCount
      #expect(plan.offsets[index] % 64 == 0, "seed \(seed)")
      #expect(range.upperBound <= plan.byteCount, "seed \(seed)")
      sum += request.byteCount
      for (other, second) in requests.enumerated()
      where other > index && request.lifetime.overlaps(second.lifetime) {
        let secondRange = plan.offsets[other]..<plan.offsets[other] + second.byteCount
        #expect(!range.overlaps(secondRange), "seed \(seed): requests \(index) and \(other)")
      }
    }
    #expect(plan.byteCount < sum / 2, "seed \(seed): reuse pays")
    // No plan can be smaller than what is alive at once.
    for step in 0...72 {
      let alive = requests.filter { $0.lifetime.contains(step) }.reduce(0) { $0 + $1.byteCount }
      #expect(plan.byteCount >= alive, "seed \(seed): step \(step)")
    }
  }

  @Test("an arena beyond 2 GiB is refused")
  func tooLarge() {
    let request = MemoryRequest(byteCount: 1 << 30, lifetime: 0...0)
    #expect(
      throws: Diagnostic(
        place: "memory plan", problem: "the tensors need an arena of more than 2147483647 bytes",
        remedy: "use a smaller input")
    ) { try MemoryPlan([request, request]) }
  }
}
