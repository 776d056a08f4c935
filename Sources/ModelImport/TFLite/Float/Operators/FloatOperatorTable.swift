import Diagnostics
import TFLiteFormat

/// Adds what one operator computes to the graph and says what its outputs are.
typealias FloatOperatorImport =
  @Sendable (FloatOperator, inout FloatGraphBuilder) throws(Diagnostic) -> [FloatTensorContent]

/// Every operator that is read from a float `.tflite` model.
enum FloatOperatorTable {
  static let operators: [TFLiteOperatorCode: FloatOperatorImport] = [
    // Layers
    .conv2D: FloatLayers.convolution,
    .depthwiseConv2D: FloatLayers.depthwiseConvolution,
    .transposeConv: FloatTransposedConvolution.transposedConvolution,
    .fullyConnected: FloatLayers.fullyConnected,
    .averagePool2D: FloatPools.averagePool,
    .maxPool2D: FloatPools.maxPool,
    .mean: FloatReductions.mean,
    .sum: FloatReductions.sum,
    .reduceMax: FloatReductions.maximum,
    .softmax: FloatFunctions.softmax,
    .resizeBilinear: FloatResizes.bilinear,
    .resizeNearestNeighbor: FloatResizes.nearestNeighbor,

    // Functions of each element
    .relu: FloatFunctions.relu,
    .relu6: FloatFunctions.relu6,
    .reluN1To1: FloatFunctions.reluN1To1,
    .leakyRelu: FloatFunctions.leakyRelu,
    .prelu: FloatFunctions.prelu,
    .logistic: FloatFunctions.logistic,
    .tanh: FloatFunctions.tanh,
    .hardSwish: FloatFunctions.hardSwish,
    .add: FloatArithmetic.add,
    .sub: FloatArithmetic.subtract,
    .mul: FloatArithmetic.multiply,
    .maximum: FloatArithmetic.maximum,
    .minimum: FloatArithmetic.minimum,

    // The same elements elsewhere
    .concatenation: FloatJoining.concatenate,
    .pack: FloatJoining.pack,
    .tile: FloatJoining.tile,
    .pad: FloatPadding.pad,
    .padV2: FloatPadding.pad,
    .mirrorPad: FloatPadding.mirror,
    .reshape: FloatShapes.reshape,
    .squeeze: FloatShapes.squeeze,
    .expandDims: FloatShapes.expandDimensions,
    .transpose: FloatShapes.transpose,
    .depthToSpace: FloatShapes.depthToSpace,
    .spaceToDepth: FloatShapes.spaceToDepth,
    .slice: FloatSelection.slice,
    .stridedSlice: FloatSelection.stridedSlice,
    .split: FloatSelection.split,
    .splitV: FloatSelection.splitBySizes,
    .unpack: FloatSelection.unpack,
    .gather: FloatSelection.gather,

    // Known when the model is read
    .shape: FloatConversions.shape,
    .cast: FloatConversions.cast,
    .dequantize: FloatConversions.dequantize,
    .quantize: FloatConversions.quantize,
  ]

  /// The error for an operator that is not read.
  static func unsupported(_ source: TFLiteOperator) -> Diagnostic {
    if source.code == .custom {
      return Diagnostic(
        problem: "the custom operator '\(source.customName)' is not supported",
        remedy: "convert the model without custom operators")
    }
    return Diagnostic(
      problem: "the operator \(source.code.schemaName) is not supported in float models",
      remedy: "supported are " + operators.keys.map(\.schemaName).sorted().joined(separator: ", "))
  }
}
