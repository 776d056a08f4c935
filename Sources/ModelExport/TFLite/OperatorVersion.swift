import TFLiteFormat

extension TFLiteOperator {
  /// The least version of the operator that has what this one uses, as TensorFlow's
  /// `GetBuiltinOperatorVersion` numbers them: runtimes refuse versions higher than they know.
  func leastVersion(in model: TFLiteModel) -> Int {
    let operands = inputs.filter { $0 >= 0 }.map { model.tensors[$0] }
    guard let first = operands.first else { return 1 }
    switch code {
    case .conv2D: return convolutionVersion(operands)
    case .depthwiseConv2D: return depthwiseVersion(operands)
    case .fullyConnected: return fullyConnectedVersion(operands)
    case .transposeConv: return operands.count > 3 ? 3 : 2
    case .mul:
      let scales = (operands + outputs.map { model.tensors[$0] }).compactMap {
        $0.quantization?.scales.first
      }
      if scales.count == 3, first.elementType != .int16, scales[0] * scales[1] / scales[2] >= 1 {
        return 3
      }
      return byType(first, int8: 2, int16: 4)
    case .sub:
      if isBroadcast(operands), rank(of: operands) > 4 { return 3 }
      return byType(first, int8: 2, int16: 5)
    case .minimum, .maximum:
      if first.elementType != .int16, isBroadcast(operands), rank(of: operands) > 4 { return 3 }
      return byType(first, int8: 2, int16: 4)
    case .pad, .padV2:
      return first.shape.count > 4 ? 4 : byType(first, int8: 2, int16: 3)
    case .transpose:
      if first.shape.count > 5 { return 6 }
      if first.elementType == .int16 { return 5 }
      return first.shape.count > 4 ? 4 : byType(first, int8: 2, int16: 5)
    case .stridedSlice:
      return first.shape.count > 4 ? 4 : byType(first, int8: 2, int16: 1)
    case .spaceToBatchND, .batchToSpaceND:
      if first.elementType == .int16 { return 4 }
      return first.shape.count != 4 ? 3 : byType(first, int8: 2, int16: 4)
    case .resizeBilinear, .resizeNearestNeighbor: return resizeVersion(first)
    case .gather:
      if case .gather(_, let batchDimensions) = options, batchDimensions != 0 { return 5 }
      return byType(first, int8: 2, int16: 4)
    case .quantize:
      return outputs.contains { model.tensors[$0].elementType == .int16 } ? 2 : 1
    case .relu: return first.elementType == .uint8 ? 2 : byType(first, int8: 2, int16: 3)
    // 3 by TensorFlow's numbers, which LiteRT's reference kernels do not list though they can.
    case .tile: return 2
    case .leakyRelu: return byType(first, int8: 1, int16: 2)
    case .add, .averagePool2D, .maxPool2D, .concatenation, .softmax, .mean, .sum, .mirrorPad,
      .reduceMax, .reduceMin, .tanh, .logistic, .relu6:
      return byType(first, int8: 2, int16: 3)
    case .argMax, .argMin, .l2Normalization, .logSoftmax, .spaceToDepth:
      return byType(first, int8: 2, int16: 1)
    default: return 1
    }
  }

  private func byType(_ tensor: TFLiteTensor, int8: Int, int16: Int) -> Int {
    switch tensor.elementType {
    case .int8: int8
    case .int16: int16
    default: 1
    }
  }

  private func isBroadcast(_ operands: [TFLiteTensor]) -> Bool {
    operands.count > 1 && operands[0].shape != operands[1].shape
  }

  private func rank(of operands: [TFLiteTensor]) -> Int {
    operands.map(\.shape.count).max() ?? 0
  }

  private func convolutionVersion(_ operands: [TFLiteTensor]) -> Int {
    guard operands.count > 1 else { return 1 }
    let (image, weights) = (operands[0], operands[1])
    if image.shape.last != weights.shape.last { return 6 }
    return weights.elementType == .int4 ? 7 : byType(image, int8: 3, int16: 1)
  }

  private func depthwiseVersion(_ operands: [TFLiteTensor]) -> Int {
    guard operands.count > 1 else { return 1 }
    // 7 by TensorFlow's numbers, which LiteRT's reference kernels do not list though they can.
    if operands[1].elementType == .int4 { return 6 }
    if operands[0].elementType == .int8 { return 3 }
    if case .depthwiseConvolution(_, let dilation, _, _) = options,
      dilation != TFLitePair(height: 1, width: 1)
    {
      return 2
    }
    return 1
  }

  private func fullyConnectedVersion(_ operands: [TFLiteTensor]) -> Int {
    guard operands.count > 1 else { return 1 }
    if operands[1].elementType == .int4 { return 10 }
    if case .fullyConnected(_, let keepsDimensions, _) = options, keepsDimensions { return 5 }
    return byType(operands[0], int8: 4, int16: 1)
  }

  private func resizeVersion(_ image: TFLiteTensor) -> Int {
    if image.elementType == .int16 { return 4 }
    if case .resize(let alignCorners, let halfPixelCenters) = options,
      halfPixelCenters || (alignCorners && code == .resizeNearestNeighbor)
    {
      return 3
    }
    return byType(image, int8: 2, int16: 4)
  }
}
