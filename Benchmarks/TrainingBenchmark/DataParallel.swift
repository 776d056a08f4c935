import Dispatch
import FloatEngine
import FloatModel
import Synchronization

/// Training passes as a trainer makes them: one engine per thread, each on its share of the batch,
/// a few images at a time, the gradients summed at the end.
final class DataParallel: @unchecked Sendable {
  /// Bytes of all engines.
  let byteCount: Int
  private let engines: [TrainingEngine]
  private let parameters: [ValueIndex]
  private let input: UnsafeMutableBufferPointer<Float>
  private let seed: UnsafeMutableBufferPointer<Float>
  private let sums: [UnsafeMutableBufferPointer<Float>]
  private let passes: Int

  /// - Parameters:
  ///   - batch: images of a step over all threads; a multiple of `threads · images`.
  ///   - images: images of one forward and backward pass.
  init(graph: FloatGraph, batch: Int, images: Int, threads: Int) throws {
    let parameters = graph.layerParameters
    let engines = try (0..<threads).map { _ in
      try TrainingEngine(graph: graph, batch: images, parameters: parameters, threads: 1)
    }
    self.engines = engines
    self.parameters = parameters.sorted()
    passes = batch / (threads * images)
    byteCount = engines.reduce(0) { $0 + $1.byteCount }
    func random(_ index: ValueIndex) -> UnsafeMutableBufferPointer<Float> {
      let count = images * graph.values[index].shape.reduce(1, *)
      let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
      _ = buffer.initialize(fromContentsOf: (0..<count).map { _ in Float.random(in: -1...1) })
      return buffer
    }
    input = random(graph.inputs[0])
    seed = random(graph.outputs[0])
    sums = self.parameters.map { index in
      let count = graph.values[index].constant?.count ?? 0
      let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
      buffer.initialize(repeating: 0)
      return buffer
    }
  }

  deinit {
    for buffer in sums + [input, seed] { buffer.deallocate() }
  }

  /// Forward and backward over the whole batch, and the sum of the engines' gradients.
  func run() throws {
    let failure = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: engines.count) { thread in
      do {
        try run(engines[thread])
      } catch {
        failure.withLock { $0 = error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    for (index, sum) in zip(parameters, sums) {
      sum.update(repeating: 0)
      for engine in engines {
        let gradient = engine.gradient(of: index)
        for element in sum.indices { sum[element] += gradient[element] }
      }
    }
  }

  private func run(_ engine: TrainingEngine) throws {
    engine.clearGradients()
    for _ in 0..<passes {
      try engine.forward(inputs: [UnsafeBufferPointer(input)])
      try engine.backward(seeds: [engine.graph.outputs[0]: UnsafeBufferPointer(seed)])
    }
  }
}

extension FloatGraph {
  /// Weights and biases of all convolutions and fully connected layers.
  var layerParameters: Set<ValueIndex> {
    nodes.reduce(into: []) { parameters, node in
      switch node.operation {
      case .convolution, .fullyConnected: parameters.formUnion(node.inputs.dropFirst())
      default: break
      }
    }
  }
}
