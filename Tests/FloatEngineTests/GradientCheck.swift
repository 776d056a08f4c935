import FloatEngine
import FloatModel
import FloatReference
import TestSupport

/// A graph's gradients as the engine computes them, beside central differences of the reference in
/// double precision. The loss is the sum of the outputs' elements, each with a random weight.
struct GradientCheck {
  let graph: FloatGraph
  let batch: Int
  let inputs: [[Float]]
  /// The loss's derivatives by some values: the weights of their elements.
  let seeds: [ValueIndex: [Float]]
  let engine: TrainingEngine

  /// Differences are taken at this distance to both sides; in double precision neither the
  /// curvature nor rounding reaches the seventh digit.
  private static let step = 1e-5

  /// What was found for one constant or input.
  struct Finding {
    var name: String
    /// The greatest difference, relative to the greatest derivative.
    var disagreement: Double
    /// Derivatives compared, and those left out because the loss has a kink there.
    var compared = 0
    var kinks = 0
  }

  /// - Parameters:
  ///   - seeded: the values that the loss sums; the graph's outputs by default.
  ///   - parameters: constants whose gradients are checked; all that can be by default.
  init(
    _ graph: FloatGraph, batch: Int, threads: Int, range: ClosedRange<Float> = -4...4,
    seeded: [ValueIndex]? = nil, using generator: inout SeededGenerator
  ) throws {
    var graph = graph
    try graph.inferShapes()
    self.graph = graph
    self.batch = batch
    inputs = graph.randomInputs(batch: batch, in: range, using: &generator)
    var seeds: [ValueIndex: [Float]] = [:]
    for index in seeded ?? graph.outputs {
      seeds[index] =
        FloatTensor.random([batch] + graph.values[index].shape, using: &generator).values
    }
    self.seeds = seeds
    engine = try TrainingEngine(
      graph: graph, batch: batch, parameters: graph.trainable,
      inputGradients: Set(graph.inputs), threads: threads)
  }

  /// Runs the engine forward and backward once.
  func run() throws {
    try engine.forward(inputs)
    try engine.backward(seeds)
  }

  /// Compares the gradients of all parameters and inputs: a few elements of each alone, and one
  /// random direction through all.
  func findings(elements: Int = 5, using generator: inout SeededGenerator) throws -> [Finding] {
    var findings: [Finding] = []
    for index in graph.trainable.sorted() + graph.inputs {
      let isInput = graph.values[index].constant == nil
      let gradient =
        isInput ? engine.gradient(ofInput: index) : engine.gradient(of: index)
      var directions = (0..<elements).map { _ in
        let element = Int.random(in: 0..<gradient.count, using: &generator)
        return gradient.indices.map { $0 == element ? 1.0 : 0 }
      }
      directions.append(
        gradient.map { _ in Double.random(in: -1...1, using: &generator) })
      var finding = Finding(name: graph.values[index].name, disagreement: 0)
      var pairs: [(Double, Double)] = []
      for direction in directions {
        let actual = zip(gradient, direction).reduce(0) { $0 + Double($1.0) * $1.1 }
        if let expected = try derivative(of: index, along: direction) {
          pairs.append((actual, expected))
        } else {
          finding.kinks += 1
        }
      }
      finding.compared = pairs.count
      let scale = max(
        pairs.map { abs($0.1) }.max() ?? 0, gradient.map { Double(abs($0)) }.max() ?? 0, 1e-3)
      for (actual, expected) in pairs {
        let difference = abs(actual - expected) / scale
        finding.disagreement = max(
          finding.disagreement, difference.isNaN ? .infinity : difference)
      }
      findings.append(finding)
    }
    return findings
  }

  /// The loss's derivative along a direction; `nil` where it has a kink within the step.
  func derivative(of index: ValueIndex, along direction: [Double]) throws -> Double? {
    func loss(_ distance: Double) throws -> Double {
      var moved = inputs.map { $0.map(Double.init) }
      var constants: [ValueIndex: [Double]] = [:]
      if let position = graph.inputs.firstIndex(of: index) {
        moved[position] = zip(moved[position], direction).map { $0 + distance * $1 }
      } else if let constant = graph.values[index].constant {
        constants[index] = zip(constant.values, direction).map { Double($0) + distance * $1 }
      }
      return try self.loss(inputs: moved, constants: constants)
    }
    let center = try loss(0)
    let after = (try loss(Self.step) - center) / Self.step
    let before = (center - (try loss(-Self.step))) / Self.step
    let isSmooth = abs(after - before) <= 1e-3 * max(abs(after), abs(before)) + 1e-6
    return isSmooth ? (after + before) / 2 : nil
  }

  private func loss(
    inputs: [[Double]], constants: [ValueIndex: [Double]]
  ) throws -> Double {
    var sum = 0.0
    for image in 0..<batch {
      let values = try FloatReference.realValues(
        of: graph, inputs: inputs.map { Array($0.image(image, of: batch)) }, constants: constants)
      for (index, weights) in seeds {
        for (value, weight) in zip(values[index], weights.image(image, of: batch)) {
          sum += value * Double(weight)
        }
      }
    }
    return sum
  }
}

extension Array {
  /// The part of `[batch, …]` that belongs to one image.
  func image(_ image: Int, of batch: Int) -> ArraySlice<Element> {
    self[image * count / batch..<(image + 1) * count / batch]
  }
}

extension FloatGraph {
  /// All constants but those of batch normalizations.
  var trainable: Set<ValueIndex> {
    var all = Set(values.indices.filter { values[$0].constant != nil })
    for node in nodes {
      if case .batchNormalization = node.operation { all.subtract(node.inputs.dropFirst()) }
    }
    return all
  }
}

extension TrainingEngine {
  typealias Transform = (ValueIndex, UnsafeMutableBufferPointer<Float>) -> Void

  func forward(_ inputs: [[Float]], transform: Transform? = nil) throws {
    let copies = inputs.map { UnsafeMutableBufferPointer<Float>.copy(of: $0) }
    defer { for copy in copies { copy.deallocate() } }
    try forward(inputs: copies.map { UnsafeBufferPointer($0) }, transform: transform)
  }

  func backward(_ seeds: [ValueIndex: [Float]], transform: Transform? = nil) throws {
    let copies = seeds.mapValues { UnsafeMutableBufferPointer<Float>.copy(of: $0) }
    defer { for copy in copies.values { copy.deallocate() } }
    try backward(seeds: copies.mapValues { UnsafeBufferPointer($0) }, transform: transform)
  }

  func load(_ values: [Float], into parameter: ValueIndex) throws {
    let copy = UnsafeMutableBufferPointer<Float>.copy(of: values)
    defer { copy.deallocate() }
    try load(UnsafeBufferPointer(copy), into: parameter)
  }
}

extension UnsafeMutableBufferPointer<Float> {
  static func copy(of values: [Float]) -> Self {
    let buffer = Self.allocate(capacity: values.count)
    _ = buffer.initialize(fromContentsOf: values)
    return buffer
  }
}
