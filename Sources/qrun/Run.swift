import CommandSupport
import Diagnostics
import FBQFormat
import FileAccess
import Glibc
import InferenceSession
import IntegerModel
import IntegerRuntime

/// One execution of `qrun`: load, run over all inputs, print, write, compare.
struct Run {
  private let arguments: QRun
  private let graph: IntegerGraph
  private let golden: Golden?
  private let inputs: InputSequence
  /// One that shares each operation between all threads, or one per thread, each for other inputs.
  private let interpreters: [Interpreter]
  private let printer: any ResultPrinter

  /// Loads everything, so that nothing is computed before all that can be checked was.
  init(arguments: QRun) throws {
    self.arguments = arguments
    for path in arguments.written { try AtomicFile.checkWritable(path) }
    let validated = try FBQFile.readValidated(path: arguments.model)
    graph = validated.graph
    golden = try Run.golden(arguments, graph: graph)
    inputs = try Run.inputs(arguments, graph: graph, golden: golden)
    guard arguments.benchmark == nil || inputs.count == 1 else {
      throw UsageError("--benchmark takes one input, there are \(inputs.count)")
    }
    interpreters = try Run.interpreters(
      arguments, validated, golden: golden, inputCount: inputs.count)
    try golden?.requireSameArithmetic(interpreters[0].arithmetic)
    if graph.hasStates { try golden?.requireSameStates(resets: arguments.resetState) }
    try golden?.requireInputCount(inputs.count)
    let context = RunContext(
      model: arguments.model, graph: graph, arithmetic: interpreters[0].arithmetic,
      kernels: arguments.kernels.resolved, threads: arguments.threads, top: arguments.top)
    printer = arguments.format == .json ? JSONPrinter(context) : TextPrinter(context)
  }

  /// The first interpreter, of which there is at least one.
  private var interpreter: Interpreter { interpreters[0] }

  /// Does the work.
  func perform() throws {
    try printer.begin()
    if let count = arguments.benchmark {
      try measure(runCount: count)
    } else {
      try runAll()
    }
  }

  private static func golden(
    _ arguments: QRun, graph: IntegerGraph
  ) throws(Diagnostic) -> Golden? {
    guard let path = arguments.expect else { return nil }
    return try Golden(path: path, for: graph)
  }

  private static func interpreters(
    _ arguments: QRun, _ validated: ValidatedGraph, golden: Golden?, inputCount: Int
  ) throws(Diagnostic) -> [Interpreter] {
    let graph = validated.graph
    // A stream's next input needs the state that the one before it leaves; layers are timed alone.
    let isParallel =
      (!graph.hasStates || arguments.resetState) && !arguments.timeLayers
      && arguments.benchmark == nil
    let count = isParallel ? max(1, min(arguments.threads, inputCount)) : 1
    // Packing the weights takes longer than anything before it.
    return try concurrentMap(count) { _ throws(Diagnostic) in
      try interpreter(
        arguments, validated, arguments.arithmetic, threads: count > 1 ? 1 : arguments.threads,
        preservesAll: arguments.dumpTensors != nil || arguments.allTensors
          || golden?.hasIntermediates(of: graph) == true)
    }
  }

  /// An interpreter of the model under `arithmetic`; `nil` for the model's own.
  static func interpreter(
    _ arguments: QRun, _ graph: ValidatedGraph, _ arithmetic: ArithmeticProfile?, threads: Int,
    preservesAll: Bool
  ) throws(Diagnostic) -> Interpreter {
    let options = RunOptions(
      arithmetic: arithmetic, kernels: arguments.kernels, threads: threads,
      preservesAllTensors: preservesAll)
    do throws(Diagnostic) {
      return try Interpreter(graph, options: options)
    } catch {
      throw error.inFile(arguments.model)
    }
  }

  /// The inputs that the arguments name, else those of the golden, else zeros.
  static func inputs(
    _ arguments: QRun, graph: IntegerGraph, golden: Golden?
  ) throws(Diagnostic) -> InputSequence {
    if let path = arguments.input { return try InputSequence(codes: path, for: graph) }
    guard arguments.images.isEmpty else {
      do throws(Diagnostic) {
        return try InputSequence(images: arguments.images, for: graph)
      } catch {
        throw error.inFile(arguments.model)
      }
    }
    if let golden { return try golden.inputs(for: graph) }
    return .zeros
  }

  private func runAll() throws {
    var outputs = try collector(graph.outputs, for: arguments.output)
    var dump = try collector(graph.activationsInOrder, for: arguments.dumpTensors)
    var recorded = try collector(
      arguments.allTensors ? graph.activationsInOrder : graph.inputs + graph.outputs,
      for: arguments.record)
    var comparison = golden.map { GoldenComparison(with: $0, path: arguments.expect ?? "") }
    var layerTimes = LayerTimes(operationCount: graph.operations.count)
    let progress = Progress()
    // A line on standard error would tear apart results that go to the same terminal.
    let showsProgress = isatty(STDOUT_FILENO) == 0

    if arguments.timeLayers {
      // The first run waits for memory and caches; it would be counted against the first layers.
      try inputs.load(0, into: interpreter)
      interpreter.run()
      interpreter.resetState()
    }
    try InputLanes(interpreters).run(inputs.count) { index, interpreter in
      try inputs.load(index, into: interpreter)
      if arguments.resetState { interpreter.resetState() }
      return arguments.timeLayers
        ? layerTimes.run(interpreter) : Stopwatch.microseconds { interpreter.run() }
    } inOrder: { index, interpreter, time in
      if showsProgress { progress.update("running", Double(index) / Double(inputs.count)) }
      outputs?.collect(from: interpreter)
      dump?.collect(from: interpreter)
      recorded?.collect(from: interpreter)
      comparison?.compare(interpreter, input: index)
      try printer.result(of: inputs.name(of: index), interpreter, microseconds: time)
    }
    progress.finish()
    if arguments.timeLayers { try printLayers(layerTimes) }
    try write(outputs: outputs, dump: dump, recorded: recorded)
    if let comparison, let golden {
      try comparison.requireEqual(in: graph, inputs: inputs)
      try printer.equal(
        to: arguments.expect ?? "", elementCount: comparison.elementCount,
        inputCount: golden.inputCount)
    }
  }

  private func printLayers(_ times: LayerTimes) throws {
    let peak = Peak(of: arguments.kernels, threads: arguments.threads)
    try printer.layers(times, peak: peak)
  }

  private func collector(
    _ tensors: [TensorIndex], for path: String?
  ) throws -> TensorCollector? {
    guard let path else { return nil }
    return try TensorCollector(
      unique(tensors), of: graph, inputCount: inputs.count, file: path)
  }

  /// A tensor can be input and output at once; a file holds it once.
  private func unique(_ tensors: [TensorIndex]) -> [TensorIndex] {
    var seen: Set<TensorIndex> = []
    return tensors.filter { graph.tensors[$0].constant == nil && seen.insert($0).inserted }
  }

  private func write(
    outputs: TensorCollector?, dump: TensorCollector?, recorded: TensorCollector?
  ) throws {
    if let outputs, let path = arguments.output { try outputs.write(to: path) }
    if let dump, let path = arguments.dumpTensors { try dump.write(to: path) }
    if let recorded, let path = arguments.record {
      let description = Golden.Description(
        model: graph.name, arithmetic: interpreter.arithmetic.name,
        inputs: (0..<inputs.count).map(inputs.name),
        resetsState: graph.hasStates && arguments.resetState ? true : nil)
      try Golden.write(recorded.arrays(), description: description, to: path)
    }
  }

  private func measure(runCount: Int) throws {
    try inputs.load(0, into: interpreter)
    let warmUpCount = max(1, runCount / 10)
    for _ in 0..<warmUpCount { interpreter.run() }
    var times: [Double] = []
    var layerTimes = LayerTimes(operationCount: graph.operations.count)
    let progress = Progress()
    for index in 0..<runCount {
      progress.update("measuring", Double(index) / Double(runCount))
      times.append(
        arguments.timeLayers
          ? layerTimes.run(interpreter) : Stopwatch.microseconds { interpreter.run() })
    }
    progress.finish()
    if arguments.timeLayers { try printLayers(layerTimes) }
    try printer.benchmark(
      of: inputs.name(of: 0), LatencyStatistics(times), warmUpCount: warmUpCount)
  }
}
