import FloatModel
import Quantizer
import Testing

@Suite("Scales that kernels share")
struct ScaleUnificationTests {
  /// x → max pool → y; x, y → concatenation → z
  @Test("pools and concatenation give all their tensors the union of the ranges")
  func union() {
    var graph = FloatGraph(name: "test")
    graph.values = ["x", "y", "z"].map { FloatValue(name: $0, shape: [1, 2, 2, 1]) }
    let pool = FloatPool(
      window: SpatialExtent(height: 1, width: 1), stride: SpatialExtent(height: 1, width: 1),
      padding: EdgePadding())
    graph.nodes = [
      FloatNode(name: "pool", operation: .maxPool(pool), inputs: [0], output: 1),
      FloatNode(name: "concat", operation: .concatenation(axis: 3), inputs: [0, 1], output: 2),
    ]
    var unification = ScaleUnification(graph: graph)
    let parameters = unification.parameters(
      ranges: [
        0: ValueRange(minimum: -1, maximum: 1), 1: ValueRange(minimum: 0, maximum: 2),
        2: ValueRange(minimum: -1, maximum: 2),
      ], form: .asymmetric)
    let expected = ActivationParameters(
      covering: ValueRange(minimum: -1, maximum: 2), form: .asymmetric)
    #expect(parameters == [0: expected, 1: expected, 2: expected])
  }

  /// x → sigmoid → s; s, x → concatenation → z
  @Test("a fixed output keeps its parameters and does not force them on a concatenation")
  func fixed() {
    var graph = FloatGraph(name: "test")
    graph.values = ["x", "s", "z"].map { FloatValue(name: $0, shape: [1, 4]) }
    graph.nodes = [
      FloatNode(name: "sigmoid", operation: .activation(.sigmoid), inputs: [0], output: 1),
      FloatNode(name: "concat", operation: .concatenation(axis: 1), inputs: [1, 0], output: 2),
    ]
    var unification = ScaleUnification(graph: graph)
    let range = ValueRange(minimum: -8, maximum: 8)
    let parameters = unification.parameters(
      ranges: [0: range, 1: ValueRange(minimum: 0, maximum: 1), 2: range], form: .asymmetric)
    let wide = ActivationParameters(covering: range, form: .asymmetric)
    #expect(parameters == [0: wide, 1: .probability, 2: wide])
  }

  /// x → sigmoid → s → reshape → r
  @Test("what only copies a fixed output is fixed too")
  func fixedCopy() {
    var graph = FloatGraph(name: "test")
    graph.values = ["x", "s", "r"].map { FloatValue(name: $0, shape: [1, 4]) }
    graph.nodes = [
      FloatNode(name: "sigmoid", operation: .activation(.sigmoid), inputs: [0], output: 1),
      FloatNode(name: "reshape", operation: .reshape([1, 2, 2]), inputs: [1], output: 2),
    ]
    var unification = ScaleUnification(graph: graph)
    let range = ValueRange(minimum: 0, maximum: 0.5)
    let parameters = unification.parameters(ranges: [1: range, 2: range], form: .symmetric)
    #expect(parameters == [1: .probability, 2: .probability])
  }
}
