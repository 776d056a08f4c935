import FloatModel
import TestSupport

/// A random graph over images `[1, 6, 5, C]`: chains, branches that live long, values read several
/// times or never, reshapes in between.
struct RandomGraph {
  private(set) var graph = FloatGraph(name: "random")
  private var generator: SeededGenerator
  private var images: [ValueIndex] = []

  init(seed: UInt64, nodeCount: Int) throws {
    generator = SeededGenerator(seed: seed)
    for number in 0..<2 {
      graph.inputs.append(graph.values.count)
      images.append(graph.values.count)
      graph.values.append(FloatValue(name: "input\(number)", shape: [1, 6, 5, 4]))
    }
    while graph.nodes.count < nodeCount { addNode() }
    try graph.inferShapes()
    graph.outputs = [images.last ?? 0, images.randomElement(using: &generator) ?? 0]
  }

  private mutating func addNode() {
    let x = images.randomElement(using: &generator) ?? 0
    let y = images.suffix(3).randomElement(using: &generator) ?? 0
    let padding = EdgePadding(top: 1, left: 1, bottom: 1, right: 1)
    let one = SpatialExtent(height: 1, width: 1)
    switch Int.random(in: 0..<9, using: &generator) {
    case 0:
      let weights = constant([4, 3, 3, 4])
      append(.convolution(FloatConvolution(stride: one, padding: padding)), [x, weights])
    case 1:
      let weights = constant([4, 3, 3, 1])
      append(
        .convolution(FloatConvolution(stride: one, padding: padding, groups: 4)), [x, weights])
    case 2: append(.add(clamp: .none), [x, y])
    case 3: append(.multiply(clamp: ClampRange(minimum: -2, maximum: 2)), [x, y])
    case 4:
      append(.reshape([1, 30, 4]), [x], isImage: false)
      append(.activation(.tanh), [graph.values.count - 1], isImage: false)
      append(.reshape([1, 6, 5, 4]), [graph.values.count - 1])
    case 5: append(.identity, [x])
    case 6:
      append(.mean(axes: [1, 2], keepsDimensions: true), [x], isImage: false)
      append(.subtract(clamp: .none), [y, graph.values.count - 1])
    case 7:
      append(.transpose([0, 2, 1, 3]), [x], isImage: false)
      append(.transpose([0, 2, 1, 3]), [graph.values.count - 1])
    default:
      append(.concatenation(axis: 3), [x, y], isImage: false)
      append(
        .slice(begin: [0, 0, 0, 2], extent: [1, 6, 5, 4], strides: [1, 1, 1, 1]),
        [graph.values.count - 1])
    }
  }

  private mutating func constant(_ shape: [Int]) -> ValueIndex {
    let tensor = FloatTensor.random(shape, in: -0.3...0.3, using: &generator)
    graph.values.append(FloatValue(name: "constant\(graph.values.count)", constant: tensor))
    return graph.values.count - 1
  }

  private mutating func append(
    _ operation: FloatOperation, _ inputs: [ValueIndex], isImage: Bool = true
  ) {
    let output = graph.values.count
    graph.values.append(FloatValue(name: "value\(output)", shape: []))
    graph.nodes.append(
      FloatNode(name: "node\(output)", operation: operation, inputs: inputs, output: output))
    if isImage { images.append(output) }
  }
}
