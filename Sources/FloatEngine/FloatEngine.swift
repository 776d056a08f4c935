import CFloatKernels
import Diagnostics
import FloatModel

/// Runs a float graph forward on batches of images, on oneDNN and a few loops of its own.
///
/// **Batches.** The graph's shapes are those of one image. Every array here is `[batch, …shape]`:
/// image after image, each as the graph has it. A leading axis of 1 in the graph's shape therefore
/// becomes the batch axis, and an operator that treats its axis 0 in any special way still sees one
/// image at a time.
///
/// **Memory.** One arena is planned when the engine is made, with buffers reused as values die, and
/// serves every run. Nothing is reordered or allocated while running, except by oneDNN itself.
///
/// **Determinism.** The same graph, batch, threads and machine give the same bits.
///
/// **Threads.** Those of OpenMP, which spin for milliseconds while they wait; see ``IdleThreads``.
///
/// One engine is used by one thread at a time; several may run side by side.
public final class FloatEngine {
  /// The graph, with inferred shapes.
  public let graph: FloatGraph
  /// Images per run.
  public let batch: Int
  /// Threads per run.
  public let threads: Int
  /// Bytes of the arena that holds all activations.
  public var arenaByteCount: Int { storage.arenaByteCount }

  private struct Step {
    var node: FloatNode
    /// `nil` where the output is the input's own buffer.
    var kernel: (any NodeKernel)?
    var operands: Operands
  }

  private let readable: Set<ValueIndex>
  /// Elements of each value over the batch.
  private let counts: [Int]
  private let storage: ValueStorage
  private let scratch: AlignedBuffer
  private let steps: [Step]

  private static let greatestBatch = 65_536
  private static let greatestThreadCount = 1024

  /// Makes a graph ready to run.
  ///
  /// - Parameters:
  ///   - graph: any valid graph; parameters of convolutions, fully connected layers and batch
  ///     normalizations must be constants.
  ///   - batch: images per run, 1…65536.
  ///   - keeping: values that can be read after a run, besides the graph's outputs.
  ///   - threads: 1…1024.
  /// - Throws: what ``FloatGraph/inferShapes()`` throws; a diagnostic naming the node whose shapes
  ///   or parameters cannot be run; one if there is not enough memory.
  public init(
    graph: FloatGraph, batch: Int, keeping: Set<ValueIndex> = [], threads: Int
  ) throws(Diagnostic) {
    try Self.check(batch: batch, threads: threads)
    var graph = graph
    try graph.inferShapes()
    let defined = Set(graph.inputs).union(graph.nodes.map(\.output))
    for index in keeping.sorted() where !defined.contains(index) {
      guard graph.values.indices.contains(index), graph.values[index].constant != nil else {
        throw Diagnostic(problem: "value \(index) cannot be kept: the graph does not compute it")
      }
    }
    self.graph = graph
    self.batch = batch
    self.threads = threads
    readable = keeping.union(graph.outputs)
    // Shapes are within `ShapeLimits` and the batch is bounded: no product overflows.
    counts = graph.values.map { batch * (ShapeLimits.elementCount($0.shape) ?? 0) }
    storage = try ValueStorage(graph: graph, batch: batch, counts: counts, keeping: readable)

    let former = float_threads_exchange(Int32(threads))
    defer { _ = float_threads_exchange(former) }
    let builder = KernelBuilder(context: try PrimitiveContext(), graph: graph, batch: batch)
    var kernels: [(any NodeKernel)?] = []
    for node in graph.nodes {
      do {
        kernels.append(try builder.kernel(for: node))
      } catch {
        throw error.at(node)
      }
    }
    let scratchByteCount = kernels.map { $0?.scratchByteCount ?? 0 }.max() ?? 0
    scratch = try AlignedBuffer(
      count: scratchByteCount / MemoryLayout<Float>.stride + 1, purpose: "working memory")
    steps = try Self.steps(of: graph, kernels: kernels, storage: storage, scratch: scratch)
  }

  static func check(batch: Int, threads: Int) throws(Diagnostic) {
    guard (1...greatestBatch).contains(batch) else {
      throw Diagnostic(problem: "batch \(batch) is outside 1…\(greatestBatch)")
    }
    guard (1...greatestThreadCount).contains(threads) else {
      throw Diagnostic(problem: "\(threads) threads are outside 1…\(greatestThreadCount)")
    }
  }

  private static func steps(
    of graph: FloatGraph, kernels: [(any NodeKernel)?], storage: ValueStorage,
    scratch: AlignedBuffer
  ) throws(Diagnostic) -> [Step] {
    var steps: [Step] = []
    for (node, kernel) in zip(graph.nodes, kernels) {
      guard let output = storage.base(of: node.output) else {
        throw Diagnostic(place: node.place, problem: "its output has no memory")
      }
      let operands = Operands(
        inputs: storage.operands(of: node, in: graph), output: output,
        scratch: UnsafeMutableRawPointer(scratch.base))
      steps.append(Step(node: node, kernel: kernel, operands: operands))
    }
    return steps
  }

  /// Runs the graph once.
  ///
  /// - Parameters:
  ///   - inputs: one array per graph input, `[batch, …shape]`.
  ///   - observe: called with each graph input and, right after a node has written it, with each
  ///     node's output, `[batch, …shape]`; the buffer is valid during the call only.
  /// - Throws: a diagnostic if the number or the sizes of the inputs are wrong, or if a kernel
  ///   fails.
  public func run(
    inputs: [[Float]],
    observe: ((ValueIndex, UnsafeBufferPointer<Float>) -> Void)? = nil
  ) throws(Diagnostic) {
    try check(inputs)
    for (index, values) in zip(graph.inputs, inputs) {
      guard let base = storage.base(of: index) else { continue }
      values.withUnsafeBufferPointer { source in
        _ = UnsafeMutableBufferPointer(start: base, count: values.count)
          .update(fromContentsOf: source)
      }
      observe?(index, UnsafeBufferPointer(start: base, count: counts[index]))
    }
    let former = float_threads_exchange(Int32(threads))
    defer { _ = float_threads_exchange(former) }
    for step in steps {
      do {
        try step.kernel?.forward(step.operands)
      } catch {
        throw error.at(step.node)
      }
      observe?(
        step.node.output,
        UnsafeBufferPointer(start: step.operands.output, count: counts[step.node.output]))
    }
  }

  /// The elements of a graph output or kept value after the last run, `[batch, …shape]`; valid
  /// until the next run and while the engine lives.
  ///
  /// - Precondition: `index` is an output of the graph or in `keeping`.
  public func values(of index: ValueIndex) -> UnsafeBufferPointer<Float> {
    guard readable.contains(index), let base = storage.base(of: index) else {
      preconditionFailure("value \(index) is neither an output nor kept")
    }
    return UnsafeBufferPointer(start: base, count: counts[index])
  }

  private func check(_ arrays: [[Float]]) throws(Diagnostic) {
    guard arrays.count == graph.inputs.count else {
      throw Diagnostic(
        problem: "the graph has \(graph.inputs.count) inputs, but \(arrays.count) were given")
    }
    for (index, values) in zip(graph.inputs, arrays) where values.count != counts[index] {
      throw Diagnostic(
        place: "input '\(graph.values[index].name)'",
        problem: "holds \(values.count) elements instead of \(counts[index]) "
          + "(batch \(batch) of \(graph.values[index].shape))")
    }
  }
}

extension Diagnostic {
  /// The diagnostic with the node as its place.
  func at(_ node: FloatNode) -> Diagnostic {
    Diagnostic(place: node.place, problem: problem, remedy: remedy)
  }
}
