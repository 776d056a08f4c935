import IntegerModel
import IntegerRuntime

/// The kinds of operators without their parameters: the rows of the table that drives these tests.
///
/// A new `OperatorKind` does not compile here until it has a family, and then fails until it has a
/// case worked out by hand and a generator of random cases.
enum OperatorFamily: CaseIterable {
  case convolution, depthwiseConvolution, fullyConnected
  case add, subtract, multiply
  case averagePool, maxPool, mean, sum
  case softmax, concatenation, pad, reshape, requantize, lookup
  case resizeNearest, resizeBilinear, transpose, stridedSlice, prelu
  case minimum, maximum, argMax, argMin, reduceMax, reduceMin
  case depthToSpace, spaceToDepth, batchToSpace, spaceToBatch, tile, gather
  case logSoftmax, l2Normalization, sequenceLSTM, svdf
  case transposeConvolution, leakyRelu, interpolatedFunction

  init(_ kind: OperatorKind) {
    switch kind {
    case .convolution: self = .convolution
    case .depthwiseConvolution: self = .depthwiseConvolution
    case .fullyConnected: self = .fullyConnected
    case .add: self = .add
    case .subtract: self = .subtract
    case .multiply: self = .multiply
    case .averagePool: self = .averagePool
    case .maxPool: self = .maxPool
    case .mean: self = .mean
    case .sum: self = .sum
    case .softmax: self = .softmax
    case .concatenation: self = .concatenation
    case .pad: self = .pad
    case .reshape: self = .reshape
    case .requantize: self = .requantize
    case .lookup: self = .lookup
    case .resizeNearest: self = .resizeNearest
    case .resizeBilinear: self = .resizeBilinear
    case .transpose: self = .transpose
    case .stridedSlice: self = .stridedSlice
    case .prelu: self = .prelu
    case .minimum: self = .minimum
    case .maximum: self = .maximum
    case .argMax: self = .argMax
    case .argMin: self = .argMin
    case .reduceMax: self = .reduceMax
    case .reduceMin: self = .reduceMin
    case .depthToSpace: self = .depthToSpace
    case .spaceToDepth: self = .spaceToDepth
    case .batchToSpace: self = .batchToSpace
    case .spaceToBatch: self = .spaceToBatch
    case .tile: self = .tile
    case .gather: self = .gather
    case .logSoftmax: self = .logSoftmax
    case .l2Normalization: self = .l2Normalization
    case .sequenceLSTM: self = .sequenceLSTM
    case .svdf: self = .svdf
    case .transposeConvolution: self = .transposeConvolution
    case .leakyRelu: self = .leakyRelu
    case .interpolatedFunction: self = .interpolatedFunction
    }
  }

  /// Makes a random valid graph of one such operation.
  var makeRandom: (inout RandomGraph) -> Void {
    switch self {
    case .convolution: { $0.addConvolution() }
    case .depthwiseConvolution: { $0.addDepthwiseConvolution() }
    case .fullyConnected: { $0.addFullyConnected() }
    case .add: { $0.addAddition(subtracts: false) }
    case .subtract: { $0.addAddition(subtracts: true) }
    case .multiply: { $0.addMultiplication() }
    case .averagePool: { $0.addPool(isAverage: true) }
    case .maxPool: { $0.addPool(isAverage: false) }
    case .mean: { $0.addReduction(isMean: true) }
    case .sum: { $0.addReduction(isMean: false) }
    case .softmax: { $0.addSoftmax() }
    case .concatenation: { $0.addConcatenation() }
    case .pad: { $0.addPad() }
    case .reshape: { $0.addReshape() }
    case .requantize: { $0.addRequantization() }
    case .lookup: { $0.addLookup() }
    case .resizeNearest: { $0.addResizeNearest() }
    case .resizeBilinear: { $0.addResizeBilinear() }
    case .transpose: { $0.addTranspose() }
    case .stridedSlice: { $0.addStridedSlice() }
    case .prelu: { $0.addPRelu() }
    case .minimum: { $0.addExtreme(isMax: false) }
    case .maximum: { $0.addExtreme(isMax: true) }
    case .argMax: { $0.addArgument(isMax: true) }
    case .argMin: { $0.addArgument(isMax: false) }
    case .reduceMax: { $0.addReduceExtreme(isMax: true) }
    case .reduceMin: { $0.addReduceExtreme(isMax: false) }
    case .depthToSpace: { $0.addDepthBlocks(grows: true) }
    case .spaceToDepth: { $0.addDepthBlocks(grows: false) }
    case .batchToSpace: { $0.addBatchBlocks(toSpace: true) }
    case .spaceToBatch: { $0.addBatchBlocks(toSpace: false) }
    case .tile: { $0.addTile() }
    case .gather: { $0.addGather() }
    case .logSoftmax: { $0.addLogSoftmax() }
    case .l2Normalization: { $0.addL2Normalization() }
    case .sequenceLSTM: { $0.addSequenceLSTM() }
    case .svdf: { $0.addSVDF() }
    case .transposeConvolution: { $0.addTransposeConvolution() }
    case .leakyRelu: { $0.addLeakyRelu() }
    case .interpolatedFunction: { $0.addInterpolatedFunction() }
    }
  }

  /// How many random cases are worth their time: the kernels of the linear operators have most paths.
  var caseCount: Int {
    switch self {
    case .convolution, .depthwiseConvolution: 1200
    case .fullyConnected, .add, .subtract: 500
    default: hasKernel(.portable) ? 300 : 40
    }
  }

  /// Whether a table has a kernel of its own for more than a third of the random cases, or an eighth where
  /// ``hasKernelForFewCases``.
  func hasKernel(_ choice: KernelChoice) -> Bool {
    switch self {
    case .convolution, .depthwiseConvolution, .fullyConnected, .add, .subtract, .multiply,
      .averagePool, .maxPool, .mean, .sum, .requantize:
      choice != .reference
    case .lookup, .leakyRelu: choice == .portable || choice == .avx512VNNI
    case .softmax, .pad, .concatenation, .resizeBilinear, .transpose, .stridedSlice, .depthToSpace,
      .spaceToDepth, .tile, .argMax, .argMin:
      choice == .portable
    case .reshape, .resizeNearest, .prelu, .minimum, .maximum, .reduceMax, .reduceMin,
      .batchToSpace, .spaceToBatch, .gather, .logSoftmax, .l2Normalization,
      .sequenceLSTM, .svdf, .transposeConvolution, .interpolatedFunction:
      false
    }
  }

  /// Whether kernels are for one of four modes, for one axis, or for codes of two widths, alone.
  var hasKernelForFewCases: Bool { [.pad, .argMax, .argMin, .requantize].contains(self) }

  /// Whether the reference kernel computes 16-bit activations.
  var takesInt16: Bool {
    switch self {
    case .lookup, .prelu: false
    default: true
    }
  }
}
