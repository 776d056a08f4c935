/// What one operator of a quantized graph computes, with all its integers.
///
/// Input and output tensors are those of the enclosing ``Operation``, in the order given here.
public enum OperatorKind: Equatable, Sendable {
  /// `[x, weights, bias] → [y]`
  case convolution(ConvolutionParameters)
  /// `[x, weights, bias] → [y]`; the number of outputs is a multiple of the number of input channels.
  case depthwiseConvolution(ConvolutionParameters)
  /// `[x, weights, bias] → [y]`
  case fullyConnected(FullyConnectedParameters)
  /// `[x1, x2] → [y]`
  case add(AddParameters)
  /// `[x1, x2] → [y]`, x1 − x2
  case subtract(AddParameters)
  /// `[x1, x2] → [y]`
  case multiply(MultiplyParameters)
  /// `[x] → [y]`
  case averagePool(PoolParameters)
  /// `[x] → [y]`
  case maxPool(PoolParameters)
  /// `[x] → [y]`
  case mean(ReduceParameters)
  /// `[x] → [y]`
  case sum(ReduceParameters)
  /// `[x] → [y]`
  case softmax(SoftmaxParameters)
  /// `[x1, x2, …] → [y]` along `axis`; equal scales and zero points.
  case concatenation(axis: Int)
  /// `[x] → [y]`
  case pad(PadParameters)
  /// `[x] → [y]`; the same elements under another shape.
  case reshape
  /// `[x] → [y]`; the same reals in other codes.
  case requantize(FixedPointMultiplier)
  /// `[x] → [y]`
  case lookup(LookupParameters)
  /// `[x] → [y]`
  case resizeNearest(ResizeNearestParameters)
  /// `[x] → [y]`
  case resizeBilinear(ResizeBilinearParameters)
  /// `[x] → [y]`; output axis i is input axis `permutation[i]`.
  case transpose(permutation: [Int])
  /// `[x] → [y]`
  case stridedSlice(StridedSliceParameters)
  /// `[x, alpha] → [y]`
  case prelu(PReluParameters)
  /// `[x1, x2] → [y]`; equal scales and zero points.
  case minimum
  /// `[x1, x2] → [y]`; equal scales and zero points.
  case maximum
  /// `[x] → [y]`; y is int32 or int64, the index of the first of the greatest elements.
  case argMax(ArgumentParameters)
  /// `[x] → [y]`; y is int32 or int64, the index of the first of the least elements.
  case argMin(ArgumentParameters)
  /// `[x] → [y]`
  case reduceMax(ReduceExtremeParameters)
  /// `[x] → [y]`
  case reduceMin(ReduceExtremeParameters)
  /// `[x] → [y]`
  case logSoftmax(LogSoftmaxParameters)
  /// `[x] → [y]`; the last axis divided by its Euclidean norm, output scale 1/128, zero point 0.
  case l2Normalization
  /// `[x] → [y]`; y[n, h · b + i, w · b + j, c] = x[n, h, w, (i · b + j) · C + c]
  case depthToSpace(blockSize: Int)
  /// `[x] → [y]`; y[n, h, w, (i · b + j) · C + c] = x[n, h · b + i, w · b + j, c]
  case spaceToDepth(blockSize: Int)
  /// `[x] → [y]`
  case batchToSpace(BatchBlockParameters)
  /// `[x] → [y]`
  case spaceToBatch(BatchBlockParameters)
  /// `[x] → [y]`; x repeated along every axis. There is one multiple per axis of y, and x counts as
  /// preceded by axes of extent 1 where it has fewer: broadcasting is a tile.
  case tile(multiples: [Int])
  /// `[x, indices] → [y]`; an index outside x gives the zero point.
  case gather(GatherParameters)
  /// 15 inputs, see ``SequenceLSTMParameters``.
  case sequenceLSTM(SequenceLSTMParameters)
  /// `[x, feature weights, time weights, bias, state] → [y]`
  case svdf(SVDFParameters)
  /// `[x, weights, bias] → [y]`
  case transposeConvolution(TransposeConvolutionParameters)
  /// `[x] → [y]`
  case leakyRelu(LeakyReluParameters)
  /// `[x] → [y]`
  case interpolatedFunction(InterpolatedFunctionParameters)

  /// The name that users read in `inspect`, timings and errors.
  public var name: String {
    switch self {
    case .convolution: "convolution"
    case .depthwiseConvolution: "depthwise convolution"
    case .fullyConnected: "fully connected"
    case .add: "add"
    case .subtract: "subtract"
    case .multiply: "multiply"
    case .averagePool: "average pool"
    case .maxPool: "max pool"
    case .mean: "mean"
    case .sum: "sum"
    case .softmax: "softmax"
    case .concatenation: "concatenation"
    case .pad: "pad"
    case .reshape: "reshape"
    case .requantize: "requantize"
    case .lookup(let parameters): parameters.function.name
    case .resizeNearest: "resize nearest"
    case .resizeBilinear: "resize bilinear"
    case .transpose: "transpose"
    case .stridedSlice: "strided slice"
    case .prelu: "prelu"
    case .minimum: "minimum"
    case .maximum: "maximum"
    case .argMax: "arg max"
    case .argMin: "arg min"
    case .reduceMax: "reduce max"
    case .reduceMin: "reduce min"
    case .logSoftmax: "log softmax"
    case .l2Normalization: "l2 normalization"
    case .depthToSpace: "depth to space"
    case .spaceToDepth: "space to depth"
    case .batchToSpace: "batch to space"
    case .spaceToBatch: "space to batch"
    case .tile: "tile"
    case .gather: "gather"
    case .sequenceLSTM: "sequence lstm"
    case .svdf: "svdf"
    case .transposeConvolution: "transpose convolution"
    case .leakyRelu: "leaky relu"
    case .interpolatedFunction(let parameters): parameters.function.name
    }
  }
}

extension UnaryFunction {
  /// The name that users read.
  public var name: String {
    switch self {
    case .custom: "lookup"
    case .clip: "clip"
    case .leakyRelu: "leaky relu"
    case .logistic: "logistic"
    case .tanh: "tanh"
    case .hardSwish: "hard swish"
    case .hardSigmoid: "hard sigmoid"
    }
  }
}

/// One operator in execution order.
public struct Operation: Equatable, Sendable {
  /// The name of the source node; unique where the source's was.
  public var name: String
  /// What it computes.
  public var kind: OperatorKind
  /// Tensors read, constants included.
  public var inputs: [TensorIndex]
  /// Tensors written.
  public var outputs: [TensorIndex]
  /// What profiles compute otherwise than `kind` says, at most one entry each.
  public var scalings: [ProfileScaling]

  /// Creates an operation.
  public init(
    name: String, kind: OperatorKind, inputs: [TensorIndex], outputs: [TensorIndex],
    scalings: [ProfileScaling] = []
  ) {
    self.name = name
    self.kind = kind
    self.inputs = inputs
    self.outputs = outputs
    self.scalings = scalings
  }
}
