import IntegerModel

/// A small classifier with everything that a model can have: image `[1, 8, 8, 3]` to the softmax of
/// three classes, with input pipeline, labels and conversion record.
package enum SmallModel {
  /// The model.
  package static let graph: IntegerGraph = {
    var graph = IntegerGraph(name: "small", arithmetic: .tflm)
    graph.tensors = [
      activation("image", [1, 8, 8, 3], scale: 0.0078125, zeroPoint: -1),
      constant("conv/weights", [4, 3, 3, 3], (0..<108).map { Int8($0 % 11 - 5) }, scales: 4),
      constant("conv/bias", [4], [100, -200, 300, -400] as [Int32], scales: 4),
      activation("conv", [1, 4, 4, 4], scale: 0.05, zeroPoint: 3),
      activation("swish", [1, 4, 4, 4], scale: 0.04, zeroPoint: -100),
      activation("pool", [1, 1, 1, 4], scale: 0.04, zeroPoint: -100),
      activation("flat", [1, 4], scale: 0.04, zeroPoint: -100),
      constant("logits/weights", [3, 4], (0..<12).map { Int8($0 * 7 - 40) }, scales: 1),
      constant("logits/bias", [3], [1, 2, 3] as [Int32], scales: 1),
      activation("logits", [1, 3], scale: 0.1, zeroPoint: 0),
      activation("probabilities", [1, 3], scale: 0.00390625, zeroPoint: -128),
    ]
    let factor = FixedPointMultiplier(multiplier: 1_500_000_000, shift: -5)
    let codes = CodeRange(minimum: -128, maximum: 127)
    let table = ConstantBytes(copying: (0..<256).map { Int8(truncatingIfNeeded: $0 / 2 - 100) })
    graph.operations = [
      Operation(
        name: "conv",
        kind: .convolution(
          ConvolutionParameters(
            stride: SpatialPair(height: 2, width: 2),
            padding: SpatialPadding(top: 0, left: 0, bottom: 1, right: 1),
            multipliers: [FixedPointMultiplier](repeating: factor, count: 4), clamp: codes)),
        inputs: [0, 1, 2], outputs: [3]),
      Operation(
        name: "swish",
        kind: .lookup(
          LookupParameters(
            function: .hardSwish, table: table,
            profileTables: [ProfileTable(profile: .tosa, table: table)])),
        inputs: [3], outputs: [4]),
      Operation(
        name: "pool",
        kind: .averagePool(
          PoolParameters(
            window: SpatialPair(height: 4, width: 4), stride: SpatialPair(height: 4, width: 4),
            padding: SpatialPadding(), clamp: codes)), inputs: [4], outputs: [5]),
      Operation(name: "flat", kind: .reshape, inputs: [5], outputs: [6]),
      Operation(
        name: "logits",
        kind: .fullyConnected(FullyConnectedParameters(multipliers: [factor], clamp: codes)),
        inputs: [6, 7, 8], outputs: [9]),
      Operation(
        name: "softmax",
        kind: .softmax(
          SoftmaxParameters(
            multiplier: FixedPointMultiplier(multiplier: 1_717_986_918, shift: 22),
            minimumDifference: -620)), inputs: [9], outputs: [10]),
    ]
    graph.inputs = [0]
    graph.outputs = [10]
    graph.inputPipeline = InputPipeline(
      height: 8, width: 8, resizeShortSide: 8, channelOrder: .rgb,
      codeTables: [[Int16]](repeating: (0..<256).map { Int16($0 - 128) }, count: 3),
      meanBits: [Float](repeating: 127.5, count: 3).map(\.bitPattern),
      standardDeviationBits: [Float](repeating: 127.5, count: 3).map(\.bitPattern))
    graph.labels = ["cat", "dog", "Löwe"]
    graph.record = ConversionRecord(
      sourceName: "small.onnx", sourceDigest: String(repeating: "ab", count: 32),
      toolVersion: "qconvert 0.1.0", options: ["arithmetic=tflm", "weights=per-channel"],
      layers: [
        LayerRecord(
          operation: "conv", observedMinimumBits: Float(-1.5).bitPattern,
          observedMaximumBits: Float(3).bitPattern, headroomBits: 12, notes: ["fine"])
      ])
    return graph
  }()

  private static func activation(
    _ name: String, _ shape: [Int], scale: Float, zeroPoint: Int32
  ) -> TensorDescription {
    TensorDescription(
      name: name, shape: shape, elementType: .int8,
      quantization: Quantization(scaleBits: [scale.bitPattern], zeroPoints: [zeroPoint]))
  }

  private static func constant<Element: FixedWidthInteger>(
    _ name: String, _ shape: [Int], _ values: [Element], scales: Int
  ) -> TensorDescription {
    TensorDescription(
      name: name, shape: shape, elementType: Element.bitWidth == 8 ? .int8 : .int32,
      quantization: Quantization(
        scaleBits: [UInt32](repeating: Float(0.01).bitPattern, count: scales), zeroPoints: [0],
        axis: scales > 1 ? 0 : nil),
      constant: ConstantBytes(copying: values))
  }
}
