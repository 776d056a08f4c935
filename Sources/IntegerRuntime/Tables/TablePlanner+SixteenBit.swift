import CIntegerKernels
import IntegerModel

// Layers of 16-bit activations (16x8).
extension TablePlanner {
  /// Fully connected layer, or a convolution that is one: of one tap, on each pixel.
  func sixteenBitLayer(_ operation: Operation) -> TableStep? {
    switch operation.kind {
    case .fullyConnected(let parameters):
      return fullyConnected(
        operation, parameters.multipliers, parameters.clamp, parameters.accumulator)
    case .convolution(let parameters):
      let shape = graph.tensors[operation.inputs[1]].shape
      guard shape[1] == 1, shape[2] == 1, shape[3] == x(operation).extents[5],
        parameters.stride == SpatialPair(height: 1, width: 1),
        parameters.padding == SpatialPadding()
      else { return nil }
      return fullyConnected(
        operation, parameters.multipliers, parameters.clamp, parameters.accumulator)
    default: return nil
    }
  }

  private func fullyConnected(
    _ operation: Operation, _ multipliers: [FixedPointMultiplier], _ clamp: CodeRange,
    _ accumulator: AccumulatorType
  ) -> TableStep? {
    guard let kernel = kernels.fully_connected_16x8 else { return nil }
    let (activation, result) = (x(operation), y(operation))
    let (inputs, outputs) = (activation.extents[5], result.extents[5])
    let rows = activation.extents.count / inputs
    let factors = memory.allocateUninitialized(
      byteCount: multipliers.count * MemoryLayout<fbq_multiplier>.stride
    ).bindMemory(to: fbq_multiplier.self, capacity: multipliers.count)
    for (index, multiplier) in multipliers.enumerated() {
      factors[index] = fbq_multiplier(multiplier)
    }
    let bias =
      accumulator == .int64
      ? graph.bias(of: operation, as: Int64.self)
      : graph.bias(of: operation, as: Int32.self).map { Int64($0) }
    var layer = fbq_fully_connected_16x8()
    layer.input = UnsafePointer(activation.view(as: Int16.self).codes)
    layer.weights = UnsafePointer(graph.byteWeights(of: operation, in: memory).byteAddress)
    layer.output = result.view(as: Int16.self).codes
    layer.bias = memory.copy(bias)
    layer.multipliers = UnsafePointer(factors)
    layer.has_one_multiplier = multipliers.count == 1 ? 1 : 0
    layer.has_narrow_sums = accumulator == .int32 ? 1 : 0
    layer.single = arithmetic.rounding == .single ? 1 : 0
    (layer.minimum, layer.maximum) = (clamp.minimum, clamp.maximum)
    (layer.rows, layer.inputs, layer.outputs) = (rows, inputs, outputs)
    let unit = Int(fbq_16x8_unit)
    return step(
      kernel, layer, units: (outputs + unit - 1) / unit,
      work: rows * inputs * outputs / (choice == .portable ? 2 : 4))
  }
}
