import Diagnostics
import FloatEngine
import FloatModel
import Foundation

/// The quantized network that is trained: parameters in, loss and derivatives out.
///
/// Samples are spread over one replica per thread, a micro-batch at a time, in a fixed order: equal
/// seeds and threads give equal bits.
package final class StudentNetwork {
  private let state: QuantizationState
  private let student: StudentGraph
  private let options: TrainingOptions
  private let replicas: [StudentReplica]
  private var weights: StudentWeights
  private var ranges: [TrainableRange]
  /// Start of each range's parameters.
  private var rangeStarts: [Int] = []
  private var classes: [ValueIndex: ValueIndex] = [:]
  /// Position in `ranges` of a representative.
  private var rangeOfClass: [ValueIndex: Int] = [:]
  private var unification: ScaleUnification
  private var grids: [QuantizationGrid] = []
  private var outputSteps: [Float] = []
  /// What is trained.
  package private(set) var parameters: TrainableParameters = [:]

  /// - Parameter state: calibrated, with weight thresholds and a bias in every layer.
  package init(_ state: QuantizationState, options: TrainingOptions) throws(Diagnostic) {
    self.state = state
    self.options = options
    student = StudentGraph(state)
    unification = ScaleUnification(graph: state.graph, wide: state.wideValues)
    var replicas: [StudentReplica] = []
    for _ in 0..<max(state.options.threads, 1) {
      let replica = try StudentReplica(student, microBatch: options.microBatch)
      replica.loss = options.loss
      replicas.append(replica)
    }
    self.replicas = replicas
    weights = StudentWeights(student, state: state, options: options)
    ranges = []
    for value in state.ranges.keys { classes[value] = unification.representative(of: value) }
    collectRanges()
    if options.tunesWeights, !options.keepsWeights {
      parameters[.weightFactors] = Array(repeating: 1, count: weights.weightCount)
      parameters[.biasFactors] = Array(repeating: 1, count: weights.biasCount)
    }
    if options.tunesBiases {
      parameters[.biasOffsets] = Array(repeating: 0, count: weights.biasCount)
    }
    parameters[.weightThresholds] = weights.thresholdParameters(of: state)
    try update(parameters)
    if options.learnsRounding { parameters[.roundings] = weights.startOfRoundings() }
  }

  /// Measures on `samples` what weights are multiplied with on average, so that biases can make up
  /// for the mean error of rounding from now on.
  ///
  /// Only where a bias correction has done so already: the paper's method leaves biases alone.
  package func measureInputs(on samples: [Int], of data: TrainingSamples) throws(Diagnostic) {
    guard state.options.biasCorrection != .none else { return }
    var means: [Int: TapMeans] = [:]
    var nodes: [Int: FloatNode] = [:]
    for (position, place) in weights.places.enumerated() {
      guard let node = student.graph.nodes.first(where: { $0.output == place.layer.output }),
        let window = LayerWindow(node, in: student.graph)
      else { continue }
      nodes[position] = node
      means[position] = TapMeans(window)
    }
    var start = 0
    while start < samples.count {
      let part = Array(samples[start..<min(start + options.microBatch, samples.count)])
      try replicas[0].computeOutputs(part, of: data, grids: grids)
      for (position, place) in weights.places.enumerated() {
        let values = replicas[0].engine.values(of: place.layer.input)
        let size = values.count / options.microBatch
        for sample in part.indices {
          means[position]?.add(
            UnsafeBufferPointer(rebasing: values[sample * size..<(sample + 1) * size]))
        }
      }
      start += part.count
    }
    for (position, place) in weights.places.enumerated() {
      guard let node = nodes[position], let inputs = means[position]?.means,
        let layout = WeightLayout(node, in: student.graph)
      else { continue }
      weights.setMeanInputs(layout.perWeight(inputs), of: place)
    }
  }

  /// One trainable range per class; its reference is what calibration saw of all members, or the
  /// range in force where that is wider.
  private func collectRanges() {
    var current: [ValueIndex: ValueRange] = [:]
    var observed: [ValueIndex: ValueRange] = [:]
    for (value, range) in state.ranges {
      guard let representative = classes[value] else { continue }
      current[representative] = current[representative]?.union(range) ?? range
      let seen = state.observed[value]?.union(range) ?? range
      observed[representative] = observed[representative]?.union(seen) ?? seen
    }
    var initial: [Float] = []
    for representative in student.trainable {
      guard let reference = observed[representative], let range = current[representative] else {
        continue
      }
      let trainable = TrainableRange(
        reference: reference, form: state.options.thresholds,
        parametrization: options.parametrization)
      rangeOfClass[representative] = ranges.count
      rangeStarts.append(initial.count)
      ranges.append(trainable)
      initial += trainable.parameters(near: range)
    }
    parameters[.activationThresholds] = initial
  }

  private func parameterRange(_ position: Int) -> Range<Int> {
    rangeStarts[position]..<rangeStarts[position] + ranges[position].parameterCount
  }

  /// The range of every activation under the current parameters.
  private func activationRanges() -> [ValueIndex: ValueRange] {
    let values = parameters[.activationThresholds] ?? []
    var result = state.ranges
    for value in result.keys {
      guard let representative = classes[value], let position = rangeOfClass[representative] else {
        continue
      }
      result[value] = ranges[position].range(values[parameterRange(position)])
    }
    return result
  }

  /// How hard learned roundings are driven to a decision.
  var pressure: RoundingPressure {
    get { weights.pressure }
    set { weights.pressure = newValue }
  }

  /// Takes over `parameters`, within their limits: grids and quantized weights follow.
  ///
  /// - Parameter isHard: whether learned roundings are decided, as they are in the end.
  package func update(_ wanted: TrainableParameters, isHard: Bool = true) throws(Diagnostic) {
    parameters = wanted
    project()
    let activations = unification.parameters(
      ranges: activationRanges(), form: state.options.thresholds)
    grids = student.points.map { point in
      let found = activations[point.value] ?? ActivationParameters(scale: 1, zeroPoint: 0)
      let codes = found.codeRange(minimum: point.clamp.minimum, maximum: point.clamp.maximum)
      return QuantizationGrid(
        scale: found.scale, zeroPoint: found.zeroPoint, codeMinimum: codes.minimum,
        codeMaximum: codes.maximum)
    }
    outputSteps = student.layers.map { activations[$0.output]?.coarseStep ?? 1 }
    weights.update(
      parameters, inputScales: student.layers.map { activations[$0.input]?.scale ?? 1 },
      outputSteps: outputSteps, isHard: isHard)
    try load()
    if options.student == .device { try loadDevice() }
  }

  private func project() {
    for (position, range) in ranges.enumerated() {
      range.project(&parameters[.activationThresholds, default: []][parameterRange(position)])
    }
    let parametrization = options.parametrization
    parameters[.weightThresholds] = parameters[.weightThresholds]?.map {
      parametrization.projected($0)
    }
    for group in [ParameterGroup.weightFactors, .biasFactors] {
      parameters[group] = parameters[group]?.map { limited($0, ParameterGroup.pointwiseLimits) }
    }
  }

  private func load() throws(Diagnostic) {
    let weights = weights
    try onAllReplicas { replica throws(Diagnostic) in
      for place in weights.places {
        let count = place.layer.filters * place.layer.filterSize
        try Self.load(
          weights.quantized, place.weights..<place.weights + count, place.layer.weights, replica)
        try Self.load(
          weights.biases, place.biases..<place.biases + place.layer.filters, place.layer.bias,
          replica)
      }
    }
  }

  private static func load(
    _ array: [Float], _ range: Range<Int>, _ value: ValueIndex, _ replica: StudentReplica
  ) throws(Diagnostic) {
    let result = array.withUnsafeBufferPointer { buffer in
      Result { () throws(Diagnostic) in
        try replica.engine.load(UnsafeBufferPointer(rebasing: buffer[range]), into: value)
      }
    }
    try result.get()
  }

  private func loadDevice() throws(Diagnostic) {
    var current = state
    write(to: &current)
    var lowering = Lowering(current)
    let graph = try lowering.lowered()
    let device = DeviceModel(graph: graph, tensors: lowering.tensors)
    try onAllReplicas { replica throws(Diagnostic) in try replica.adopt(device) }
  }

  private func onAllReplicas(
    _ body: @escaping @Sendable (StudentReplica) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    let results = ParallelResults<Result<Void, Diagnostic>>(count: replicas.count)
    let replicas = replicas
    DispatchQueue.concurrentPerform(iterations: replicas.count) { index in
      results.set(
        index, Result { () throws(Diagnostic) in try body(replicas[index]) })
    }
    for result in results.all() { try result.get() }
  }

  /// Runs samples forward, and backward where gradients are wanted. Micro-batch m goes to replica
  /// m mod replicas.
  private func run(
    _ samples: [Int], of data: TrainingSamples, backward: Bool
  ) throws(Diagnostic) -> OutputError {
    let grids = grids
    let replicas = replicas
    let microBatch = options.microBatch
    let results = ParallelResults<Result<OutputError, Diagnostic>>(count: replicas.count)
    DispatchQueue.concurrentPerform(iterations: replicas.count) { index in
      let replica = replicas[index]
      results.set(
        index,
        Result { () throws(Diagnostic) in
          replica.clearGradients()
          var sum = OutputError()
          var start = index * microBatch
          while start < samples.count {
            let part = Array(samples[start..<min(start + microBatch, samples.count)])
            sum += try replica.forward(part, of: data, grids: grids)
            if backward { try replica.backward() }
            start += replicas.count * microBatch
          }
          return sum
        })
    }
    var total = OutputError()
    for result in results.all() { total += try result.get() }
    return total
  }

  /// The error over `samples`, nothing learned.
  package func error(over samples: [Int], of data: TrainingSamples) throws(Diagnostic)
    -> OutputError
  {
    try run(samples, of: data, backward: false)
  }

  /// Whether there is anything to train.
  var hasParameters: Bool { parameters.values.contains { !$0.isEmpty } }

  /// The codes of the outputs for all samples.
  package func outputCodes(of data: TrainingSamples) throws(Diagnostic) -> [TrainingSamples.Input] {
    let activations = unification.parameters(
      ranges: activationRanges(), form: state.options.thresholds)
    var results = student.graph.outputs.map { output in
      TrainingSamples.Input(
        parameters: activations[output] ?? ActivationParameters(scale: 1, zeroPoint: 0),
        size: student.graph.values[output].shape.reduce(1, *), codes: [])
    }
    for position in results.indices {
      results[position].codes.reserveCapacity(results[position].size * data.count)
    }
    let replica = replicas[0]
    var start = 0
    while start < data.count {
      let part = Array(start..<min(start + options.microBatch, data.count))
      try replica.computeOutputs(part, of: data, grids: grids)
      for (position, output) in student.graph.outputs.enumerated() {
        let parameters = results[position].parameters
        let values = replica.engine.values(of: output)
        results[position].codes += values.prefix(part.count * results[position].size).map {
          Int8(parameters.code(of: $0))
        }
      }
      start += part.count
    }
    return results
  }

  /// The loss over a batch and its derivatives with respect to all parameters.
  package func gradients(
    over samples: [Int], of data: TrainingSamples
  ) throws(Diagnostic) -> (loss: Double, gradients: TrainableParameters) {
    let error = try run(samples, of: data, backward: true)
    let loss = loss(error)
    let factor = Float(derivativeFactor(error))
    var weightGradient = Array(repeating: Float(0), count: weights.weightCount)
    var biasGradient = Array(repeating: Float(0), count: weights.biasCount)
    for place in weights.places {
      for replica in replicas {
        Self.add(
          replica.engine.gradient(of: place.layer.weights), factor, to: &weightGradient,
          at: place.weights)
        Self.add(
          replica.engine.gradient(of: place.layer.bias), factor, to: &biasGradient,
          at: place.biases)
      }
    }
    var result = weights.gradients(
      weights: &weightGradient, biases: biasGradient, parameters: parameters,
      outputSteps: outputSteps)
    result[.activationThresholds] = activationGradient(factor: Double(factor))
    if !options.trainsThresholds {
      result[.activationThresholds] = nil
      result[.weightThresholds] = nil
    }
    // Rounding is learned between the codes of a fixed grid.
    if options.learnsRounding || options.keepsWeights { result[.weightThresholds] = nil }
    return (loss, result)
  }

  private static func add(
    _ gradient: UnsafeBufferPointer<Float>, _ factor: Float, to sum: inout [Float], at start: Int
  ) {
    sum.withUnsafeMutableBufferPointer { target in
      for index in gradient.indices { target[start + index] += factor * gradient[index] }
    }
  }

  private func activationGradient(factor: Double) -> [Float] {
    let values = parameters[.activationThresholds] ?? []
    var result = Array(repeating: Float(0), count: values.count)
    for (position, point) in student.points.enumerated() {
      guard let index = rangeOfClass[point.representative] else { continue }
      var sums = GridGradient()
      for replica in replicas { sums += replica.gridGradients[position] }
      sums *= factor
      let part = parameterRange(index)
      let derivative = ranges[index].gradient(
        sums, grid: grids[position], parameters: values[part])
      for (target, value) in zip(part, derivative) { result[target] += value }
    }
    return result
  }

  /// Moves the parameters one step of Adam against `gradients`; learned roundings stay undecided.
  ///
  /// - Parameters:
  ///   - rate: the share of each group's first learning rate.
  ///   - optimizers: the optimizers' state; groups without one start afresh.
  func learn(
    _ gradients: TrainableParameters, rate: Float, optimizers: inout [ParameterGroup: Adam]
  ) throws(Diagnostic) {
    var wanted = parameters
    for (group, gradient) in gradients {
      guard var values = wanted[group], !values.isEmpty else { continue }
      var optimizer = optimizers[group] ?? Adam(count: values.count)
      gradient.withUnsafeBufferPointer {
        optimizer.step(&values, gradient: $0, rate: rate * options.rate(of: group))
      }
      optimizers[group] = optimizer
      wanted[group] = values
    }
    try update(wanted, isHard: false)
  }

  /// The loss of an error: eq. 25 over the batch, or the mean smooth L1.
  package func loss(_ error: OutputError) -> Double {
    let count = Double(max(error.samples, 1))
    switch options.loss {
    case .rootMeanSquare: return (error.squares / count).squareRoot()
    case .smoothL1:
      return error.smooth / count / Double(outputCount)
    }
  }

  /// What the replicas' derivatives, those of Σ d²/2 or Σ smooth L1, are multiplied by.
  private func derivativeFactor(_ error: OutputError) -> Double {
    let count = Double(max(error.samples, 1))
    switch options.loss {
    case .rootMeanSquare:
      let loss = loss(error)
      return loss > 0 ? 1 / (count * loss) : 0
    case .smoothL1: return 1 / (count * Double(outputCount))
    }
  }

  private var outputCount: Int {
    student.graph.outputs.reduce(0) { $0 + student.graph.values[$1].shape.reduce(1, *) }
  }

  /// Writes ranges, thresholds, weights and biases of the current parameters into `state`.
  package func write(to state: inout QuantizationState) {
    state.ranges = activationRanges()
    weights.write(parameters, to: &state)
  }
}
