import CIntegerKernels
import Diagnostics
import IntegerModel

/// Runs a quantized graph.
///
/// Creating it validates the graph, places every tensor in one arena and prepares the weights;
/// running it afterward allocates nothing and cannot fail. One interpreter serves one thread at a
/// time; any number of them may run the same graph in parallel, sharing its constants.
///
/// ```swift
/// let interpreter = try Interpreter(graph: graph)
/// interpreter.mutableBytes(of: graph.inputs[0]).copyBytes(from: codes)
/// interpreter.run()
/// let result = [UInt8](interpreter.bytes(of: graph.outputs[0]))
/// ```
public final class Interpreter {
  /// The graph that is run.
  public let graph: IntegerGraph
  /// Whose arithmetic is used.
  public let arithmetic: ArithmeticProfile
  /// Bytes of the arena that holds all activations.
  public let arenaByteCount: Int

  /// The operations as the arithmetic in use computes them.
  let operations: [Operation]
  let places: [TensorPlace]
  private let steps: [Step]
  private let memory: PreparedMemory
  private let threads: OpaquePointer?
  private let scratch: UnsafeMutablePointer<UInt8>
  private let scratchStride: Int

  /// Validates and plans the graph.
  /// - Throws: what ``IntegerGraph/validate()`` finds, and what ``init(_:options:)`` throws.
  public convenience init(
    graph: IntegerGraph, options: RunOptions = RunOptions()
  ) throws(Diagnostic) {
    try self.init(ValidatedGraph(graph), options: options)
  }

  /// Plans the graph.
  /// - Throws: an arithmetic that the graph holds no numbers for, an arena beyond 2 GiB, a number of
  ///   threads outside 1…``RunOptions/maximumThreads``, kernels that this machine cannot run.
  public init(
    _ validated: ValidatedGraph, options: RunOptions = RunOptions()
  ) throws(Diagnostic) {
    guard options.threads >= 1, options.threads <= RunOptions.maximumThreads else {
      throw Diagnostic(
        place: "threads",
        problem: "\(options.threads) is outside 1…\(RunOptions.maximumThreads)")
    }
    if let lacking = options.kernels.lacking {
      throw Diagnostic(
        place: "kernels",
        problem: "'\(options.kernels.rawValue)' need \(lacking), which this machine lacks",
        remedy: "choose 'auto' for the fastest kernels it has")
    }
    let graph = validated.graph
    let arithmetic = options.arithmetic ?? graph.arithmetic
    try graph.requireServed(arithmetic)
    var resolved = graph
    resolved.operations = graph.operations.map { $0.resolved(for: arithmetic) }
    let plan = try ArenaPlan(of: graph, preservesAll: options.preservesAllTensors)
    // Tensors can share constants, so that together they may seem to take more than there is.
    var constantByteCount: UInt64 = 0
    for tensor in graph.tensors { constantByteCount += UInt64(tensor.constant?.count ?? 0) }
    // Packed, most constants take about as much memory; some kernels widen them.
    let memory = PreparedMemory(
      expecting: Int(clamping: UInt64(plan.byteCount) + constantByteCount),
      limit: Int(clamping: UInt64(plan.byteCount) + 3 * constantByteCount))
    let arena = memory.allocate(byteCount: plan.byteCount)
    let places = graph.tensors.indices.map { index in
      graph.tensors[index].place(
        at: plan.offsets[index].map { arena + $0 }
          ?? graph.tensors[index].alignedConstantAddress(in: memory))
    }

    let planners = options.kernels.tablesInOrder.compactMap { choice in
      choice.table.flatMap { fbq_kernels_of($0) }.map { kernels in
        TablePlanner(
          graph: resolved, places: places, arithmetic: arithmetic, choice: choice,
          kernels: kernels.pointee, options: options, memory: memory)
      }
    }
    var steps: [Step] = []
    var scratchByteCount = 0
    for index in graph.operations.indices {
      if let step = TablePlanner.step(for: index, of: planners) {
        steps.append(.table(step))
        scratchByteCount = max(scratchByteCount, step.scratchByteCount)
      } else {
        steps.append(.reference(graph.linearOperands(of: graph.operations[index], in: memory)))
      }
    }

    self.graph = graph
    operations = resolved.operations
    self.arithmetic = arithmetic
    self.memory = memory
    self.places = places
    self.steps = steps
    arenaByteCount = plan.byteCount
    scratchStride =
      (scratchByteCount + MemoryPlan.alignment - 1) / MemoryPlan.alignment * MemoryPlan.alignment
    scratch = memory.allocate(UInt8.self, count: scratchStride * options.threads)
    threads = fbq_threads_create(Int32(options.threads))
    resetState()
  }

  deinit { fbq_threads_destroy(threads) }

  /// The bytes of an activation, for filling a graph input. Valid as long as the interpreter lives.
  public func mutableBytes(of tensor: TensorIndex) -> UnsafeMutableRawBufferPointer {
    precondition(graph.tensors[tensor].constant == nil, "constants cannot be written")
    return UnsafeMutableRawBufferPointer(
      start: places[tensor].address, count: graph.tensors[tensor].byteCount)
  }

  /// The bytes of a tensor: little-endian codes, row-major.
  ///
  /// Inputs, outputs and constants are always valid. Another activation keeps its value from the
  /// operation that writes it to the last that reads it, or, with
  /// ``RunOptions/preservesAllTensors``, to the next run. The pointer is valid as long as the
  /// interpreter lives.
  public func bytes(of tensor: TensorIndex) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: places[tensor].address, count: graph.tensors[tensor].byteCount)
  }

  /// Sets every state to its zero point, real 0, as it is before the first run. A model without states
  /// is left as it is.
  public func resetState() {
    for index in graph.tensors.indices where graph.tensors[index].isState {
      let place = places[index]
      if place.elementType == .int16 {
        let codes = place.view(as: Int16.self)
        codes.codes.update(
          repeating: Int16(truncatingIfNeeded: place.zeroPoint), count: codes.count)
      } else {
        let codes = place.view(as: Int8.self)
        codes.codes.update(repeating: Int8(truncatingIfNeeded: place.zeroPoint), count: codes.count)
      }
    }
  }

  /// Computes all outputs from the inputs. States keep what they hold to the next run, as on a device
  /// that is fed a stream; ``resetState()`` begins another stream.
  public func run() {
    for index in steps.indices { run(operation: index) }
  }

  /// Computes one operation, so that a caller can time it or look at its result. Its inputs must have
  /// been computed: run the operations in order.
  public func run(operation index: Int) {
    switch steps[index] {
    case .reference(let operands): runReference(operations[index], operands)
    case .table(let step):
      fbq_threads_run(
        step.isParallel ? threads : nil, step.kernel, step.parameters, step.units, scratch,
        scratchStride)
    }
  }

  /// The kernels that compute an operation: `reference` or the name of a table, such as `portable`.
  public func kernelName(of operation: Int) -> String {
    switch steps[operation] {
    case .reference: KernelChoice.reference.rawValue
    case .table(let step): step.choice.rawValue
    }
  }
}
