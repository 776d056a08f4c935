import CFloatKernels
import Diagnostics
import FloatModel

/// Runs a float graph forward and backward on batches of images.
///
/// **Batches and values** are as in ``FloatEngine``: every array is `[batch, …shape]`. All values
/// stay readable after a forward pass. A `reshape` or `identity` has no memory of its own: its
/// output is its input's buffer, so that what a `transform` changes in one changes in the other.
///
/// **Gradients** are computed only for values that a wanted parameter or input lies before; the
/// others have none, seeds on them do nothing, and `transform` is not called for them. Their memory
/// is planned once and reused as they die. A value that several nodes read gets the sum of what
/// flows back from each.
///
/// **Kinks.** A clamp fused into a node, which is applied to the output before `transform` sees it,
/// passes the gradient where the *stored* output lies strictly between its limits. All other
/// operators take their derivatives at the inputs they read: a clip passes the gradient strictly
/// between its limits, leaky ReLU and PReLU count 0 as positive, hard swish is flat up to −3 and
/// has slope 1 from 3 on, hard sigmoid is flat at both limits, and a maximum pool gives the whole
/// gradient to the first greatest tap in row-major order of its window.
///
/// **Threads.** One engine is used by one thread at a time; several may run side by side on threads
/// of their own. The same graph, batch, threads and machine give the same bits.
public final class TrainingEngine {
  /// The graph, with inferred shapes.
  public let graph: FloatGraph
  /// Images per run.
  public let batch: Int
  /// Threads per run.
  public let threads: Int

  private let inputGradients: Set<ValueIndex>
  /// Elements of each value over the batch.
  private let counts: [Int]
  private let storage: ValueStorage
  private let plan: GradientPlan
  private let gradientArena: AlignedBuffer
  /// The part of one reader, where it can only overwrite what is to be added to.
  private let staging: AlignedBuffer
  private let scratch: AlignedBuffer
  private let parameterGradients: ParameterGradients
  private var steps: [TrainingStep]
  /// Whether a value's gradient has been written in the backward pass that runs.
  private var isWritten: [Bool]
  private var hasRun = false

  /// Makes a graph ready to train.
  ///
  /// - Parameters:
  ///   - graph: any graph that ``FloatEngine`` runs.
  ///   - batch: images per run, 1…65536.
  ///   - parameters: constants, such as weights and biases, whose gradients are wanted; none of a
  ///     batch normalization.
  ///   - inputGradients: graph inputs whose gradients are wanted.
  ///   - threads: 1…1024.
  /// - Throws: what ``FloatEngine`` throws; a diagnostic naming a value that is no such constant or
  ///   input.
  public init(
    graph: FloatGraph, batch: Int, parameters: Set<ValueIndex>,
    inputGradients: Set<ValueIndex> = [], threads: Int
  ) throws(Diagnostic) {
    try FloatEngine.check(batch: batch, threads: threads)
    var graph = graph
    try graph.inferShapes()
    let leaves = try TrainingRequest.leaves(
      of: graph, parameters: parameters, inputGradients: inputGradients)
    self.graph = graph
    self.batch = batch
    self.threads = threads
    self.inputGradients = inputGradients
    // Shapes are within `ShapeLimits` and the batch is bounded: no product overflows.
    let counts = graph.values.map { batch * (ShapeLimits.elementCount($0.shape) ?? 0) }
    self.counts = counts
    let computed = graph.inputs + graph.nodes.map(\.output)
    storage = try ValueStorage(
      graph: graph, batch: batch, counts: counts, keeping: leaves.union(computed))
    plan = GradientPlan(graph: graph, counts: counts, leaves: leaves, parameters: parameters)
    gradientArena = try AlignedBuffer(count: plan.arenaCount ?? Int.max, purpose: "gradients")
    staging = try AlignedBuffer(count: plan.greatestSharedCount, purpose: "gradients")
    parameterGradients = try ParameterGradients(graph: graph, parameters: parameters)
    isWritten = graph.values.map { _ in false }

    let former = float_threads_exchange(Int32(threads))
    defer { _ = float_threads_exchange(former) }
    let builder = GradientBuilder(
      kernels: KernelBuilder(context: try PrimitiveContext(), graph: graph, batch: batch),
      plan: plan, sums: parameterGradients.sums)
    var scratchByteCount = 0
    var pairs: [((any NodeKernel)?, (any NodeGradient)?)] = []
    for node in graph.nodes {
      do {
        let kernel = try builder.kernels.kernel(for: node)
        let gradient =
          plan.isNeeded[node.output]
          ? try builder.gradient(of: node, kernel: kernel) : nil
        if let layer = gradient as? LayerGradient, layer.sumsWeights {
          try parameterGradients.add(layer, weights: node.inputs[1])
        }
        scratchByteCount = max(
          scratchByteCount, kernel?.scratchByteCount ?? 0, gradient?.backwardScratchByteCount ?? 0)
        pairs.append((kernel, gradient))
      } catch {
        throw error.at(node)
      }
    }
    scratch = try AlignedBuffer(
      count: scratchByteCount / MemoryLayout<Float>.stride + 1, purpose: "working memory")
    var steps: [TrainingStep] = []
    for (node, (kernel, gradient)) in zip(graph.nodes, pairs) {
      guard let output = storage.base(of: node.output) else {
        throw Diagnostic(place: node.place, problem: "its output has no memory")
      }
      let operands = Operands(
        inputs: storage.operands(of: node, in: graph), output: output,
        scratch: UnsafeMutableRawPointer(scratch.base))
      steps.append(
        TrainingStep(
          node: node, kernel: kernel, operands: operands, gradient: gradient,
          gradientBase: gradientArena.base + (plan.offset(of: node.output) ?? 0),
          targets: Self.targets(
            of: node, graph: graph, plan: plan, arena: gradientArena,
            sums: parameterGradients.sums)))
    }
    self.steps = steps
  }

  private static func targets(
    of node: FloatNode, graph: FloatGraph, plan: GradientPlan, arena: AlignedBuffer,
    sums: [ValueIndex: AlignedBuffer]
  ) -> [TrainingStep.Target?] {
    node.inputs.enumerated().map { position, input in
      if node.operation.readsOnce(input, at: position, in: graph) {
        // Parameters of layers are the layer's own business.
        guard case .once = node.operation.use(ofConstantAt: position) else { return nil }
        return sums[input].map { .sum($0.base) }
      }
      guard plan.isNeeded[input], let offset = plan.offset(of: input) else { return nil }
      return .value(input, arena.base + offset)
    }
  }

  /// Bytes of all buffers: values, gradients, parameters in the layouts of the kernels, and working
  /// memory. The graph's own constants are not counted.
  public var byteCount: Int {
    let layers = steps.reduce(0) { sum, step in
      sum + (step.kernel?.weightByteCount ?? 0)
        + ((step.gradient as? LayerGradient)?.byteCount ?? 0)
    }
    return storage.byteCount + gradientArena.byteCount + staging.byteCount + scratch.byteCount
      + parameterGradients.byteCount + layers
  }

  /// Replaces the elements of a constant, forward and backward.
  ///
  /// - Parameters:
  ///   - values: in the graph's own layout: weights `[O, KH, KW, C / groups]` or `[O, I]`, bias
  ///     `[O]`.
  ///   - parameter: a constant of the graph, but none of a batch normalization.
  /// - Throws: a diagnostic if it is no such constant or of another size.
  public func load(
    _ values: UnsafeBufferPointer<Float>, into parameter: ValueIndex
  ) throws(Diagnostic) {
    try TrainingRequest.check(parameter: parameter, in: graph)
    try check(
      values, count: graph.values[parameter].constant?.count ?? 0, of: parameter,
      shape: "\(graph.values[parameter].shape)")
    let former = float_threads_exchange(Int32(threads))
    defer { _ = float_threads_exchange(former) }
    storage.load(values, into: parameter)
    for step in steps {
      do {
        try step.load(values, into: parameter)
      } catch {
        throw error.at(step.node)
      }
    }
  }

  /// Runs the graph forward.
  ///
  /// - Parameters:
  ///   - inputs: one array per graph input, `[batch, …shape]`.
  ///   - transform: called with each graph input and, right after a node has written it, with each
  ///     node's output, in the order of the nodes; may change the elements in place, before any
  ///     node reads them.
  /// - Throws: a diagnostic if the number or the sizes of the inputs are wrong, or if a kernel
  ///   fails.
  public func forward(
    inputs: [UnsafeBufferPointer<Float>],
    transform: ((ValueIndex, UnsafeMutableBufferPointer<Float>) -> Void)? = nil
  ) throws(Diagnostic) {
    guard inputs.count == graph.inputs.count else {
      throw Diagnostic(
        problem: "the graph has \(graph.inputs.count) inputs, but \(inputs.count) were given")
    }
    for (index, values) in zip(graph.inputs, inputs) {
      try check(
        values, count: counts[index], of: index,
        shape: "batch \(batch) of \(graph.values[index].shape)")
    }
    hasRun = false
    for (index, values) in zip(graph.inputs, inputs) {
      guard let base = storage.base(of: index) else { continue }
      let buffer = UnsafeMutableBufferPointer(start: base, count: values.count)
      _ = buffer.update(fromContentsOf: values)
      transform?(index, buffer)
    }
    let former = float_threads_exchange(Int32(threads))
    defer { _ = float_threads_exchange(former) }
    for step in steps {
      do {
        try step.kernel?.forward(step.operands)
      } catch {
        throw error.at(step.node)
      }
      let output = step.node.output
      transform?(
        output, UnsafeMutableBufferPointer(start: step.operands.output, count: counts[output]))
    }
    hasRun = true
  }

  /// The elements of a graph input or of a node's output after the last forward pass,
  /// `[batch, …shape]`; valid until the next one and while the engine lives.
  ///
  /// - Precondition: `index` is a graph input or the output of a node.
  public func values(of index: ValueIndex) -> UnsafeBufferPointer<Float> {
    guard counts.indices.contains(index), let base = storage.base(of: index) else {
      preconditionFailure("value \(index) is not computed by the graph")
    }
    return UnsafeBufferPointer(start: base, count: counts[index])
  }

  /// Runs the graph backward over the values of the last forward pass, adding to the gradients of
  /// the parameters.
  ///
  /// - Parameters:
  ///   - seeds: the loss's derivatives by some values, `[batch, …shape]` each, normally outputs;
  ///     added to what flows back into the value from its readers.
  ///   - transform: called with the complete gradient of each node's output, from the last node to
  ///     the first, before the node's own backward pass (its clamp included), and at the end with
  ///     that of each wanted graph input; may change the elements in place. Not called where no
  ///     seed lies behind.
  /// - Throws: a diagnostic if no forward pass was run, if a seed is for no value of the graph or of
  ///   the wrong size, or if a kernel fails.
  public func backward(
    seeds: [ValueIndex: UnsafeBufferPointer<Float>],
    transform: ((ValueIndex, UnsafeMutableBufferPointer<Float>) -> Void)? = nil
  ) throws(Diagnostic) {
    try check(seeds)
    let former = float_threads_exchange(Int32(threads))
    defer { _ = float_threads_exchange(former) }
    for index in isWritten.indices { isWritten[index] = false }
    for position in steps.indices.reversed() {
      guard let gradient = steps[position].gradient else { continue }
      let output = steps[position].node.output
      guard let buffer = complete(output, seeds: seeds) else { continue }
      transform?(output, buffer)
      do {
        try backward(step: position, gradient, buffer)
      } catch {
        throw error.at(steps[position].node)
      }
    }
    for index in graph.inputs where inputGradients.contains(index) {
      if let buffer = complete(index, seeds: seeds) {
        transform?(index, buffer)
      } else {
        gradient(at: index)?.update(repeating: 0)
      }
    }
    for (index, sum) in parameterGradients.sums where isWritten[index] {
      guard let base = gradient(at: index)?.baseAddress else { continue }
      float_sum_rows(base, sum.base, Int64(batch), Int64(sum.count))
    }
  }

  /// The gradient of a parameter, summed over all backward passes since the last
  /// ``clearGradients()``, in the graph's own layout; valid until the next call of any method.
  ///
  /// - Precondition: `parameter` is one of those the engine was made for.
  public func gradient(of parameter: ValueIndex) -> UnsafeBufferPointer<Float> {
    let former = float_threads_exchange(Int32(threads))
    defer { _ = float_threads_exchange(former) }
    do throws(Diagnostic) {
      if let gradient = try parameterGradients.gradient(of: parameter) { return gradient }
    } catch {
      preconditionFailure("the gradient of value \(parameter) cannot be read: \(error)")
    }
    preconditionFailure("the gradient of value \(parameter) was not asked for")
  }

  /// The gradient of a graph input in the last backward pass, `[batch, …shape]`.
  ///
  /// - Precondition: `index` is one of those the engine was made for.
  public func gradient(ofInput index: ValueIndex) -> UnsafeBufferPointer<Float> {
    guard inputGradients.contains(index), let buffer = gradient(at: index) else {
      preconditionFailure("the gradient of value \(index) was not asked for")
    }
    return UnsafeBufferPointer(buffer)
  }

  /// Sets the gradients of all parameters to zero.
  public func clearGradients() { parameterGradients.clear() }

  /// Adds the seed to the gradient of a value all of whose readers are done; `nil` where nothing
  /// flows back into it.
  private func complete(
    _ index: ValueIndex, seeds: [ValueIndex: UnsafeBufferPointer<Float>]
  ) -> UnsafeMutableBufferPointer<Float>? {
    guard let buffer = gradient(at: index) else { return nil }
    if let seed = seeds[index], let source = seed.baseAddress, let base = buffer.baseAddress {
      float_pass_gradient(source, base, Int64(seed.count), isWritten[index])
      isWritten[index] = true
    }
    return isWritten[index] ? buffer : nil
  }

  /// The backward pass of one node. Changes its step in place, so that nothing is allocated.
  private func backward(
    step position: Int, _ gradient: any NodeGradient, _ buffer: UnsafeMutableBufferPointer<Float>
  ) throws(Diagnostic) {
    guard let base = buffer.baseAddress else { return }
    let clamp = steps[position].node.operation.clamp
    if !clamp.isUnlimited {
      float_clip_gradient(
        steps[position].operands.output, base, base, Int64(buffer.count), clamp.minimum,
        clamp.maximum, false)
    }
    var staged: (into: UnsafeMutablePointer<Float>, count: Int)?
    for input in steps[position].targets.indices {
      guard let target = steps[position].targets[input] else { continue }
      var part: GradientTarget
      switch target {
      case .sum(let base): part = GradientTarget(base: base, adds: true)
      case .value(let index, let base):
        part = GradientTarget(base: base, adds: isWritten[index])
        isWritten[index] = true
        if part.adds, gradient.onlyOverwrites {
          staged = (base, counts[index])
          part = GradientTarget(base: staging.base, adds: false)
        }
      }
      steps[position].gradientOperands.targets[input] = part
    }
    try gradient.backward(steps[position].gradientOperands)
    if let staged { float_accumulate(staging.base, staged.into, Int64(staged.count)) }
  }

  private func gradient(at index: ValueIndex) -> UnsafeMutableBufferPointer<Float>? {
    guard plan.isNeeded[index], let offset = plan.offset(of: index) else { return nil }
    return UnsafeMutableBufferPointer(start: gradientArena.base + offset, count: counts[index])
  }

  private func check(_ seeds: [ValueIndex: UnsafeBufferPointer<Float>]) throws(Diagnostic) {
    guard hasRun else {
      throw Diagnostic(problem: "a backward pass needs the values of a forward pass before it")
    }
    // The least value that is wrong is reported, so that the same seeds give the same error.
    var wrong: ValueIndex?
    for (index, seed) in seeds where !isSeed(index, count: seed.count) {
      wrong = min(wrong ?? index, index)
    }
    guard let index = wrong else { return }
    guard counts.indices.contains(index), graph.values[index].constant == nil else {
      throw Diagnostic(
        problem: "there is a seed for value \(index), but the graph does not compute it")
    }
    try check(
      seeds[index] ?? UnsafeBufferPointer(start: nil, count: 0), count: counts[index], of: index,
      shape: "batch \(batch) of \(graph.values[index].shape)")
  }

  private func isSeed(_ index: ValueIndex, count: Int) -> Bool {
    counts.indices.contains(index) && graph.values[index].constant == nil && counts[index] == count
  }

  private func check(
    _ values: UnsafeBufferPointer<Float>, count: Int, of index: ValueIndex,
    shape: @autoclosure () -> String
  ) throws(Diagnostic) {
    guard values.count == count else {
      throw Diagnostic(
        place: "value '\(graph.values[index].name)'",
        problem: "\(values.count) elements were given instead of \(count) (\(shape()))")
    }
  }
}
