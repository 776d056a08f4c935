import CFBQSchema
import Diagnostics
import IntegerModel

/// Turns what an operation computes into the options of the file.
struct OperationEncoder {
  let arena: ContentArena
  /// What errors are about.
  let place: String
  /// The buffers of the operation's lookup tables, the common one first.
  let tables: [Int32]

  /// The number of the operator and its options.
  func encoded(_ kind: OperatorKind) throws(Diagnostic) -> (FBQOperatorKind, FBQOptions) {
    var options = FBQOptions()
    switch kind {
    case .convolution(let parameters):
      options.convolution = try convolution(parameters)
      return (FBQOperatorKindConvolution, options)
    case .depthwiseConvolution(let parameters):
      options.convolution = try convolution(parameters)
      return (FBQOperatorKindDepthwiseConvolution, options)
    case .fullyConnected(let parameters):
      options.fully_connected = FBQFullyConnectedOptions(
        multipliers: try arena.integers(parameters.multipliers.map(\.multiplier), place: place),
        shifts: try arena.integers(parameters.multipliers.map(\.shift), place: place),
        clamp: FBQCodeRange(parameters.clamp), accumulator: parameters.accumulator.rawValue)
      return (FBQOperatorKindFullyConnected, options)
    case .add(let parameters):
      options.add = FBQAddOptions(parameters)
      return (FBQOperatorKindAdd, options)
    case .subtract(let parameters):
      options.add = FBQAddOptions(parameters)
      return (FBQOperatorKindSubtract, options)
    case .multiply(let parameters):
      options.multiply = FBQMultiplyOptions(
        multiplier: FBQMultiplier(parameters.multiplier), clamp: FBQCodeRange(parameters.clamp))
      return (FBQOperatorKindMultiply, options)
    case .averagePool(let parameters):
      options.pool = try FBQPoolOptions(parameters, place: place)
      return (FBQOperatorKindAveragePool, options)
    case .maxPool(let parameters):
      options.pool = try FBQPoolOptions(parameters, place: place)
      return (FBQOperatorKindMaxPool, options)
    case .mean(let parameters):
      options.reduce = try reduction(parameters)
      return (FBQOperatorKindMean, options)
    case .sum(let parameters):
      options.reduce = try reduction(parameters)
      return (FBQOperatorKindSum, options)
    case .softmax(let parameters):
      options.softmax = FBQSoftmaxOptions(
        multiplier: FBQMultiplier(parameters.multiplier),
        minimum_difference: parameters.minimumDifference)
      return (FBQOperatorKindSoftmax, options)
    case .concatenation(let axis):
      options.axis = try Int32(storing: axis, place: place)
      return (FBQOperatorKindConcatenation, options)
    case .pad(let parameters):
      options.pad = FBQPadOptions(
        before: try arena.integers(parameters.before, place: place),
        after: try arena.integers(parameters.after, place: place), mode: parameters.mode.rawValue,
        value: parameters.value)
      return (FBQOperatorKindPad, options)
    case .reshape:
      return (FBQOperatorKindReshape, options)
    case .requantize(let multiplier):
      options.requantize = FBQMultiplier(multiplier)
      return (FBQOperatorKindRequantize, options)
    case .lookup(let parameters):
      options.lookup = try lookup(parameters)
      return (FBQOperatorKindLookup, options)
    case .resizeNearest(let parameters):
      options.resize_nearest = FBQResizeNearestOptions(
        rows: try arena.integers(parameters.rows, place: place),
        columns: try arena.integers(parameters.columns, place: place))
      return (FBQOperatorKindResizeNearest, options)
    case .resizeBilinear(let parameters):
      options.resize_bilinear = FBQResizeBilinearOptions(
        align_corners: parameters.alignCorners ? 1 : 0,
        half_pixel_centers: parameters.halfPixelCenters ? 1 : 0)
      return (FBQOperatorKindResizeBilinear, options)
    case .transpose(let permutation):
      options.permutation = try arena.integers(permutation, place: place)
      return (FBQOperatorKindTranspose, options)
    case .stridedSlice(let parameters):
      options.strided_slice = FBQStridedSliceOptions(
        begin: try arena.integers(parameters.begin, place: place),
        strides: try arena.integers(parameters.strides, place: place))
      return (FBQOperatorKindStridedSlice, options)
    case .prelu(let parameters):
      options.prelu = FBQPReluOptions(
        positive: FBQMultiplier(parameters.positive), negative: FBQMultiplier(parameters.negative))
      return (FBQOperatorKindPRelu, options)
    case .minimum:
      return (FBQOperatorKindMinimum, options)
    case .maximum:
      return (FBQOperatorKindMaximum, options)
    case .argMax(let parameters):
      options.axis = try Int32(storing: parameters.axis, place: place)
      return (FBQOperatorKindArgMax, options)
    case .argMin(let parameters):
      options.axis = try Int32(storing: parameters.axis, place: place)
      return (FBQOperatorKindArgMin, options)
    case .reduceMax(let parameters):
      options.reduce_extreme = try reduction(parameters)
      return (FBQOperatorKindReduceMax, options)
    case .reduceMin(let parameters):
      options.reduce_extreme = try reduction(parameters)
      return (FBQOperatorKindReduceMin, options)
    case .logSoftmax(let parameters):
      options.log_softmax = FBQLogSoftmaxOptions(parameters)
      return (FBQOperatorKindLogSoftmax, options)
    case .l2Normalization:
      return (FBQOperatorKindL2Normalization, options)
    case .depthToSpace(let blockSize):
      options.block_size = try Int32(storing: blockSize, place: place)
      return (FBQOperatorKindDepthToSpace, options)
    case .spaceToDepth(let blockSize):
      options.block_size = try Int32(storing: blockSize, place: place)
      return (FBQOperatorKindSpaceToDepth, options)
    case .batchToSpace(let parameters):
      options.batch_block = try blocks(parameters)
      return (FBQOperatorKindBatchToSpace, options)
    case .spaceToBatch(let parameters):
      options.batch_block = try blocks(parameters)
      return (FBQOperatorKindSpaceToBatch, options)
    case .tile(let multiples):
      options.multiples = try arena.integers(multiples, place: place)
      return (FBQOperatorKindTile, options)
    case .gather(let parameters):
      options.gather = FBQGatherOptions(
        axis: try Int32(storing: parameters.axis, place: place),
        batch_dimensions: try Int32(storing: parameters.batchDimensions, place: place))
      return (FBQOperatorKindGather, options)
    case .sequenceLSTM(let parameters):
      options.sequence_lstm = FBQSequenceLSTMOptions(parameters)
      return (FBQOperatorKindSequenceLSTM, options)
    case .svdf(let parameters):
      options.svdf = FBQSVDFOptions(
        rank: try Int32(storing: parameters.rank, place: place),
        feature: FBQMultiplier(parameters.feature), time: FBQMultiplier(parameters.time))
      return (FBQOperatorKindSVDF, options)
    case .transposeConvolution(let parameters):
      options.transpose_convolution = FBQTransposeConvolutionOptions(
        stride: try FBQSpatialPair(parameters.stride, place: place),
        padding: try FBQSpatialPadding(parameters.padding, place: place),
        multipliers: try arena.integers(parameters.multipliers.map(\.multiplier), place: place),
        shifts: try arena.integers(parameters.multipliers.map(\.shift), place: place),
        clamp: FBQCodeRange(parameters.clamp), accumulator: parameters.accumulator.rawValue)
      return (FBQOperatorKindTransposeConvolution, options)
    case .leakyRelu(let parameters):
      options.leaky_relu = FBQLeakyReluOptions(
        positive: FBQMultiplier(parameters.positive), negative: FBQMultiplier(parameters.negative))
      return (FBQOperatorKindLeakyRelu, options)
    case .interpolatedFunction(let parameters):
      options.interpolated_function = FBQInterpolatedFunctionOptions(
        function: parameters.function.rawValue, multiplier: parameters.multiplier,
        shift: parameters.shift)
      return (FBQOperatorKindInterpolatedFunction, options)
    }
  }

  /// What a profile computes otherwise.
  func encoded(_ scaling: ProfileScaling) throws(Diagnostic) -> FBQProfileScaling {
    FBQProfileScaling(
      profile: scaling.profile.rawValue, form: scaling.form.number.rawValue,
      words: try arena.integers(scaling.form.words, place: place),
      has_clamp: scaling.clamp == nil ? 0 : 1,
      clamp: scaling.clamp.map { FBQCodeRange($0) } ?? FBQCodeRange())
  }

  private func convolution(
    _ parameters: ConvolutionParameters
  ) throws(Diagnostic) -> FBQConvolutionOptions {
    FBQConvolutionOptions(
      stride: try FBQSpatialPair(parameters.stride, place: place),
      dilation: try FBQSpatialPair(parameters.dilation, place: place),
      padding: try FBQSpatialPadding(parameters.padding, place: place),
      multipliers: try arena.integers(parameters.multipliers.map(\.multiplier), place: place),
      shifts: try arena.integers(parameters.multipliers.map(\.shift), place: place),
      clamp: FBQCodeRange(parameters.clamp), accumulator: parameters.accumulator.rawValue)
  }

  private func reduction(_ parameters: ReduceParameters) throws(Diagnostic) -> FBQReduceOptions {
    FBQReduceOptions(
      axes: try arena.integers(parameters.axes, place: place),
      keeps_dimensions: parameters.keepsDimensions ? 1 : 0,
      multiplier: FBQMultiplier(parameters.multiplier))
  }

  private func reduction(
    _ parameters: ReduceExtremeParameters
  ) throws(Diagnostic) -> FBQReduceExtremeOptions {
    FBQReduceExtremeOptions(
      axes: try arena.integers(parameters.axes, place: place),
      keeps_dimensions: parameters.keepsDimensions ? 1 : 0)
  }

  private func blocks(
    _ parameters: BatchBlockParameters
  ) throws(Diagnostic) -> FBQBatchBlockOptions {
    FBQBatchBlockOptions(
      block: try arena.integers(parameters.block, place: place),
      before: try arena.integers(parameters.before, place: place),
      after: try arena.integers(parameters.after, place: place))
  }

  private func lookup(_ parameters: LookupParameters) throws(Diagnostic) -> FBQLookupOptions {
    let profileTables = zip(parameters.profileTables, tables.dropFirst()).map { entry, buffer in
      FBQProfileTable(profile: entry.profile.rawValue, padding: (0, 0, 0), buffer: buffer)
    }
    return FBQLookupOptions(
      function: parameters.function.rawValue,
      coefficients: try arena.floats(parameters.coefficientBits, place: place),
      buffer: tables.first ?? -1,
      profile_tables: try arena.profileTables(profileTables, place: place))
  }
}
