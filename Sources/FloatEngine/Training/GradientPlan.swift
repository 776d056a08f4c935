import FloatModel

/// Which values need a gradient, and where the gradients lie in one arena: two overlap only if no
/// step of the backward pass needs both.
///
/// Steps count backward: step 0 is that of the last node. A gradient is born where the last reader
/// of its value writes it, and dies where the node that computes the value has used it.
struct GradientPlan {
  /// Whether a wanted gradient depends on this value's.
  private(set) var isNeeded: [Bool]
  /// The buffers, each named by the value whose gradient is written there first.
  private(set) var buffers: [ValueIndex: BufferPlan.Buffer] = [:]
  /// The value whose buffer a gradient uses: its own, or that of the node output whose gradient it
  /// takes the place of.
  private(set) var owner: [ValueIndex]
  /// Elements of the arena; `nil` if they do not fit an `Int`.
  private(set) var arenaCount: Int?
  /// Elements of the greatest gradient that several nodes add to.
  private(set) var greatestSharedCount = 0

  private var hasBuffer: [Bool]

  /// - Parameters:
  ///   - leaves: values no node computes whose gradients are wanted over the batch.
  ///   - parameters: constants whose gradients are wanted.
  init(
    graph: FloatGraph, counts: [Int], leaves: Set<ValueIndex>, parameters: Set<ValueIndex>
  ) {
    owner = Array(graph.values.indices)
    hasBuffer = graph.values.map { _ in false }
    isNeeded = graph.values.indices.map(leaves.contains)
    for node in graph.nodes {
      isNeeded[node.output] = node.inputs.contains { isNeeded[$0] || parameters.contains($0) }
    }
    let last = graph.nodes.count
    for (step, node) in graph.nodes.reversed().enumerated() where isNeeded[node.output] {
      reach(node.output, count: counts[node.output], step: step)
      for (position, input) in node.inputs.enumerated()
      where isNeeded[input] && !node.operation.readsOnce(input, at: position, in: graph) {
        let takesOver =
          !hasBuffer[input] && position == 0 && node.operation.passesGradientInPlace
          && counts[input] == counts[node.output]
        if takesOver {
          owner[input] = owner[node.output]
          hasBuffer[input] = true
        } else if hasBuffer[input] {
          greatestSharedCount = max(greatestSharedCount, counts[input])
        }
        reach(input, count: counts[input], step: step)
      }
    }
    for leaf in leaves { reach(leaf, count: counts[leaf], step: last) }
    arenaCount = BufferPlan.place(&buffers)
  }

  private mutating func reach(_ index: ValueIndex, count: Int, step: Int) {
    if !hasBuffer[index] {
      hasBuffer[index] = true
      buffers[index] = BufferPlan.Buffer(count: count, birth: step, death: step)
    } else if let death = buffers[owner[index]]?.death {
      buffers[owner[index]]?.death = max(death, step)
    }
  }

  /// Where the gradient of a value lies in the arena; `nil` if it needs none.
  func offset(of index: ValueIndex) -> Int? { buffers[owner[index]]?.offset }
}

extension FloatOperation {
  /// Whether the node reads a constant as a parameter or as one array for all images, so that its
  /// gradient is summed over the batch right away.
  func readsOnce(_ input: ValueIndex, at position: Int, in graph: FloatGraph) -> Bool {
    guard graph.values[input].constant != nil else { return false }
    switch use(ofConstantAt: position) {
    case .parameter, .once: return true
    case .perImage: return false
    }
  }
}
