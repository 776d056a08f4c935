import Diagnostics
import FloatEngine
import FloatModel
import IntegerModel
import IntegerRuntime

/// Finds the layers that quantization hurts: each one's noise when it alone is quantized, and the
/// noise that has gathered at its output in the whole integer network, both computed by the integer
/// runtime against the float network.
///
/// Layers behind the logits, such as a final softmax, are left out: they decide nothing. So are
/// layers that only move codes: they add no noise.
public struct SensitivityAnalysis {
  /// The integer graph and the state it was lowered from.
  public var result: QuantizationResult
  /// Inputs to run both on.
  public var samples: SampleSet
  /// Threads of the float engine and of the integer runtime.
  public var threads: Int

  /// Creates an analysis.
  public init(result: QuantizationResult, samples: SampleSet, threads: Int) {
    self.result = result
    self.samples = samples
    self.threads = threads
  }

  private var integer: IntegerGraph { result.graph }
  private var float: FloatGraph { result.state.reference }

  /// All layers, the one with the greatest part in the noise first.
  ///
  /// - Throws: no samples; an image that cannot be read; an activation that becomes NaN or infinite,
  ///   by its name; what engine and interpreter throw.
  public func layers(progress: (StepProgress) -> Void) throws(Diagnostic) -> [LayerSensitivity] {
    guard samples.count > 0 else {
      throw Diagnostic(
        place: "analysis", problem: "there are no samples", remedy: "give at least one, better 30")
    }
    let operations = analyzedOperations
    var noises = operations.map {
      LayerNoise(channels: channels(integer.operations[$0].outputs[0]))
    }
    var inputs = integer.inputs.map { TensorNoise(channels: channels($0)) }
    let engine = try FloatEngine(graph: float, batch: 1, keeping: [], threads: threads)
    let interpreter = try Interpreter(
      graph: integer, options: RunOptions(threads: threads, preservesAllTensors: true))
    for sample in 0..<samples.count {
      let values = try floatValues(of: sample, engine: engine)
      for (position, tensor) in integer.inputs.enumerated() {
        write(tensor, values, interpreter)
        compare(interpreter, values, tensor) { inputs[position].add($0, $1, $2) }
      }
      interpreter.run()
      for (position, operation) in operations.enumerated() {
        compare(interpreter, values, integer.operations[operation].outputs[0]) {
          noises[position].addCumulative($0, $1, $2)
        }
      }
      for (position, index) in operations.enumerated() {
        let operation = integer.operations[index]
        for tensor in operation.inputs { write(tensor, values, interpreter) }
        interpreter.run(operation: index)
        compare(interpreter, values, operation.outputs[0]) { noises[position].addAlone($0, $1, $2) }
      }
      progress(StepProgress(Double(sample + 1) / Double(samples.count)))
    }
    var cumulative: [TensorIndex: Double] = [:]
    for (tensor, noise) in zip(integer.inputs, inputs) { cumulative[tensor] = noise.signalToNoise }
    for (operation, noise) in zip(operations, noises) {
      cumulative[integer.operations[operation].outputs[0]] = noise.cumulative.signalToNoise
    }
    return ranked(operations, noises, cumulative: cumulative)
  }

  private func channels(_ tensor: TensorIndex) -> Int { integer.tensors[tensor].shape.last ?? 1 }

  /// Operations before the logits whose inputs and output all hold values of the float graph.
  private var analyzedOperations: [Int] {
    let behind = integer.operationsBehindLogits
    return integer.operations.indices.filter { index in
      let operation = integer.operations[index]
      return !behind.contains(index)
        && (operation.inputs + operation.outputs).allSatisfy {
          integer.tensors[$0].constant != nil || result.values[$0] != nil
        }
    }
  }

  /// Every activation of the float graph.
  private func floatValues(
    of sample: Int, engine: FloatEngine
  ) throws(Diagnostic) -> [ValueIndex: [Float]] {
    var values: [ValueIndex: [Float]] = [:]
    var broken: ValueIndex?
    try engine.run(inputs: try samples.inputs(sample..<sample + 1)) { value, elements in
      if !isFinite(elements) { broken = broken ?? value }
      values[value] = Array(elements)
    }
    if let broken {
      throw Diagnostic(
        place: "tensor '\(float.values[broken].name)'",
        problem: "holds NaN or infinity for sample \(sample)",
        remedy: "check --mean and --std and the model's weights")
    }
    return values
  }

  /// Writes the float network's values of an activation, rounded to its codes.
  private func write(
    _ tensor: TensorIndex, _ values: [ValueIndex: [Float]], _ interpreter: Interpreter
  ) {
    guard integer.tensors[tensor].constant == nil, let value = result.values[tensor],
      let elements = values[value]
    else { return }
    let parameters = parameters(of: tensor)
    // Pixels lie halfway between codes where a code is one pixel step: those go up, as in the tables
    // of the input pipeline.
    let isPixels = integer.inputPipeline != nil && integer.inputs.first == tensor
    let codes = elements.lazy.map {
      isPixels ? parameters.pixelCode(of: Double($0)) : parameters.code(of: $0)
    }
    let bytes = interpreter.mutableBytes(of: tensor)
    if parameters.elementType == .int16 {
      Self.fill(bytes.bindMemory(to: Int16.self), with: codes)
    } else {
      Self.fill(bytes.bindMemory(to: Int8.self), with: codes)
    }
  }

  private static func fill<Code: FixedWidthInteger>(
    _ target: UnsafeMutableBufferPointer<Code>, with codes: some Collection<Int32>
  ) {
    for (index, code) in codes.enumerated() { target[index] = Code(code) }
  }

  /// Hands the float values of an activation and the codes that the interpreter holds to `add`.
  private func compare(
    _ interpreter: Interpreter, _ values: [ValueIndex: [Float]], _ tensor: TensorIndex,
    _ add: ([Float], [Int32], ActivationParameters) -> Void
  ) {
    guard let value = result.values[tensor], let elements = values[value] else { return }
    let bytes = interpreter.bytes(of: tensor)
    let parameters = parameters(of: tensor)
    add(
      elements,
      parameters.elementType == .int16
        ? bytes.bindMemory(to: Int16.self).map(Int32.init)
        : bytes.bindMemory(to: Int8.self).map(Int32.init), parameters)
  }

  private func parameters(of tensor: TensorIndex) -> ActivationParameters {
    let (quantization, type) = (
      integer.tensors[tensor].quantization, integer.tensors[tensor].elementType
    )
    return ActivationParameters(
      scale: Float(bitPattern: quantization?.scaleBits.first ?? Float(1).bitPattern),
      zeroPoint: quantization?.zeroPoint ?? 0, elementType: type)
  }

  /// The layers in order; `cumulative` holds the SQNR of each activation in the whole network.
  private func ranked(
    _ operations: [Int], _ noises: [LayerNoise], cumulative: [TensorIndex: Double]
  ) -> [LayerSensitivity] {
    let computing = zip(operations, noises).filter { !movesCodes(integer.operations[$0.0]) }
    let total = computing.reduce(0) { $0 + $1.1.noiseToSignal }
    let layers = computing.map { operation, noise in
      let weights = weights(of: operation)
      let evidence = noise.evidence(
        hasUncorrectedBias: weights != nil && result.state.options.biasCorrection != .empirical,
        filterSpread: weights.flatMap(filterSpread))
      let share = total == 0 ? 0 : noise.noiseToSignal / total
      let output = noise.cumulative.signalToNoise
      let given = integer.operations[operation].inputs.compactMap { cumulative[$0] }.min()
      return LayerSensitivity(
        operation: operation, alone: noise.alone.signalToNoise, cumulative: output,
        drop: given.map { $0 == output ? 0 : $0 - output } ?? 0, noiseShare: share,
        worstChannels: noise.worstChannels(3), evidence: evidence,
        mend: SensitivityMend(
          evidence, noiseShare: share, alone: noise.alone.signalToNoise,
          isTrained: result.state.options.training?.trainsThresholds == true))
    }
    return layers.sorted { ($1.noiseShare, $0.operation) < ($0.noiseShare, $1.operation) }
  }

  /// Whether each output code is one of the input's, or a pad value, or stands for the same real in
  /// 16 bits.
  private func movesCodes(_ operation: Operation) -> Bool {
    switch operation.kind {
    case .reshape, .transpose, .stridedSlice, .pad, .concatenation, .maxPool, .resizeNearest: true
    case .requantize: integer.tensors[operation.outputs[0]].elementType == .int16
    default: false
    }
  }

  /// The float weights of an operation that has some.
  private func weights(of index: Int) -> ValueIndex? {
    let operation = integer.operations[index]
    switch operation.kind {
    case .convolution, .depthwiseConvolution, .fullyConnected:
      return result.values[operation.outputs[0]].flatMap { value in
        float.nodes.first { $0.output == value }?.weights
      }
    default: return nil
    }
  }

  /// See ``NoiseEvidence/filterSpread``.
  private func filterSpread(of weights: ValueIndex) -> Double? {
    guard result.state.weightThresholds[weights]?.count == 1,
      let tensor = result.state.graph.values[weights].constant, tensor.shape[0] > 1
    else { return nil }
    let size = tensor.count / tensor.shape[0]
    let peaks = (0..<tensor.shape[0]).map { filter in
      tensor.values[filter * size..<(filter + 1) * size].reduce(Float(0)) { max($0, abs($1)) }
    }.sorted()
    let median = peaks[peaks.count / 2]
    return median == 0 ? .infinity : Double(peaks[peaks.count - 1] / median)
  }
}

extension IntegerGraph {
  /// Operations between the logits and the first output: a final softmax, and what reshapes it.
  fileprivate var operationsBehindLogits: Set<Int> {
    let logits = self.logits
    var result: Set<Int> = []
    var tensor = outputs[0]
    while tensor != logits,
      let index = operations.lastIndex(where: { $0.outputs.contains(tensor) })
    {
      result.insert(index)
      tensor = operations[index].inputs[0]
    }
    return result
  }
}
