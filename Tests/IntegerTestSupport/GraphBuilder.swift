import IntegerModel

/// Makes small graphs by hand.
package struct GraphBuilder {
  package var graph: IntegerGraph

  package init(arithmetic: ArithmeticProfile = .tflm) {
    graph = IntegerGraph(name: "test", arithmetic: arithmetic)
  }

  /// Adds a graph input.
  package mutating func input(
    _ name: String, _ shape: [Int], _ type: ElementType = .int8, zeroPoint: Int32 = 0
  ) -> TensorIndex {
    let index = activation(name, shape, type, zeroPoint: zeroPoint)
    graph.inputs.append(index)
    return index
  }

  /// Adds an activation with scale 1.
  package mutating func activation(
    _ name: String, _ shape: [Int], _ type: ElementType = .int8, zeroPoint: Int32 = 0,
    scaleBits: UInt32 = 0x3f80_0000
  ) -> TensorIndex {
    graph.tensors.append(
      TensorDescription(
        name: name, shape: shape, elementType: type,
        quantization: Quantization(scaleBits: [scaleBits], zeroPoints: [zeroPoint])))
    return graph.tensors.count - 1
  }

  /// Adds a state, with scale 1 unless told otherwise.
  package mutating func state(
    _ name: String, _ shape: [Int], _ type: ElementType, zeroPoint: Int32 = 0,
    scaleBits: UInt32 = 0x3f80_0000
  ) -> TensorIndex {
    let index = activation(name, shape, type, zeroPoint: zeroPoint, scaleBits: scaleBits)
    graph.tensors[index].isState = true
    return index
  }

  /// Adds a constant with scale 1.
  package mutating func constant(
    _ name: String, _ shape: [Int], _ type: ElementType, zeroPoint: Int32 = 0, _ values: [Int]
  ) -> TensorIndex {
    let bytes: ConstantBytes =
      switch type {
      case .int8: ConstantBytes(copying: values.map { Int8($0) })
      case .uint8: ConstantBytes(copying: values.map { UInt8($0) })
      case .int16: ConstantBytes(copying: values.map { Int16($0) })
      case .int32: ConstantBytes(copying: values.map { Int32($0) })
      case .int64: ConstantBytes(copying: values.map { Int64($0) })
      case .int4: ConstantBytes(copying: packedNibbles(values))
      }
    graph.tensors.append(
      TensorDescription(
        name: name, shape: shape, elementType: type,
        quantization: Quantization(scaleBits: [0x3f80_0000], zeroPoints: [zeroPoint]),
        constant: bytes))
    return graph.tensors.count - 1
  }

  /// Adds an operation that writes one tensor.
  package mutating func operation(
    _ name: String, _ kind: OperatorKind, _ inputs: [TensorIndex], _ output: TensorIndex
  ) {
    graph.operations.append(
      Operation(name: name, kind: kind, inputs: inputs, outputs: [output]))
  }

  /// Two per byte, low nibble first.
  private func packedNibbles(_ values: [Int]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (values.count + 1) / 2)
    for (index, value) in values.enumerated() {
      bytes[index / 2] |= UInt8(truncatingIfNeeded: value & 15) << (index % 2 == 0 ? 0 : 4)
    }
    return bytes
  }
}

extension FixedPointMultiplier {
  /// Exactly 1.
  package static let one = FixedPointMultiplier(multiplier: 1 << 30, shift: 1)
  /// Exactly 1/2.
  package static let half = FixedPointMultiplier(multiplier: 1 << 30, shift: 0)
}

extension CodeRange {
  /// All of int8.
  package static let int8 = CodeRange(minimum: -128, maximum: 127)
  /// All of uint8.
  package static let uint8 = CodeRange(minimum: 0, maximum: 255)
  /// All of int16.
  package static let int16 = CodeRange(minimum: -32_768, maximum: 32_767)
}

extension SpatialPair {
  /// The same along both axes.
  package init(_ extent: Int) { self.init(height: extent, width: extent) }
}
