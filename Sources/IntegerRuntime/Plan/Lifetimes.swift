import IntegerModel

/// When each tensor of a graph is in use, and which tensors share their bytes.
package struct Lifetimes {
  /// For each tensor the tensor whose memory it lies in: itself, or what it is a reshape of. `nil`
  /// for constants.
  package private(set) var owners: [TensorIndex?]
  /// For each owner the steps, inclusive, from writing to last reading.
  package private(set) var ranges: [ClosedRange<Int>]

  /// Step −1 fills the graph's inputs and step `operations.count` reads its outputs.
  ///
  /// Inputs live as long as the whole run, so that a second run without filling them again gives the
  /// same result, and states, which outlive it. With `preservesAll` everything does.
  package init(of graph: IntegerGraph, preservesAll: Bool) {
    let end = graph.operations.count
    owners = graph.tensors.indices.map { graph.tensors[$0].constant == nil ? $0 : nil }
    ranges = [ClosedRange<Int>](repeating: -1...(-1), count: graph.tensors.count)
    for index in graph.inputs { ranges[index] = -1...end }
    for index in graph.tensors.indices where graph.tensors[index].isState {
      ranges[index] = -1...end
    }
    for (step, operation) in graph.operations.enumerated() {
      for index in operation.inputs {
        if let owner = owners[index] { extend(owner, to: step) }
      }
      for index in operation.outputs {
        if case .reshape = operation.kind, let owner = owners[operation.inputs[0]] {
          owners[index] = owner
        } else {
          ranges[index] = step...(preservesAll ? end : step)
        }
      }
    }
    for index in graph.outputs {
      if let owner = owners[index] { extend(owner, to: end) }
    }
  }

  private mutating func extend(_ owner: TensorIndex, to step: Int) {
    ranges[owner] = ranges[owner].lowerBound...max(ranges[owner].upperBound, step)
  }
}
