import FloatModel

/// Which values share a buffer, and where the buffers lie in one arena: two overlap only if no step
/// of the graph needs both.
struct BufferPlan {
  /// A stretch of the arena and the steps during which it holds something.
  struct Buffer {
    /// Elements.
    var count: Int
    /// First step that writes; −1 for graph inputs.
    var birth: Int
    /// Last step that reads; the number of nodes for values that outlive the run.
    var death: Int
    /// Position in the arena, in elements.
    var offset = 0

    func isAlive(with other: Buffer) -> Bool { birth <= other.death && other.birth <= death }
  }

  /// The buffers, each named by the value that writes it first.
  private(set) var buffers: [ValueIndex: Buffer] = [:]
  /// The value whose buffer a value uses: its own, or that of the value it merely reinterprets.
  private(set) var owner: [ValueIndex]
  /// Elements of the arena; `nil` if they do not fit an `Int`.
  private(set) var arenaCount: Int? = 0

  /// - Parameters:
  ///   - graph: checked, with inferred shapes.
  ///   - counts: elements of each value over the batch.
  ///   - keeping: values that must survive the run.
  init(graph: FloatGraph, counts: [Int], keeping: Set<ValueIndex>) {
    owner = Array(graph.values.indices)
    for index in graph.inputs {
      buffers[index] = Buffer(count: counts[index], birth: -1, death: -1)
    }
    for (step, node) in graph.nodes.enumerated() {
      for input in node.inputs { extend(owner[input], to: step) }
      if node.operation.onlyReinterprets, let input = node.inputs.first {
        owner[node.output] = owner[input]
      } else {
        buffers[node.output] = Buffer(count: counts[node.output], birth: step, death: step)
      }
    }
    for index in keeping { extend(owner[index], to: graph.nodes.count) }
    arenaCount = Self.place(&buffers)
  }

  /// Constants have no buffer here and are passed over.
  private mutating func extend(_ index: ValueIndex, to step: Int) {
    guard let death = buffers[index]?.death else { return }
    buffers[index]?.death = max(death, step)
  }

  /// Greedy by size: large buffers first, each at the lowest place that is free while it lives.
  /// (Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020.)
  ///
  /// - Returns: elements of the arena; `nil` if they do not fit an `Int`.
  static func place(_ buffers: inout [ValueIndex: Buffer]) -> Int? {
    var arenaCount = 0
    let order = buffers.sorted { left, right in
      (right.value.count, left.value.birth, left.key)
        < (left.value.count, right.value.birth, right.key)
    }
    var placed: [Buffer] = []
    for (index, buffer) in order {
      var candidate = buffer
      for other in placed where other.isAlive(with: candidate) {
        if candidate.offset + padded(candidate.count) <= other.offset { break }
        candidate.offset = max(candidate.offset, other.offset + padded(other.count))
      }
      let (end, overflow) = candidate.offset.addingReportingOverflow(padded(candidate.count))
      guard !overflow, end < Int.max / 8 else { return nil }
      buffers[index] = candidate
      arenaCount = max(arenaCount, end)
      let position = placed.firstIndex { $0.offset > candidate.offset } ?? placed.endIndex
      placed.insert(candidate, at: position)
    }
    return arenaCount
  }

  /// Whole 64-byte lines, so that every buffer is aligned.
  private static func padded(_ count: Int) -> Int { (count + 15) / 16 * 16 }
}

extension FloatOperation {
  /// Whether the output has the elements of the input in the same order: it needs no work and no
  /// buffer of its own.
  var onlyReinterprets: Bool {
    switch self {
    case .reshape, .identity: true
    default: false
    }
  }
}
