import Diagnostics
import FloatModel

/// ReduceMean, and ReduceProd of known integers.
enum ReductionOperators {
  static let mean: OperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try builder.place(0, of: node)
    let rank = input.layout.rank
    let keepsDimensions = try node.int("keepdims") ?? 1 != 0
    guard let axes = try axes(of: node, rank: rank) else { return [try node.input(0)] }
    guard !axes.contains(0) || builder.graph.values[input.value].constant != nil else {
      throw Diagnostic(
        problem: "averages over axis 0, the batch",
        remedy: "export the model so that every image is treated on its own")
    }
    let stored = axes.map { input.layout.storedAxis($0) }.sorted()
    let output = try builder.emit(
      .mean(axes: stored, keepsDimensions: keepsDimensions), [input.value], for: node)
    guard !keepsDimensions else {
      return [builder.result(Placed(value: output, layout: input.layout))]
    }
    let layout = Layout(
      axes: input.layout.axes.filter { axis in axis.map { !axes.contains($0) } ?? true }
        .map { axis in axis.map { axis in axis - axes.filter { $0 < axis }.count } })
    return [builder.result(Placed(value: output, layout: layout))]
  }

  static let product: OperatorImport = { (node, builder) throws(Diagnostic) in
    guard let tensor = try node.integers(0, "data"), tensor.shape.count <= 1 else {
      throw Diagnostic(problem: "only the product of a vector of known integers is supported")
    }
    let keepsDimensions = try node.int("keepdims") ?? 1 != 0
    guard try axes(of: node, rank: tensor.shape.count) != nil else { return [.integers(tensor)] }
    var product: Int64 = 1
    for value in tensor.values {
      let (next, overflow) = product.multipliedReportingOverflow(by: value)
      guard !overflow else { throw Diagnostic(problem: "has no 64-bit result") }
      product = next
    }
    return [.integers(IntegerTensor(shape: keepsDimensions ? [1] : [], values: [product]))]
  }

  /// The axes, an attribute until opset 17 and an input since; all of them where none are named,
  /// `nil` where that means none at all.
  private static func axes(of node: ONNXNode, rank: Int) throws(Diagnostic) -> [Int]? {
    let isNoOp = try node.int("noop_with_empty_axes") ?? 0 != 0
    let asked = node.opset < 18 ? try node.ints("axes") : try node.indexVector(1, "axes")
    guard let asked, !asked.isEmpty else { return isNoOp ? nil : Array(0..<rank) }
    return try ONNXNode.axes(asked, rank: rank)
  }
}
