import Foundation
import IntegerModel
import TFLiteFormat
import TestSupport

/// The real models that the tests read.
enum RealModels {
  /// Paths of every `.tflite` file under `FBQ_TEST_DATA`, below that folder.
  static let all: [String] = ["models/int8", "models/float"].flatMap { folder in
    let names = (try? FileManager.default.contentsOfDirectory(atPath: TestData.file(folder))) ?? []
    return names.filter { $0.hasSuffix(".tflite") }.sorted().map { folder + "/" + $0 }
  }
}

/// Reads a model from bytes.
func read(_ bytes: [UInt8]) throws -> TFLiteModel {
  try TFLiteFile.read(bytes.withUnsafeBytes { ByteStorage(copying: $0) })
}

/// A model of two tensors that one operator connects.
func model(
  of operation: TFLiteOperator, tensors: [TFLiteTensor]? = nil
) -> TFLiteModel {
  TFLiteModel(
    description: "hand-made",
    tensors: tensors
      ?? ["x", "y"].map {
        TFLiteTensor(name: $0, shape: [1, 2], elementType: .int8)
      }, operators: [operation], inputs: [0], outputs: [1])
}

/// Every kind of options with values that are not the format's defaults, with an operator that has
/// them.
let everyOption: [(code: TFLiteOperatorCode, options: TFLiteOptions, fields: String)] = {
  let window = TFLiteWindow(stride: TFLitePair(height: 2, width: 3), padding: .valid)
  let pair = TFLitePair(height: 4, width: 5)
  let windowFields = "padding=1 strideH=2 strideW=3"
  return [
    (
      .conv2D, .convolution(window, dilation: pair, activation: .relu),
      "Conv2DOptions dilationHFactor=4 dilationWFactor=5 fusedActivationFunction=1 " + windowFields
    ),
    (
      .depthwiseConv2D,
      .depthwiseConvolution(window, dilation: pair, depthMultiplier: 6, activation: .relu6),
      "DepthwiseConv2DOptions depthMultiplier=6 dilationHFactor=4 dilationWFactor=5 "
        + "fusedActivationFunction=3 " + windowFields
    ),
    (
      .transposeConv, .transposeConvolution(window, activation: .reluN1To1),
      "TransposeConvOptions fusedActivationFunction=2 " + windowFields
    ),
    (
      .averagePool2D, .pool(window, filter: pair, activation: .relu),
      "Pool2DOptions filterHeight=4 filterWidth=5 fusedActivationFunction=1 " + windowFields
    ),
    (
      .maxPool2D, .pool(window, filter: pair, activation: .none),
      "Pool2DOptions filterHeight=4 filterWidth=5 " + windowFields
    ),
    (
      .fullyConnected,
      .fullyConnected(activation: .relu, keepsDimensions: true, hasDefaultWeights: false),
      "FullyConnectedOptions fusedActivationFunction=1 keepNumDims=True weightsFormat=1"
    ),
    (
      .add, .add(activation: .relu6, potScaleInt16: false),
      "AddOptions fusedActivationFunction=3 potScaleInt16=False"
    ),
    (
      .sub, .add(activation: .relu, potScaleInt16: false),
      "SubOptions fusedActivationFunction=1 potScaleInt16=False"
    ),
    (.mul, .multiply(activation: .relu), "MulOptions fusedActivationFunction=1"),
    (.div, .multiply(activation: .relu), "DivOptions fusedActivationFunction=1"),
    (
      .l2Normalization, .l2Normalization(activation: .relu),
      "L2NormOptions fusedActivationFunction=1"
    ),
    (
      .concatenation, .concatenation(axis: -2, activation: .relu),
      "ConcatenationOptions axis=-2 fusedActivationFunction=1"
    ),
    (.softmax, .softmax(beta: 1.5), "SoftmaxOptions beta=1.5"),
    (.reshape, .reshape(shape: [1, -1]), "ReshapeOptions newShape=[1, -1]"),
    (
      .resizeBilinear, .resize(alignCorners: true, halfPixelCenters: false),
      "ResizeBilinearOptions alignCorners=True"
    ),
    (
      .resizeNearestNeighbor, .resize(alignCorners: false, halfPixelCenters: true),
      "ResizeNearestNeighborOptions halfPixelCenters=True"
    ),
    (.spaceToDepth, .blockSize(2), "SpaceToDepthOptions blockSize=2"),
    (.depthToSpace, .blockSize(3), "DepthToSpaceOptions blockSize=3"),
    (.mean, .reduction(keepsDimensions: true), "ReducerOptions keepDims=True"),
    (.sum, .reduction(keepsDimensions: true), "ReducerOptions keepDims=True"),
    (.reduceMax, .reduction(keepsDimensions: true), "ReducerOptions keepDims=True"),
    (.reduceMin, .reduction(keepsDimensions: true), "ReducerOptions keepDims=True"),
    (.gather, .gather(axis: 1, batchDimensions: 2), "GatherOptions axis=1 batchDims=2"),
    (.squeeze, .squeeze(axes: [1, 2]), "SqueezeOptions squeezeDims=[1, 2]"),
    (
      .stridedSlice,
      .stridedSlice(
        beginMask: 1, endMask: 2, ellipsisMask: 4, newAxisMask: 8, shrinkAxisMask: 16),
      "StridedSliceOptions beginMask=1 ellipsisMask=4 endMask=2 newAxisMask=8 shrinkAxisMask=16"
    ),
    (.split, .split(count: 3), "SplitOptions numSplits=3"),
    (.splitV, .split(count: 4), "SplitVOptions numSplits=4"),
    (.pack, .pack(count: 2, axis: 1), "PackOptions axis=1 valuesCount=2"),
    (.unpack, .pack(count: 3, axis: 2), "UnpackOptions axis=2 num=3"),
    (.leakyRelu, .leakyRelu(alpha: 0.25), "LeakyReluOptions alpha=0.25"),
    (.mirrorPad, .mirrorPad(repeatsEdge: true), "MirrorPadOptions mode=1"),
    (.argMax, .argument(outputType: .int64), "ArgMaxOptions outputType=4"),
    (.argMin, .argument(outputType: .int32), "ArgMinOptions outputType=2"),
    (.shape, .argument(outputType: .int32), "ShapeOptions outType=2"),
    (.svdf, .svdf(rank: 2, activation: .relu), "SVDFOptions fusedActivationFunction=1 rank=2"),
    (
      .unidirectionalSequenceLSTM,
      .lstm(
        activation: 4, cellClip: 10, projectionClip: 0.5, isTimeMajor: true,
        asymmetricQuantizeInputs: true),
      "UnidirectionalSequenceLSTMOptions asymmetricQuantizeInputs=True cellClip=10.0 "
        + "fusedActivationFunction=4 projClip=0.5 timeMajor=True"
    ),
  ]
}()
