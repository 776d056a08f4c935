import Diagnostics
import FloatModel
import Foundation
import IntegerModel
import IntegerRuntime
import OperatorArithmetic

/// Runs an integer graph on all samples at once, operation by operation, while it is being lowered:
/// what is decided about a layer can depend on what the integer kernels made of all samples before
/// it, and each operation runs only once per sample.
///
/// **Memory.** The codes of all samples at the tensors that nodes still to come read: a byte per
/// 8-bit element and sample, see ``FloatGraph/greatestLiveElementCount()``.
struct BreadthFirstRun {
  /// The graph under construction.
  private(set) var lowering: Lowering
  private let samples: Int
  private let threads: Int
  private var codes: [TensorIndex: SampleCodes] = [:]
  /// The last node that reads each value.
  private var lastReaders: [ValueIndex: Int]
  /// The node under way.
  private(set) var position = 0
  /// Lowering as it was before the node under way.
  private var start: Lowering

  /// Lowers the inputs of `state.graph` and encodes `samples`.
  init(_ state: QuantizationState, samples: SampleSet) throws(Diagnostic) {
    lowering = Lowering(state)
    start = lowering
    self.samples = samples.count
    threads = state.options.threads
    lastReaders = state.graph.lastReaders()
    try lowering.lowerInputs()
    start = lowering
    let inputs = lowering.result.inputs
    var parameters: [ActivationParameters] = []
    for input in state.graph.inputs { parameters.append(try lowering.quantization(of: input)) }
    for tensor in inputs {
      codes[tensor] = SampleCodes(
        samples: samples.count, byteCount: lowering.result.tensors[tensor].byteCount)
    }
    for sample in 0..<samples.count {
      for (tensor, values) in zip(inputs, try samples.codes(sample, parameters: parameters)) {
        _ = codes[tensor]?.sample(sample).update(fromContentsOf: values)
      }
    }
  }

  /// The state as lowering sees it.
  var state: QuantizationState {
    get { lowering.state }
    set { lowering.state = newValue }
  }

  /// The mean distance from the zero point that each tap of `window` sees in the codes of `value`,
  /// over all samples; `nil` where no codes are held.
  func tapMeans(of value: ValueIndex, window: LayerWindow) -> TapMeans? {
    gather(TapMeans(window), over: value)
  }

  /// For each channel of `value`, the share of its codes strictly inside `limits`, over all samples;
  /// `nil` where no codes are held.
  func movingShares(of value: ValueIndex, limits: CodeRange) -> [Double]? {
    let channels = lowering.graph.values[value].shape.last ?? 1
    return gather(ChannelActivity(channels: channels, limits: limits), over: value)?.shares
  }

  /// A statistic over the codes of `value`. Statistics count whole numbers, so that the threads'
  /// shares give the same sum in any order.
  private func gather<Statistic: SampleStatistic>(
    _ empty: Statistic, over value: ValueIndex
  ) -> Statistic? {
    guard let tensor = lowering.tensors[value], let held = codes[tensor] else { return nil }
    let isWide = lowering.result.tensors[tensor].elementType == .int16
    let zeroPoint = lowering.result.tensors[tensor].zeroPoint
    let samples = samples
    let workers = workers
    let partial = ParallelResults<Statistic>(count: workers)
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      var statistic = empty
      for sample in stride(from: worker, to: samples, by: workers) {
        let bytes = UnsafeRawBufferPointer(held.sample(sample))
        if isWide {
          statistic.add(bytes.bindMemory(to: Int16.self), zeroPoint: zeroPoint)
        } else {
          statistic.add(bytes.bindMemory(to: Int8.self), zeroPoint: zeroPoint)
        }
      }
      partial.set(worker, statistic)
    }
    var total = empty
    for statistic in partial.all() { total.add(statistic) }
    return total
  }

  private var workers: Int { max(1, min(threads, samples)) }

  /// Lowers the node under way and runs what it became on all samples. May be repeated after a
  /// change of the node's bias.
  mutating func compute() throws(Diagnostic) {
    let state = lowering.state
    lowering = start
    lowering.state = state
    let first = lowering.result.operations.count
    try lowering.lower(lowering.graph.nodes[position])
    for index in first..<lowering.result.operations.count { try run(operation: index) }
  }

  /// Goes on to the next node.
  mutating func advance() {
    forgetReadCodes()
    start = lowering
    position += 1
  }

  private mutating func run(operation index: Int) throws(Diagnostic) {
    let samples = samples
    let graph = lowering.result.graph(ofOperation: index)
    let operation = lowering.result.operations[index]
    // Codes of an earlier try go first.
    for tensor in operation.outputs { codes[tensor] = nil }
    let outputs = operation.outputs.map { tensor in
      SampleCodes(
        samples: samples, byteCount: lowering.result.tensors[tensor].byteCount)
    }
    var seen: Set<TensorIndex> = []
    let inputs = operation.inputs.compactMap { seen.insert($0).inserted ? codes[$0] : nil }
    let workers = workers
    var interpreters: [Interpreter] = []
    for _ in 0..<workers { interpreters.append(try Interpreter(graph: graph)) }
    let pool = WorkerPool(interpreters)
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      let interpreter = pool.interpreter(worker)
      for sample in stride(from: worker, to: samples, by: workers) {
        for (tensor, held) in zip(graph.inputs, inputs) {
          interpreter.mutableBytes(of: tensor).copyMemory(
            from: UnsafeRawBufferPointer(held.sample(sample)))
        }
        interpreter.run()
        for (tensor, held) in zip(graph.outputs, outputs) {
          UnsafeMutableRawBufferPointer(held.sample(sample)).copyMemory(
            from: interpreter.bytes(of: tensor))
        }
      }
    }
    for (tensor, held) in zip(operation.outputs, outputs) { codes[tensor] = held }
  }

  /// Frees the codes that no later node reads.
  private mutating func forgetReadCodes() {
    var needed: Set<TensorIndex> = []
    for (value, tensor) in lowering.tensors where lastReaders[value] ?? -1 > position {
      needed.insert(tensor)
    }
    for (copy, tensor) in lowering.copies where lastReaders[copy.value] ?? -1 > position {
      needed.insert(tensor)
    }
    codes = codes.filter { needed.contains($0.key) }
  }
}

extension FloatGraph {
  /// Position of the last node that reads each value.
  func lastReaders() -> [ValueIndex: Int] {
    var result: [ValueIndex: Int] = [:]
    for (position, node) in nodes.enumerated() {
      for input in node.inputs { result[input] = position }
    }
    return result
  }

  /// The most elements of one sample that exist at a time: those of the values that the node under
  /// way or a later one reads, and of its output.
  func greatestLiveElementCount() -> Int {
    let lastReaders = lastReaders()
    func size(_ value: ValueIndex) -> Int { values[value].shape.reduce(1, *) }
    var live = Set(inputs)
    var greatest = 0
    for (position, node) in nodes.enumerated() {
      live.insert(node.output)
      greatest = max(greatest, live.reduce(0) { $0 + size($1) })
      live = live.filter { lastReaders[$0] ?? -1 > position }
    }
    return greatest
  }
}

extension IntegerGraph {
  /// A graph of one operation alone, whose activations are its inputs and outputs. An activation that
  /// the operation reads twice is one input.
  fileprivate func graph(ofOperation index: Int) -> IntegerGraph {
    var single = IntegerGraph(name: name, arithmetic: arithmetic)
    var operation = operations[index]
    var places: [TensorIndex: TensorIndex] = [:]
    for tensor in operation.inputs + operation.outputs where places[tensor] == nil {
      places[tensor] = single.tensors.count
      single.tensors.append(tensors[tensor])
    }
    operation.inputs = operation.inputs.map { places[$0] ?? $0 }
    operation.outputs = operation.outputs.map { places[$0] ?? $0 }
    for input in operation.inputs
    where single.tensors[input].constant == nil && !single.inputs.contains(input) {
      single.inputs.append(input)
    }
    single.outputs = operation.outputs
    single.operations = [operation]
    single.deriveProfiles()
    return single
  }
}
