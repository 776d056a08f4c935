import FloatEngine
import FloatModel
import FloatReference
import TestSupport
import Testing

/// One operation to be run alone: the grid of tests below is a list of these.
struct OperatorCase: Sendable, CustomTestStringConvertible {
  var name: String
  var operation: FloatOperation
  /// Shapes of the inputs, one image each.
  var shapes: [[Int]]
  /// Which inputs are constants.
  var constants: Set<Int> = []
  /// Whether all elements are positive, as a variance is.
  var positive: Set<Int> = []

  var testDescription: String { name }

  /// The graph of this operation alone, with constants drawn from `generator`.
  func graph(using generator: inout SeededGenerator) -> FloatGraph {
    var graph = FloatGraph(name: name)
    for (position, shape) in shapes.enumerated() {
      if constants.contains(position) {
        let range: ClosedRange<Float> = positive.contains(position) ? 0.1...2 : -1...1
        let tensor = FloatTensor.random(shape, in: range, using: &generator)
        graph.values.append(FloatValue(name: "constant\(position)", constant: tensor))
      } else {
        graph.inputs.append(graph.values.count)
        graph.values.append(FloatValue(name: "input\(position)", shape: shape))
      }
    }
    graph.nodes = [
      FloatNode(
        name: "node", operation: operation, inputs: Array(shapes.indices),
        output: graph.values.count)
    ]
    graph.outputs = [graph.values.count]
    graph.values.append(FloatValue(name: "output", shape: []))
    return graph
  }
}

extension FloatTensor {
  static func random(
    _ shape: [Int], in range: ClosedRange<Float> = -1...1, using generator: inout SeededGenerator
  ) -> FloatTensor {
    FloatTensor(
      shape: shape,
      values: (0..<shape.reduce(1, *)).map { _ in Float.random(in: range, using: &generator) })
  }
}

extension FloatGraph {
  /// Random inputs for `batch` images.
  func randomInputs(
    batch: Int, in range: ClosedRange<Float> = -4...4, using generator: inout SeededGenerator
  ) -> [[Float]] {
    inputs.map {
      FloatTensor.random([batch] + values[$0].shape, in: range, using: &generator).values
    }
  }

  /// All values as the reference evaluates them, image by image: `[batch, …]`.
  func referenceValues(batch: Int, inputs arrays: [[Float]]) throws -> [ValueIndex: [Float]] {
    var graph = self
    try graph.inferShapes()
    var results: [ValueIndex: [Float]] = [:]
    for image in 0..<batch {
      let inputs = arrays.map { array in
        Array(array[image * array.count / batch..<(image + 1) * array.count / batch])
      }
      for (index, tensor) in try FloatReference(graph, inputs: inputs).values.enumerated() {
        results[index, default: []] += tensor?.values ?? []
      }
    }
    return results
  }
}

/// The greatest difference, relative to the greatest magnitude expected; infinite where the counts
/// differ or a NaN appears.
func disagreement(_ actual: some Collection<Float>, _ expected: [Float]) -> Float {
  guard actual.count == expected.count else { return .infinity }
  let scale = max(expected.map(abs).max() ?? 0, 1e-3)
  var worst: Float = 0
  for (left, right) in zip(actual, expected) where left != right {
    let difference = abs(left - right) / scale
    worst = difference.isNaN ? .infinity : max(worst, difference)
  }
  return worst
}
