import FloatEngine
import FloatModel
import Foundation
import ModelImport
import TestSupport
import Testing

@Suite(
  "The gradients of a real model", .enabled(if: TestData.isPresent, "\(TestData.skipMessage)"))
struct TrainingModelTests {
  /// MobileNetV1 without its softmax; the loss is a weighted sum of the logits.
  @Test("predict how the loss of MobileNetV1 changes", arguments: [1, 2] as [UInt64])
  func directionalDerivative(seed: UInt64) throws {
    var graph = try ONNXImporter.load(
      path: TestData.file("models/float/mobilenet_v1_0.25_224.onnx")
    ).simplified()
    // Without the clamps, whose kinks lie densely among millions of activations.
    for index in graph.nodes.indices {
      if case .convolution(var convolution) = graph.nodes[index].operation {
        convolution.clamp = .none
        graph.nodes[index].operation = .convolution(convolution)
      }
    }
    let logits = try #require(graph.nodes.last { graph.isLayer($0) }).output
    let parameters = graph.nodes.filter(graph.isLayer).flatMap { $0.inputs.dropFirst() }
    var generator = SeededGenerator(seed: seed)
    let batch = 2
    let inputs = graph.randomInputs(batch: batch, in: -1...1, using: &generator)
    let engine = try TrainingEngine(
      graph: graph, batch: batch, parameters: Set(parameters), threads: 1)
    try engine.forward(inputs)
    let weights = engine.values(of: logits).map { _ in Float.random(in: -1...1, using: &generator) }
    func loss() throws -> Double {
      try engine.forward(inputs)
      return zip(engine.values(of: logits), weights).reduce(0) {
        $0 + Double($1.0) * Double($1.1)
      }
    }
    try engine.backward([logits: weights])
    for parameter in parameters {
      let constant = try #require(graph.values[parameter].constant)
      let gradient = Array(engine.gradient(of: parameter))
      func norm(_ values: [Float]) -> Double {
        values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      }
      // Along the gradient, where the change is greatest and rounding matters least. Without clamps
      // the loss is linear in each parameter, so that the step may be large.
      let step = 0.1 * max(norm(constant.values), 1e-3) / norm(gradient)
      func moved(by distance: Double) throws -> Double {
        let values = zip(constant.values, gradient).map {
          Float(Double($0) + distance * Double($1))
        }
        try engine.load(values, into: parameter)
        return try loss()
      }
      let change = try (moved(by: step) - moved(by: -step)) / (2 * step)
      try engine.load(constant.values, into: parameter)
      let expected = norm(gradient) * norm(gradient)
      #expect(
        abs(change / expected - 1) < 1e-3,
        "seed \(seed), '\(graph.values[parameter].name)': \(change), not \(expected)")
    }
  }
}

extension FloatGraph {
  fileprivate func isLayer(_ node: FloatNode) -> Bool {
    switch node.operation {
    case .convolution, .fullyConnected: true
    default: false
    }
  }
}
