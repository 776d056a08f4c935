import Diagnostics
import FloatEngine
import FloatModel
import Foundation
import InferenceSession
import IntegerModel
import IntegerRuntime

/// Compares an integer model with the float model it came from, on images or arrays: the integer
/// side is computed by the integer runtime, never by a float simulation of it.
///
/// Classes are ranked by the logits, the tensor before a final softmax: softmax keeps their order,
/// and its 8-bit output would tie all classes below 1/512. Models without a softmax are ranked by
/// their output.
public struct Evaluator {
  /// The integer model.
  public var integerGraph: IntegerGraph
  /// The simplified float model.
  public var floatGraph: FloatGraph
  /// How the integer model is run; `threads` images are processed at a time.
  public var options: RunOptions
  /// Images per float forward pass.
  public var batch: Int

  /// Creates an evaluator.
  public init(
    integerGraph: IntegerGraph, floatGraph: FloatGraph, options: RunOptions, batch: Int = 8
  ) {
    self.integerGraph = integerGraph
    self.floatGraph = floatGraph
    self.options = options
    self.batch = batch
  }

  /// Runs both models over `inputs`; `labels` holds the class of each, where known.
  ///
  /// - Throws: for images, a model without an input pipeline or an image that cannot be read; models
  ///   whose inputs or outputs differ in size.
  public func evaluate(
    _ inputs: EvaluationInputs, labels: [Int?], progress: (Double) -> Void
  ) throws(Diagnostic) -> EvaluationResult {
    let floatLogits = floatGraph.logits
    let integerLogits = integerGraph.logits
    let classes = try classCount(float: floatLogits, integer: integerLogits)
    let workers = try makeWorkers(count: max(1, min(options.threads, batch)))
    var result = EvaluationResult()
    var engine: FloatEngine?
    var engineBatch = 0
    var start = 0
    while start < inputs.count {
      let count = min(batch, inputs.count - start)
      let loaded = try inputs.batch(start..<start + count, for: integerGraph)
      if count != engineBatch {
        engine = try FloatEngine(
          graph: floatGraph, batch: count, keeping: [floatLogits], threads: options.threads)
        engineBatch = count
      }
      try engine?.run(inputs: loaded.floats, observe: nil)
      let reference = engine.map { Array($0.values(of: floatLogits)) } ?? []
      let codes = Self.runInteger(
        workers, loaded.bytes, graph: integerGraph, logits: integerLogits)
      let tensor = integerGraph.tensors[integerLogits]
      for sample in 0..<count {
        let reals = codes[sample].map { Float(tensor.real($0) ?? 0) }
        result.add(
          float: Array(reference[sample * classes..<(sample + 1) * classes]), integer: reals,
          codes: codes[sample], label: labels[start + sample])
      }
      start += count
      progress(Double(start) / Double(inputs.count))
    }
    return result
  }

  private func classCount(float: ValueIndex, integer: TensorIndex) throws(Diagnostic) -> Int {
    let floatCount = floatGraph.values[float].shape.reduce(1, *)
    let integerCount = integerGraph.tensors[integer].elementCount
    guard floatCount == integerCount else {
      throw Diagnostic(
        problem:
          "the reference has \(floatCount) outputs, the model \(integerCount)",
        remedy: "give the float model that this file was converted from")
    }
    let floatInputs = floatGraph.inputs.map { floatGraph.values[$0].shape }
    let integerInputs = integerGraph.inputs.map { integerGraph.tensors[$0].shape }
    guard floatInputs == integerInputs else {
      let shapes = [floatInputs, integerInputs].map { shapes in
        shapes.map { "\($0)" }.joined(separator: " and ")
      }
      throw Diagnostic(
        problem: "the reference takes an input of \(shapes[0]), the model of \(shapes[1])",
        remedy: "give the float model that this file was converted from")
    }
    return floatCount
  }

  private func makeWorkers(count: Int) throws(Diagnostic) -> [Interpreter] {
    var workers: [Interpreter] = []
    var single = options
    single.threads = 1
    for _ in 0..<count {
      workers.append(try Interpreter(graph: integerGraph, options: single))
    }
    return workers
  }

  /// The logits' codes of each sample. Worker w takes samples w, w + workers, …
  private static func runInteger(
    _ workers: [Interpreter], _ samples: [[[UInt8]]], graph: IntegerGraph, logits: TensorIndex
  ) -> [[Int]] {
    let results = ParallelResults<[Int]>(count: samples.count)
    let pool = WorkerPool(workers)
    let workerCount = workers.count
    let producer = graph.operations.lastIndex { $0.outputs.contains(logits) }
    let tensor = graph.tensors[logits]
    DispatchQueue.concurrentPerform(iterations: workerCount) { worker in
      let interpreter = pool.interpreter(worker)
      for index in stride(from: worker, to: samples.count, by: workerCount) {
        for (input, bytes) in zip(graph.inputs, samples[index]) {
          interpreter.mutableBytes(of: input).copyBytes(from: bytes)
        }
        // Inputs are no stream: what a worker saw before must not matter.
        interpreter.resetState()
        // Later operations may reuse the logits' memory: read them where they appear.
        for operation in 0...(producer ?? 0) { interpreter.run(operation: operation) }
        let bytes = interpreter.bytes(of: logits)
        results.set(
          index, (0..<tensor.elementCount).map { tensor.elementType.code(at: $0, in: bytes) })
      }
    }
    return results.all()
  }
}

extension FloatGraph {
  /// The value whose order is that of the first output: the input of a final softmax, else the
  /// output itself.
  public var logits: ValueIndex { logits(of: outputs[0]) }

  /// The value whose order is that of `output`: the input of a final softmax, else itself.
  package func logits(of output: ValueIndex) -> ValueIndex {
    var value = output
    while let node = nodes.last(where: { $0.output == value }) {
      switch node.operation {
      case .reshape, .identity: value = node.inputs[0]
      case .softmax: return node.inputs[0]
      default: return output
      }
    }
    return output
  }
}

extension IntegerGraph {
  /// The tensor whose order is that of the first output: the input of a final softmax, else the
  /// output itself.
  public var logits: TensorIndex {
    var tensor = outputs[0]
    while let operation = operations.last(where: { $0.outputs.contains(tensor) }) {
      switch operation.kind {
      case .reshape: tensor = operation.inputs[0]
      case .softmax: return operation.inputs[0]
      default: return outputs[0]
      }
    }
    return outputs[0]
  }
}
