import CTFLiteSchema

extension TFLiteOperatorCode {
  /// The type of the operator's options; `TFLOptionsKindNone` for operators without any.
  var optionsKind: TFLOptionsKind {
    switch self {
    case .conv2D: TFLOptionsKindConvolution
    case .depthwiseConv2D: TFLOptionsKindDepthwiseConvolution
    case .transposeConv: TFLOptionsKindTransposeConvolution
    case .averagePool2D, .maxPool2D: TFLOptionsKindPool
    case .fullyConnected: TFLOptionsKindFullyConnected
    case .svdf: TFLOptionsKindSVDF
    case .unidirectionalSequenceLSTM: TFLOptionsKindLSTM
    case .softmax: TFLOptionsKindSoftmax
    case .leakyRelu: TFLOptionsKindLeakyRelu
    case .l2Normalization: TFLOptionsKindL2Normalization
    case .add: TFLOptionsKindAdd
    case .sub: TFLOptionsKindSubtract
    case .mul: TFLOptionsKindMultiply
    case .div: TFLOptionsKindDivide
    case .mean, .sum, .reduceMax, .reduceMin: TFLOptionsKindReducer
    case .argMax: TFLOptionsKindArgMax
    case .argMin: TFLOptionsKindArgMin
    case .shape: TFLOptionsKindShape
    case .concatenation: TFLOptionsKindConcatenation
    case .reshape: TFLOptionsKindReshape
    case .squeeze: TFLOptionsKindSqueeze
    case .stridedSlice: TFLOptionsKindStridedSlice
    case .split: TFLOptionsKindSplit
    case .splitV: TFLOptionsKindSplitV
    case .pack: TFLOptionsKindPack
    case .unpack: TFLOptionsKindUnpack
    case .gather: TFLOptionsKindGather
    case .mirrorPad: TFLOptionsKindMirrorPad
    case .resizeBilinear: TFLOptionsKindResizeBilinear
    case .resizeNearestNeighbor: TFLOptionsKindResizeNearest
    case .spaceToDepth: TFLOptionsKindSpaceToDepth
    case .depthToSpace: TFLOptionsKindDepthToSpace
    case .dequantize, .logistic, .relu, .reluN1To1, .relu6, .tanh, .custom, .pad,
      .batchToSpaceND, .spaceToBatchND, .transpose, .logSoftmax, .cast, .prelu, .maximum,
      .minimum, .padV2, .slice, .tile, .expandDims, .sqrt, .floorDiv, .quantize, .hardSwish,
      .gatherND, .broadcastTo:
      TFLOptionsKindNone
    }
  }
}
