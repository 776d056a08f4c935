import Diagnostics

/// Something that needs memory from the moment it is written to the moment it is last read.
package struct MemoryRequest {
  /// Bytes.
  package var byteCount: Int
  /// The first and last step at which the memory is in use, both inclusive.
  package var lifetime: ClosedRange<Int>

  package init(byteCount: Int, lifetime: ClosedRange<Int>) {
    self.byteCount = byteCount
    self.lifetime = lifetime
  }
}

/// Places for all tensors in one arena, reused where lifetimes allow.
///
/// ```text
/// bytes ▲
///       │ ┌───────┐       ┌──────────┐
///       │ │   b   │       │    d     │     a is read last by the step that writes b,
///       │ ├───┬───┴──┬────┴──────────┤     so that d may lie where b was
///       │ │ a │      │       c       │
///       └─┴───┴──────┴───────────────┴──► steps
/// ```
///
/// Greedy by size: the largest request is placed first, each at the lowest place of the smallest gap
/// that holds it among those whose lifetimes overlap (Pisarchyk and Lee, "Efficient Memory Management
/// for Deep Neural Net Inference", 2020, algorithm 3).
package struct MemoryPlan {
  /// Offset of each request, a multiple of ``alignment``.
  package let offsets: [Int]
  /// Bytes of the whole arena.
  package let byteCount: Int

  /// A cache line, and the widest vector register.
  package static let alignment = 64
  /// The largest arena that is planned.
  package static let byteLimit = Int(Int32.max)

  /// Places all requests.
  /// - Throws: when the arena would exceed ``byteLimit``.
  package init(_ requests: [MemoryRequest]) throws(Diagnostic) {
    let order = requests.indices.sorted { left, right in
      requests[left].byteCount != requests[right].byteCount
        ? requests[left].byteCount > requests[right].byteCount : left < right
    }
    var offsets = [Int](repeating: 0, count: requests.count)
    var placed: [Int] = []  // by ascending offset
    placed.reserveCapacity(requests.count)
    var end = 0
    for index in order {
      let size = try MemoryPlan.rounded(requests[index].byteCount)
      var cursor = 0
      var best: Int?
      var bestGap = Int.max
      for other in placed where requests[other].lifetime.overlaps(requests[index].lifetime) {
        let gap = offsets[other] - cursor
        if gap >= size && gap < bestGap { (best, bestGap) = (cursor, gap) }
        cursor = max(cursor, offsets[other] + (try MemoryPlan.rounded(requests[other].byteCount)))
      }
      let offset = best ?? cursor
      guard offset <= MemoryPlan.byteLimit - size else { throw MemoryPlan.tooLarge() }
      offsets[index] = offset
      end = max(end, offset + size)
      let position = placed.firstIndex { offsets[$0] > offset } ?? placed.count
      placed.insert(index, at: position)
    }
    self.offsets = offsets
    self.byteCount = end
  }

  private static func rounded(_ byteCount: Int) throws(Diagnostic) -> Int {
    guard byteCount <= byteLimit - alignment else { throw tooLarge() }
    return (byteCount + alignment - 1) / alignment * alignment
  }

  private static func tooLarge() -> Diagnostic {
    Diagnostic(
      place: "memory plan", problem: "the tensors need an arena of more than \(byteLimit) bytes",
      remedy: "use a smaller input")
  }
}
