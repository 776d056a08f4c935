/// The operators that fbq knows; raw values are those of the schema's `BuiltinOperator`. The reader
/// refuses others, control flow among them, with the schema's name for them.
public enum TFLiteOperatorCode: Int32, Hashable, Sendable, CaseIterable {
  case add = 0
  case averagePool2D = 1
  case concatenation = 2
  case conv2D = 3
  case depthwiseConv2D = 4
  case depthToSpace = 5
  case dequantize = 6
  case fullyConnected = 9
  case l2Normalization = 11
  case logistic = 14
  case maxPool2D = 17
  case mul = 18
  case relu = 19
  case reluN1To1 = 20
  case relu6 = 21
  case reshape = 22
  case resizeBilinear = 23
  case softmax = 25
  case spaceToDepth = 26
  case svdf = 27
  case tanh = 28
  case custom = 32
  case pad = 34
  case gather = 36
  case batchToSpaceND = 37
  case spaceToBatchND = 38
  case transpose = 39
  case mean = 40
  case sub = 41
  case div = 42
  case squeeze = 43
  case unidirectionalSequenceLSTM = 44
  case stridedSlice = 45
  case split = 49
  case logSoftmax = 50
  case cast = 53
  case prelu = 54
  case maximum = 55
  case argMax = 56
  case minimum = 57
  case padV2 = 60
  case slice = 65
  case transposeConv = 67
  case tile = 69
  case expandDims = 70
  case sum = 74
  case sqrt = 75
  case shape = 77
  case argMin = 79
  case reduceMax = 82
  case pack = 83
  case unpack = 88
  case reduceMin = 89
  case floorDiv = 90
  case resizeNearestNeighbor = 97
  case leakyRelu = 98
  case mirrorPad = 100
  case splitV = 102
  case quantize = 114
  case hardSwish = 117
  case gatherND = 107
  case broadcastTo = 130
}

/// Fused activation; raw values are the schema's. The reader refuses others (tanh, sign bit), naming
/// the operator.
public enum TFLiteActivation: Int8, Hashable, Sendable {
  case none = 0
  case relu = 1
  case reluN1To1 = 2
  case relu6 = 3
}

/// How a window is padded; raw values are the schema's.
public enum TFLitePadding: Int8, Hashable, Sendable {
  /// As much as makes the output ceil(input / stride), the odd row or column below and to the right.
  case same = 0
  /// None.
  case valid = 1
}

/// Options of the operators that fbq knows, with the schema's defaults for absent fields. Extents are
/// as in the file, unchecked.
public enum TFLiteOptions: Equatable, Sendable {
  /// No options.
  case none
  /// CONV_2D
  case convolution(TFLiteWindow, dilation: TFLitePair, activation: TFLiteActivation)
  /// DEPTHWISE_CONV_2D
  case depthwiseConvolution(
    TFLiteWindow, dilation: TFLitePair, depthMultiplier: Int, activation: TFLiteActivation)
  /// TRANSPOSE_CONV
  case transposeConvolution(TFLiteWindow, activation: TFLiteActivation)
  /// AVERAGE_POOL_2D, MAX_POOL_2D
  case pool(TFLiteWindow, filter: TFLitePair, activation: TFLiteActivation)
  /// FULLY_CONNECTED; `hasDefaultWeights` is false for the shuffled 4x16 format.
  case fullyConnected(
    activation: TFLiteActivation, keepsDimensions: Bool, hasDefaultWeights: Bool)
  /// ADD, SUB; `potScaleInt16` is the schema's `pot_scale_int16`, true unless the file says so.
  case add(activation: TFLiteActivation, potScaleInt16: Bool)
  /// MUL, DIV
  case multiply(activation: TFLiteActivation)
  /// L2_NORMALIZATION
  case l2Normalization(activation: TFLiteActivation)
  /// CONCATENATION
  case concatenation(axis: Int, activation: TFLiteActivation)
  /// SOFTMAX
  case softmax(beta: Float)
  /// RESHAPE, where the new shape is an attribute; the input tensor goes first.
  case reshape(shape: [Int])
  /// RESIZE_BILINEAR, RESIZE_NEAREST_NEIGHBOR
  case resize(alignCorners: Bool, halfPixelCenters: Bool)
  /// SPACE_TO_DEPTH, DEPTH_TO_SPACE
  case blockSize(Int)
  /// MEAN, SUM, REDUCE_MAX, REDUCE_MIN
  case reduction(keepsDimensions: Bool)
  /// GATHER
  case gather(axis: Int, batchDimensions: Int)
  /// SQUEEZE
  case squeeze(axes: [Int])
  /// STRIDED_SLICE
  case stridedSlice(
    beginMask: Int32, endMask: Int32, ellipsisMask: Int32, newAxisMask: Int32,
    shrinkAxisMask: Int32)
  /// SPLIT, SPLIT_V
  case split(count: Int)
  /// PACK, UNPACK
  case pack(count: Int, axis: Int)
  /// LEAKY_RELU
  case leakyRelu(alpha: Float)
  /// MIRROR_PAD: whether the edge is repeated (SYMMETRIC) or not (REFLECT).
  case mirrorPad(repeatsEdge: Bool)
  /// ARG_MAX, ARG_MIN, SHAPE
  case argument(outputType: TFLiteElementType)
  /// SVDF
  case svdf(rank: Int, activation: TFLiteActivation)
  /// UNIDIRECTIONAL_SEQUENCE_LSTM; `activation` is the raw number, 4 for tanh.
  case lstm(
    activation: Int8, cellClip: Float, projectionClip: Float, isTimeMajor: Bool,
    asymmetricQuantizeInputs: Bool)
}

/// A pair of extents over the spatial axes.
public struct TFLitePair: Hashable, Sendable {
  /// Along H.
  public var height: Int
  /// Along W.
  public var width: Int

  /// Creates a pair.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }
}

/// Stride and padding of a windowed operator.
public struct TFLiteWindow: Hashable, Sendable {
  /// Steps between windows.
  public var stride: TFLitePair
  /// How the edges are padded.
  public var padding: TFLitePadding

  /// Creates a window.
  public init(stride: TFLitePair, padding: TFLitePadding) {
    self.stride = stride
    self.padding = padding
  }
}
