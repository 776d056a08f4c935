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

  /// Runs both models over `paths`; `labels` holds the class of each, where known.
  ///
  /// - Throws: a model without an input pipeline; models whose outputs differ in size; an image that
  ///   cannot be read.
  public func evaluate(
    images paths: [String], labels: [Int?], progress: (Double) -> Void
  ) throws(Diagnostic) -> EvaluationResult {
    guard let pipeline = integerGraph.inputPipeline else {
      throw Diagnostic(
        problem: "the model does not say how images feed its input",
        remedy: "convert it again from an image calibration folder")
    }
    let preprocessing = ImagePreprocessing(pipeline)
    let floatLogits = floatGraph.logits
    let integerLogits = integerGraph.logits
    let classes = try classCount(float: floatLogits, integer: integerLogits)
    let workers = try makeWorkers(count: max(1, min(options.threads, batch)))
    var result = EvaluationResult()
    var engine: FloatEngine?
    var engineBatch = 0
    var start = 0
    while start < paths.count {
      let count = min(batch, paths.count - start)
      let part = Array(paths[start..<start + count])
      let loaded = try loadPixels(part, preprocessing)
      if count != engineBatch {
        engine = try FloatEngine(
          graph: floatGraph, batch: count, keeping: [floatLogits], threads: options.threads)
        engineBatch = count
      }
      var input: [Float] = []
      for pixels in loaded { preprocessing.append(pixels, to: &input) }
      try engine?.run(inputs: [input], observe: nil)
      let reference = engine.map { Array($0.values(of: floatLogits)) } ?? []
      let codes = try Self.runInteger(
        workers, loaded, pipeline: pipeline, graph: integerGraph, logits: integerLogits)
      let tensor = integerGraph.tensors[integerLogits]
      for image in 0..<count {
        let reals = codes[image].map { Float(tensor.real($0) ?? 0) }
        result.add(
          float: Array(reference[image * classes..<(image + 1) * classes]), integer: reals,
          codes: codes[image], label: labels[start + image])
      }
      start += count
      progress(Double(start) / Double(paths.count))
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
    let floatInput = floatGraph.inputs.first.map { floatGraph.values[$0].shape } ?? []
    let integerInput = integerGraph.inputs.first.map { integerGraph.tensors[$0].shape } ?? []
    guard floatInput == integerInput else {
      throw Diagnostic(
        problem: "the reference takes an input of \(floatInput), the model of \(integerInput)",
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

  /// Decodes images in parallel.
  private func loadPixels(
    _ paths: [String], _ preprocessing: ImagePreprocessing
  ) throws(Diagnostic) -> [[UInt8]] {
    let results = ParallelResults<Result<[UInt8], Diagnostic>>(count: paths.count)
    DispatchQueue.concurrentPerform(iterations: paths.count) { index in
      results.set(
        index,
        Result { () throws(Diagnostic) in try preprocessing.pixels(ofFile: paths[index]) })
    }
    var pixels: [[UInt8]] = []
    for result in results.all() { pixels.append(try result.get()) }
    return pixels
  }

  /// The logits' codes of each image. Worker w takes images w, w + workers, …
  private static func runInteger(
    _ workers: [Interpreter], _ images: [[UInt8]], pipeline: InputPipeline, graph: IntegerGraph,
    logits: TensorIndex
  ) throws(Diagnostic) -> [[Int]] {
    let results = ParallelResults<Result<[Int], Diagnostic>>(count: images.count)
    let pool = WorkerPool(workers)
    let workerCount = workers.count
    let input = graph.inputs[0]
    let producer = graph.operations.lastIndex { $0.outputs.contains(logits) }
    let tensor = graph.tensors[logits]
    DispatchQueue.concurrentPerform(iterations: workerCount) { worker in
      let interpreter = pool.interpreter(worker)
      for index in stride(from: worker, to: images.count, by: workerCount) {
        let codes = Result { () throws(Diagnostic) -> [Int] in
          try pipeline.encode(
            images[index], as: graph.tensors[input].elementType,
            into: interpreter.mutableBytes(of: input))
          // Images are no stream: what a worker saw before must not matter.
          interpreter.resetState()
          // Later operations may reuse the logits' memory: read them where they appear.
          for operation in 0...(producer ?? 0) { interpreter.run(operation: operation) }
          let bytes = interpreter.bytes(of: logits)
          return (0..<tensor.elementCount).map { tensor.elementType.code(at: $0, in: bytes) }
        }
        results.set(index, codes)
      }
    }
    var codes: [[Int]] = []
    for result in results.all() { codes.append(try result.get()) }
    return codes
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
