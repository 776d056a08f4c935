import CIntegerKernels
import IntegerModel

/// Chooses a kernel of a table for each operation and prepares its parameters.
struct TablePlanner {
  let graph: IntegerGraph
  let places: [TensorPlace]
  let arithmetic: ArithmeticProfile
  let choice: KernelChoice
  let kernels: fbq_kernels
  let options: RunOptions
  let memory: PreparedMemory

  /// Scratch beyond which an operation is left to its reference kernel: only absurd dilations reach it.
  static let scratchLimit = 8 << 20

  /// The kernel for an operation from the first planner whose table has one.
  static func step(for index: Int, of planners: [TablePlanner]) -> TableStep? {
    for planner in planners {
      if let step = planner.step(for: index) { return step }
    }
    return nil
  }

  /// The kernel for an operation, or `nil` where the table has none for its case.
  func step(for index: Int) -> TableStep? {
    let operation = graph.operations[index]
    // The table's kernels requantize with the operators' own multipliers.
    guard operation.scalings.isEmpty else { return nil }
    // Elements of any width can be moved, and indices are wider than codes.
    if let step = movement(operation) { return step }
    if case .argMax(let parameters) = operation.kind {
      return argument(operation, parameters, findsLeast: false)
    }
    if case .argMin(let parameters) = operation.kind {
      return argument(operation, parameters, findsLeast: true)
    }
    if case .requantize(let multiplier) = operation.kind,
      let step = requantizeAcrossWidths(operation, multiplier)
    {
      return step
    }
    if x(operation).elementType == .int16 { return sixteenBitOperation(operation) }
    guard hasOnlyByteActivations(operation) else { return nil }
    switch operation.kind {
    case .convolution(let parameters):
      return convolution(index, parameters, isDepthwise: false)
    case .depthwiseConvolution(let parameters):
      return convolution(index, parameters, isDepthwise: true)
    case .fullyConnected(let parameters): return fullyConnected(index, parameters)
    case .add(let parameters): return add(operation, parameters, sign: 1)
    case .subtract(let parameters): return add(operation, parameters, sign: -1)
    case .multiply(let parameters): return multiply(operation, parameters)
    case .averagePool(let parameters):
      return pool(operation, parameters, kernels.average_pool, clampsFlipped: false)
    case .maxPool(let parameters):
      return pool(operation, parameters, kernels.max_pool, clampsFlipped: true)
    case .mean(let parameters), .sum(let parameters): return reduce(operation, parameters)
    case .requantize(let multiplier):
      return table(operation) { $0.code($1, multiplier) }
    case .leakyRelu(let parameters):
      return table(operation) { $0.code($1, leakyRelu: parameters) }
    case .lookup(let parameters): return lookup(operation, parameters)
    case .softmax(let parameters): return softmax(operation, parameters)
    case .pad(let parameters): return pad(operation, parameters)
    case .resizeBilinear(let parameters): return resizeBilinear(operation, parameters)
    case .concatenation, .reshape, .resizeNearest, .transpose, .stridedSlice, .prelu, .minimum,
      .maximum, .argMax, .argMin, .reduceMax, .reduceMin, .logSoftmax, .l2Normalization,
      .depthToSpace, .spaceToDepth, .batchToSpace, .spaceToBatch, .tile, .gather, .sequenceLSTM,
      .svdf, .transposeConvolution, .interpolatedFunction:
      return nil
    }
  }

  // MARK: Parts that all have in common

  /// The table's kernels read and write activations of one byte.
  private func hasOnlyByteActivations(_ operation: Operation) -> Bool {
    for index in operation.inputs + operation.outputs
    where graph.tensors[index].constant == nil && places[index].elementType.byteCount(of: 1) > 1 {
      return false
    }
    return true
  }

  func x(_ operation: Operation) -> TensorPlace { places[operation.inputs[0]] }

  func y(_ operation: Operation) -> TensorPlace { places[operation.outputs[0]] }

  /// Copies parameters to where the kernel will read them.
  func step<Parameters>(
    _ kernel: fbq_kernel?, _ parameters: Parameters, units: Int, scratch: Int = 0, work: Int
  ) -> TableStep? {
    guard let kernel, scratch <= TablePlanner.scratchLimit else { return nil }
    let block = memory.allocate(byteCount: MemoryLayout<Parameters>.size)
    block.initializeMemory(as: Parameters.self, to: parameters)
    return TableStep(
      choice: choice, kernel: kernel, parameters: UnsafeRawPointer(block), units: units,
      scratchByteCount: scratch,
      isParallel: work >= options.parallelWork)
  }

  /// The output stage of an operation with a multiplier for each of its channels, or one for all.
  func output(
    _ place: TensorPlace, clamp: CodeRange, multipliers: [FixedPointMultiplier], bias: [Int32],
    groups: Int, reachesLimit: Bool
  ) -> fbq_output {
    var stage = fbq_output()
    stage.zero_point = place.flippedZeroPoint
    stage.minimum = clamp.minimum - place.zeroPoint
    stage.maximum = clamp.maximum - place.zeroPoint
    stage.flip = place.flip
    stage.single = arithmetic.rounding == .single ? 1 : 0
    let factors = multipliers.map { fbq_multiplier($0) }
    factors.withUnsafeBufferPointer { factors in
      bias.withUnsafeBufferPointer { bias in
        var channels = fbq_channels(
          bias: bias.baseAddress, multipliers: factors.baseAddress,
          has_one_multiplier: factors.count == 1 ? 1 : 0, reaches_limit: reachesLimit ? 1 : 0,
          groups: groups, channels: bias.count / groups)
        let scales = memory.allocateUninitialized(byteCount: kernels.scale_bytes(&channels))
        kernels.set_scales(&channels, scales, &stage)
      }
    }
    return stage
  }

  /// The output stage of an operation with one multiplier and bias for all elements: a block of equal
  /// channels.
  func uniformOutput(
    _ place: TensorPlace, clamp: CodeRange, _ multiplier: FixedPointMultiplier, bias: Int32,
    greatest: Int64
  ) -> fbq_output {
    output(
      place, clamp: clamp, multipliers: [multiplier],
      bias: [Int32](repeating: bias, count: Int(fbq_most_lanes)), groups: 1,
      reachesLimit: greatest >= TablePlanner.fastLimit)
  }

  /// Accumulators below it may take the fast paths of the output stage; see the tables'
  /// requantization.
  static let fastLimit: Int64 = 1 << 30
}

extension fbq_multiplier {
  init(_ multiplier: FixedPointMultiplier) {
    self.init(multiplier: multiplier.multiplier, shift: multiplier.shift)
  }
}

extension TensorPlace {
  /// What turns the codes into int8.
  var flip: UInt8 { elementType == .uint8 ? 0x80 : 0 }

  /// The zero point of the codes turned into int8.
  var flippedZeroPoint: Int32 { elementType == .uint8 ? zeroPoint - 128 : zeroPoint }

  /// All codes of the type.
  var codeRange: CodeRange {
    switch elementType {
    case .uint8: CodeRange(minimum: 0, maximum: 255)
    case .int16: CodeRange(minimum: Int32(Int16.min), maximum: Int32(Int16.max))
    default: CodeRange(minimum: -128, maximum: 127)
    }
  }

  /// The bytes, for a kernel that reads any one-byte type.
  var byteAddress: UnsafeMutablePointer<UInt8> { address.assumingMemoryBound(to: UInt8.self) }

  /// The code that a byte stands for.
  func code(of byte: Int) -> Int32 {
    elementType == .uint8 ? Int32(byte) : Int32(Int8(truncatingIfNeeded: byte))
  }
}
