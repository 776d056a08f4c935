import Diagnostics
import IntegerModel

/// The place of every activation of a graph in the arena.
package struct ArenaPlan {
  /// Offset of each tensor; `nil` for constants.
  package let offsets: [Int?]
  /// Bytes of the arena.
  package let byteCount: Int

  /// Places the activations by their lifetimes.
  package init(of graph: IntegerGraph, preservesAll: Bool) throws(Diagnostic) {
    let lifetimes = Lifetimes(of: graph, preservesAll: preservesAll)
    var requestOfOwner = [Int?](repeating: nil, count: graph.tensors.count)
    var requests: [MemoryRequest] = []
    for index in graph.tensors.indices where lifetimes.owners[index] == index {
      requestOfOwner[index] = requests.count
      requests.append(
        MemoryRequest(
          byteCount: graph.tensors[index].byteCount, lifetime: lifetimes.ranges[index]))
    }
    let plan = try MemoryPlan(requests)
    offsets = lifetimes.owners.map { owner in
      owner.flatMap { requestOfOwner[$0] }.map { plan.offsets[$0] }
    }
    byteCount = plan.byteCount
  }
}
