import CFBQSchema
import Diagnostics
import IntegerModel

/// Turns the operations of a file into those of a graph.
struct OperationReader {
  /// The account of what was read, handed on between readers.
  private(set) var content: ContentReader
  private let buffers: BufferReader

  init(content: ContentReader, buffers: BufferReader) {
    self.content = content
    self.buffers = buffers
  }

  /// Operation `index` of the file.
  mutating func operation(of model: FBQModelRef, _ index: Int) throws(Diagnostic) -> Operation {
    let source = fbq_operation(model, index)
    let name = try content.text(source.name, place: "operation \(index)")
    let place = "operation \(index) '\(name)'"
    var operation = Operation(
      name: name, kind: try kind(of: source, place: place),
      inputs: try content.integers(source.inputs), outputs: try content.integers(source.outputs))
    for position in 0..<source.scaling_count {
      operation.scalings.append(
        try scaling(fbq_operation_scaling(model, index, position), place: place))
    }
    return operation
  }

  private mutating func scaling(
    _ source: FBQProfileScaling, place: String
  ) throws(Diagnostic) -> ProfileScaling {
    let number: ScalingFormNumber = try content.value(
      of: source.form, "scaling form", place: place)
    guard let form = ScalingForm(number, words: try content.integers(source.words)) else {
      throw Diagnostic(
        place: place,
        problem: "a scaling of form \(number) has \(source.words.count) words, which do not fit it",
        remedy: FBQFile.damageRemedy)
    }
    return ProfileScaling(
      profile: try content.value(of: source.profile, "arithmetic profile", place: place),
      form: form, clamp: source.has_clamp != 0 ? CodeRange(source.clamp) : nil)
  }

  private mutating func kind(of source: FBQOperation, place: String) throws(Diagnostic)
    -> OperatorKind
  {
    let options = source.options
    switch source.kind {
    case FBQOperatorKindConvolution:
      return .convolution(try convolution(options.convolution, place))
    case FBQOperatorKindDepthwiseConvolution:
      return .depthwiseConvolution(try convolution(options.convolution, place))
    case FBQOperatorKindFullyConnected:
      return .fullyConnected(try fullyConnected(options.fully_connected, place))
    case FBQOperatorKindAdd: return .add(AddParameters(options.add))
    case FBQOperatorKindSubtract: return .subtract(AddParameters(options.add))
    case FBQOperatorKindMultiply:
      return .multiply(
        MultiplyParameters(
          multiplier: FixedPointMultiplier(options.multiply.multiplier),
          clamp: CodeRange(options.multiply.clamp)))
    case FBQOperatorKindAveragePool: return .averagePool(PoolParameters(options.pool))
    case FBQOperatorKindMaxPool: return .maxPool(PoolParameters(options.pool))
    case FBQOperatorKindMean: return .mean(try reduction(options.reduce))
    case FBQOperatorKindSum: return .sum(try reduction(options.reduce))
    case FBQOperatorKindSoftmax:
      return .softmax(
        SoftmaxParameters(
          multiplier: FixedPointMultiplier(options.softmax.multiplier),
          minimumDifference: options.softmax.minimum_difference))
    case FBQOperatorKindConcatenation: return .concatenation(axis: Int(options.axis))
    case FBQOperatorKindPad:
      return .pad(
        PadParameters(
          before: try content.integers(options.pad.before),
          after: try content.integers(options.pad.after),
          mode: try content.value(of: options.pad.mode, "pad mode", place: place),
          value: options.pad.value))
    case FBQOperatorKindReshape: return .reshape
    case FBQOperatorKindRequantize:
      return .requantize(FixedPointMultiplier(options.requantize))
    case FBQOperatorKindLookup: return .lookup(try lookup(options.lookup, place))
    case FBQOperatorKindResizeNearest:
      return .resizeNearest(
        ResizeNearestParameters(
          rows: try content.integers(options.resize_nearest.rows),
          columns: try content.integers(options.resize_nearest.columns)))
    case FBQOperatorKindResizeBilinear:
      return .resizeBilinear(
        ResizeBilinearParameters(
          alignCorners: options.resize_bilinear.align_corners != 0,
          halfPixelCenters: options.resize_bilinear.half_pixel_centers != 0))
    case FBQOperatorKindTranspose:
      return .transpose(permutation: try content.integers(options.permutation))
    case FBQOperatorKindStridedSlice:
      return .stridedSlice(
        StridedSliceParameters(
          begin: try content.integers(options.strided_slice.begin),
          strides: try content.integers(options.strided_slice.strides)))
    case FBQOperatorKindPRelu:
      return .prelu(
        PReluParameters(
          positive: FixedPointMultiplier(options.prelu.positive),
          negative: FixedPointMultiplier(options.prelu.negative)))
    case FBQOperatorKindMinimum: return .minimum
    case FBQOperatorKindMaximum: return .maximum
    case FBQOperatorKindArgMax: return .argMax(ArgumentParameters(axis: Int(options.axis)))
    case FBQOperatorKindArgMin: return .argMin(ArgumentParameters(axis: Int(options.axis)))
    case FBQOperatorKindReduceMax: return .reduceMax(try reduction(options.reduce_extreme))
    case FBQOperatorKindReduceMin: return .reduceMin(try reduction(options.reduce_extreme))
    case FBQOperatorKindLogSoftmax: return .logSoftmax(LogSoftmaxParameters(options.log_softmax))
    case FBQOperatorKindL2Normalization: return .l2Normalization
    case FBQOperatorKindDepthToSpace: return .depthToSpace(blockSize: Int(options.block_size))
    case FBQOperatorKindSpaceToDepth: return .spaceToDepth(blockSize: Int(options.block_size))
    case FBQOperatorKindBatchToSpace: return .batchToSpace(try blocks(options.batch_block))
    case FBQOperatorKindSpaceToBatch: return .spaceToBatch(try blocks(options.batch_block))
    case FBQOperatorKindTile: return .tile(multiples: try content.integers(options.multiples))
    case FBQOperatorKindGather:
      return .gather(
        GatherParameters(
          axis: Int(options.gather.axis), batchDimensions: Int(options.gather.batch_dimensions)))
    case FBQOperatorKindSequenceLSTM:
      return .sequenceLSTM(SequenceLSTMParameters(options.sequence_lstm))
    case FBQOperatorKindSVDF:
      return .svdf(
        SVDFParameters(
          rank: Int(options.svdf.rank), feature: FixedPointMultiplier(options.svdf.feature),
          time: FixedPointMultiplier(options.svdf.time)))
    case FBQOperatorKindTransposeConvolution:
      return .transposeConvolution(
        try transposeConvolution(options.transpose_convolution, place))
    case FBQOperatorKindLeakyRelu:
      return .leakyRelu(
        LeakyReluParameters(
          positive: FixedPointMultiplier(options.leaky_relu.positive),
          negative: FixedPointMultiplier(options.leaky_relu.negative)))
    case FBQOperatorKindInterpolatedFunction:
      let values = options.interpolated_function
      return .interpolatedFunction(
        InterpolatedFunctionParameters(
          function: try content.value(of: values.function, "function", place: place),
          multiplier: values.multiplier, shift: values.shift))
    default:
      throw Diagnostic(
        place: place, problem: "operator \(source.kind.rawValue) is unknown to this version",
        remedy: FBQFile.versionRemedy)
    }
  }

  private mutating func convolution(
    _ source: FBQConvolutionOptions, _ place: String
  ) throws(Diagnostic) -> ConvolutionParameters {
    ConvolutionParameters(
      stride: SpatialPair(source.stride), dilation: SpatialPair(source.dilation),
      padding: SpatialPadding(source.padding),
      multipliers: try multipliers(source.multipliers, source.shifts, place),
      clamp: CodeRange(source.clamp),
      accumulator: try content.value(of: source.accumulator, "accumulator type", place: place))
  }

  private mutating func fullyConnected(
    _ source: FBQFullyConnectedOptions, _ place: String
  ) throws(Diagnostic) -> FullyConnectedParameters {
    FullyConnectedParameters(
      multipliers: try multipliers(source.multipliers, source.shifts, place),
      clamp: CodeRange(source.clamp),
      accumulator: try content.value(of: source.accumulator, "accumulator type", place: place))
  }

  private mutating func reduction(_ source: FBQReduceOptions) throws(Diagnostic)
    -> ReduceParameters
  {
    ReduceParameters(
      axes: try content.integers(source.axes), keepsDimensions: source.keeps_dimensions != 0,
      multiplier: FixedPointMultiplier(source.multiplier))
  }

  private mutating func reduction(_ source: FBQReduceExtremeOptions) throws(Diagnostic)
    -> ReduceExtremeParameters
  {
    ReduceExtremeParameters(
      axes: try content.integers(source.axes), keepsDimensions: source.keeps_dimensions != 0)
  }

  private mutating func blocks(_ source: FBQBatchBlockOptions) throws(Diagnostic)
    -> BatchBlockParameters
  {
    BatchBlockParameters(
      block: try content.integers(source.block), before: try content.integers(source.before),
      after: try content.integers(source.after))
  }

  private mutating func transposeConvolution(
    _ source: FBQTransposeConvolutionOptions, _ place: String
  ) throws(Diagnostic) -> TransposeConvolutionParameters {
    TransposeConvolutionParameters(
      stride: SpatialPair(source.stride), padding: SpatialPadding(source.padding),
      multipliers: try multipliers(source.multipliers, source.shifts, place),
      clamp: CodeRange(source.clamp),
      accumulator: try content.value(of: source.accumulator, "accumulator type", place: place))
  }

  private mutating func lookup(
    _ source: FBQLookupOptions, _ place: String
  ) throws(Diagnostic) -> LookupParameters {
    var parameters = LookupParameters(
      function: try content.value(of: source.function, "function", place: place),
      coefficientBits: try content.bits(source.coefficients),
      table: try buffers.bytes(at: Int(source.buffer), place: place))
    for entry in try content.profileTables(source.profile_tables) {
      parameters.profileTables.append(
        ProfileTable(
          profile: try content.value(of: entry.profile, "arithmetic profile", place: place),
          table: try buffers.bytes(at: Int(entry.buffer), place: place)))
    }
    return parameters
  }

  private mutating func multipliers(
    _ multipliers: FBQIntegers, _ shifts: FBQIntegers, _ place: String
  ) throws(Diagnostic) -> [FixedPointMultiplier] {
    let factors: [Int32] = try content.integers(multipliers)
    let exponents: [Int32] = try content.integers(shifts)
    guard factors.count == exponents.count else {
      throw Diagnostic(
        place: place,
        problem: "it has \(factors.count) multipliers and \(exponents.count) shifts",
        remedy: FBQFile.damageRemedy)
    }
    return zip(factors, exponents).map { FixedPointMultiplier(multiplier: $0, shift: $1) }
  }
}
