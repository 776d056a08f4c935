import Diagnostics
import FloatEngine
import FloatModel

/// How much noise the 8-bit rounding of each activation would leave in the logits, to first order.
///
/// With a step of S, rounding adds an error of variance S² / 12 to each element that its clamp lets
/// move, and each error reaches logit k multiplied by ∂y_k/∂x. Over all logits, that is S² / 12 ·
/// Σ_k (∂y_k/∂x)². One backward pass from the logits, each seeded with +1 or −1 by chance, measures
/// the sum for all elements of the network at once: the expectation of (Σ_k ±∂y_k/∂x)² is it.
package struct RoundingNoise {
  /// The energy of the noise in all logits, summed over all samples, of each value that is rounded.
  package private(set) var energies: [ValueIndex: Double] = [:]

  /// More samples change the order little.
  private static let greatestSampleCount = 32
  private static let greatestBatch = 8

  /// Measures on some of `samples`, evenly spread.
  ///
  /// - Parameter classes: values that share codes, and so one step.
  /// - Throws: an image that cannot be read; what the engine throws.
  package init(
    of graph: FloatGraph, classes: [[ValueIndex]], samples: SampleSet, threads: Int,
    progress: (StepProgress) -> Void
  ) throws(Diagnostic) {
    let batch = max(1, min(samples.count, Self.greatestBatch))
    let count = min(samples.count, Self.greatestSampleCount) / batch * batch
    let used = samples.subset(count)
    let graph = graph.upToLogits()
    let engine = try TrainingEngine(
      graph: graph, batch: batch, parameters: [], inputGradients: Set(graph.inputs),
      threads: threads)
    var random = ShuffledOrder(seed: 1, epoch: 0)
    var measured: [ValueIndex: Measurement] = [:]
    for start in stride(from: 0, to: count, by: batch) {
      let inputs = try used.inputs(start..<start + batch)
      try Self.run(engine, inputs: inputs)
      var seeds: [ValueIndex: [Float]] = [:]
      for output in graph.outputs {
        seeds[output] = engine.values(of: output).map { _ in random.next() & 1 == 0 ? 1 : -1 }
      }
      for node in graph.nodes where node.roundsItsOutput {
        measured[node.output, default: Measurement(clamp: node.layerClamp)]
          .add(range: engine.values(of: node.output))
      }
      try Self.back(engine, seeds: seeds) { value, gradients in
        measured[value]?.add(UnsafeBufferPointer(gradients), at: engine.values(of: value))
      }
      progress(StepProgress(Double(start + batch) / Double(count)))
    }
    for values in classes {
      let rounded = values.filter { measured[$0] != nil }
      let ranges = rounded.compactMap { measured[$0]?.range }
      guard let first = ranges.first else { continue }
      let range = ranges.reduce(first) { $0.union($1) }
      let step = Double(range.maximum - range.minimum) / 255
      for value in rounded { energies[value] = (measured[value]?.gain ?? 0) * step * step / 12 }
    }
  }

  private static func run(_ engine: TrainingEngine, inputs: [[Float]]) throws(Diagnostic) {
    // The engine copies what it is given.
    let buffers = inputs.map { values in
      let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
      _ = buffer.initialize(from: values)
      return buffer
    }
    defer { for buffer in buffers { buffer.deallocate() } }
    try engine.forward(inputs: buffers.map { UnsafeBufferPointer($0) })
  }

  private static func back(
    _ engine: TrainingEngine, seeds: [ValueIndex: [Float]],
    transform: @escaping (ValueIndex, UnsafeMutableBufferPointer<Float>) -> Void
  ) throws(Diagnostic) {
    let buffers = seeds.mapValues { values in
      let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
      _ = buffer.initialize(from: values)
      return buffer
    }
    defer { for buffer in buffers.values { buffer.deallocate() } }
    try engine.backward(seeds: buffers.mapValues { UnsafeBufferPointer($0) }, transform: transform)
  }

  /// What is known of one value.
  private struct Measurement {
    let clamp: ClampRange
    private(set) var range = ValueRange(minimum: 0, maximum: 0)
    /// Σ of squared gradients over the elements that move.
    private(set) var gain = 0.0

    init(clamp: ClampRange) { self.clamp = clamp }

    mutating func add(range elements: UnsafeBufferPointer<Float>) {
      var (low, high) = (range.minimum, range.maximum)
      for element in elements { (low, high) = (min(low, element), max(high, element)) }
      range = ValueRange(minimum: low, maximum: high)
    }

    /// Elements at a limit of the clamp have exact codes.
    mutating func add(
      _ gradients: UnsafeBufferPointer<Float>, at elements: UnsafeBufferPointer<Float>
    ) {
      for (gradient, element) in zip(gradients, elements)
      where element > clamp.minimum && element < clamp.maximum {
        gain += Double(gradient * gradient)
      }
    }
  }
}
