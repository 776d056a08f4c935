import FloatModel
import FloatReference
import Quantizer
import Testing

@Suite("Blocks of a network")
struct GraphBlocksTests {
  private static let pointwise = FloatConvolution(
    stride: SpatialExtent(height: 1, width: 1), padding: EdgePadding())

  /// Adds 1×1 convolutions of two channels.
  private func chain(
    _ sketch: inout GraphSketch, _ names: [String], from input: ValueIndex
  ) throws -> ValueIndex {
    var value = input
    for name in names {
      let weights = sketch.constant(name + "_w", [2, 1, 1, 2], [1, 0, 0, 1])
      value = try sketch.node(name, .convolution(Self.pointwise), value, weights)
    }
    return value
  }

  @Test("a chain is cut after every so many layers, the rest joins the last block")
  func chainOfLayers() throws {
    var sketch = GraphSketch()
    let input = sketch.input(shape: [1, 2, 2, 2])
    sketch.output(try chain(&sketch, ["a", "b", "c", "d", "e"], from: input))
    let graph = sketch.graph
    let blocks = graph.blocks(leastLayers: 2)
    #expect(blocks.map { $0.nodes.map(\.name) } == [["a", "b"], ["c", "d", "e"]])
    #expect(blocks[0].inputs == graph.inputs)
    #expect(blocks[0].outputs == blocks[1].inputs)
    #expect(blocks[1].outputs == graph.outputs)
    #expect(blocks.allSatisfy { $0.values == graph.values })
  }

  @Test("a residual connection keeps its block together")
  func residual() throws {
    var sketch = GraphSketch()
    let input = sketch.input(shape: [1, 2, 2, 2])
    let entry = try chain(&sketch, ["a"], from: input)
    let inside = try chain(&sketch, ["b", "c"], from: entry)
    let sum = try sketch.node("sum", .add(clamp: .relu), entry, inside)
    sketch.output(try chain(&sketch, ["d"], from: sum))
    let blocks = sketch.graph.blocks(leastLayers: 1)
    #expect(blocks.map { $0.nodes.map(\.name) } == [["a"], ["b", "c", "sum"], ["d"]])
  }

  @Test("what only moves codes stays with what computed them")
  func movement() throws {
    var sketch = GraphSketch()
    let input = sketch.input(shape: [1, 2, 2, 2])
    let first = try chain(&sketch, ["a"], from: input)
    let flat = try sketch.node("flat", .reshape([1, 8]), first)
    let weights = sketch.constant("w", [1, 8], Array(repeating: 1, count: 8))
    sketch.output(try sketch.node("fc", .fullyConnected(clamp: .none), flat, weights))
    let blocks = sketch.graph.blocks(leastLayers: 1)
    #expect(blocks.map { $0.nodes.map(\.name) } == [["a", "flat"], ["fc"]])
  }

  @Test("a network of too few layers, or of two outputs, is one block")
  func whole() throws {
    var sketch = GraphSketch()
    let input = sketch.input(shape: [1, 2, 2, 2])
    let first = try chain(&sketch, ["a"], from: input)
    sketch.output(try chain(&sketch, ["b"], from: first))
    #expect(sketch.graph.blocks(leastLayers: 3).map(\.nodes.count) == [2])
    sketch.output(first)
    #expect(sketch.graph.blocks(leastLayers: 1).map(\.nodes.count) == [2])
  }
}
