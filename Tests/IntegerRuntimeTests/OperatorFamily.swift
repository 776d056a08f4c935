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

  /// Whether a table has a kernel of its own for at least half of the random cases.
  func hasKernel(_ choice: KernelChoice) -> Bool {
    switch self {
    case .convolution, .depthwiseConvolution, .fullyConnected, .add, .subtract:
      choice != .reference
    case .multiply, .averagePool, .maxPool, .mean, .sum, .requantize, .lookup:
      choice == .portable
    case .softmax, .concatenation, .pad, .reshape, .resizeNearest, .resizeBilinear, .transpose,
      .stridedSlice, .prelu:
      false
    }
  }
}
