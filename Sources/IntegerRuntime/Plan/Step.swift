import IntegerModel

/// What planning prepared for one operation.
struct Step {
  /// Weights, one byte each: the constant in place, or unpacked from int4.
  let weights: TensorPlace?
  /// The bias, aligned.
  let bias: UnsafePointer<Int32>?

  init(_ operation: Operation, graph: IntegerGraph, memory: PreparedMemory) {
    switch operation.kind {
    case .convolution, .depthwiseConvolution, .fullyConnected:
      weights = graph.tensors[operation.inputs[1]].byteWeights(memory)
      bias = graph.tensors[operation.inputs[2]].constant.map { constant in
        memory.copy(constant.array(of: Int32.self))
      }
    default:
      weights = nil
      bias = nil
    }
  }
}

extension TensorDescription {
  /// The weights as one int8 or uint8 each, in place where they are stored so.
  fileprivate func byteWeights(_ memory: PreparedMemory) -> TensorPlace? {
    guard let constant else { return nil }
    return constant.withUnsafeBytes { bytes -> TensorPlace? in
      guard elementType == .int4 else {
        return bytes.baseAddress.map {
          TensorPlace(
            address: UnsafeMutableRawPointer(mutating: $0), extents: Extents(shape),
            elementType: elementType, zeroPoint: zeroPoint)
        }
      }
      let unpacked = memory.allocate(Int8.self, count: elementCount)
      for index in 0..<elementCount { unpacked[index] = signedNibble(bytes, index) }
      return TensorPlace(
        address: UnsafeMutableRawPointer(unpacked), extents: Extents(shape), elementType: .int8,
        zeroPoint: 0)
    }
  }
}
