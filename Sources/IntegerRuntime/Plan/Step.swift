import CIntegerKernels
import IntegerModel

/// How one operation is computed, with what planning prepared for it.
enum Step {
  /// By its reference kernel.
  case reference(LinearOperands?)
  /// By a kernel of a table.
  case table(TableStep)
}

/// A kernel of a table with its parameters.
struct TableStep {
  /// The table.
  let choice: KernelChoice
  /// Computes a range of units.
  let kernel: fbq_kernel
  /// The parameters, of the type that the kernel reads; prepared memory.
  let parameters: UnsafeRawPointer
  /// Into how many parts the work can be split.
  let units: Int
  /// Scratch that each thread needs.
  let scratchByteCount: Int
  /// Whether the work is worth waking other threads.
  let isParallel: Bool
}

/// Weights and bias of a convolution or a fully connected layer.
struct LinearOperands {
  /// Weights, one byte each: the constant in place, or unpacked from int4.
  let weights: TensorPlace
  /// The bias, aligned.
  let bias: Bias
}

/// A bias per output channel, in the type of the accumulator that it starts.
enum Bias {
  case int32(UnsafePointer<Int32>)
  case int64(UnsafePointer<Int64>)
}

extension IntegerGraph {
  /// The weights of an operation as one int8 or uint8 each: where they are stored, or unpacked into
  /// `memory` if they are int4.
  func byteWeights(of operation: Operation, in memory: PreparedMemory) -> TensorPlace {
    let tensor = tensors[operation.inputs[1]]
    guard tensor.elementType == .int4, let constant = tensor.constant else {
      return tensor.place(at: tensor.constantAddress)
    }
    let unpacked = memory.allocate(Int8.self, count: tensor.elementCount)
    constant.withUnsafeBytes { bytes in
      for index in 0..<tensor.elementCount { unpacked[index] = signedNibble(bytes, index) }
    }
    return TensorPlace(
      address: UnsafeMutableRawPointer(unpacked), extents: Extents(tensor.shape),
      elementType: .int8, zeroPoint: 0)
  }

  /// Weights and bias of an operation that has them.
  func linearOperands(of operation: Operation, in memory: PreparedMemory) -> LinearOperands? {
    switch operation.kind {
    case .convolution, .depthwiseConvolution, .fullyConnected, .transposeConvolution:
      LinearOperands(
        weights: byteWeights(of: operation, in: memory),
        bias: tensors[operation.inputs[2]].elementType == .int64
          ? .int64(memory.copy(bias(of: operation, as: Int64.self)))
          : .int32(memory.copy(bias(of: operation, as: Int32.self))))
    default: nil
    }
  }

  /// The bias of an operation, one per output channel.
  func bias<Sum: Accumulator>(of operation: Operation, as _: Sum.Type) -> [Sum] {
    tensors[operation.inputs[2]].constant?.array(of: Sum.self) ?? []
  }
}

extension TensorDescription {
  func place(at address: UnsafeMutableRawPointer) -> TensorPlace {
    TensorPlace(
      address: address, extents: Extents(shape), elementType: elementType, zeroPoint: zeroPoint)
  }

  /// Where the constant lies. Kernels only read it, and the graph keeps it alive.
  var constantAddress: UnsafeMutableRawPointer {
    guard let constant else { preconditionFailure("an activation without a place in the arena") }
    return constant.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { preconditionFailure("a constant without bytes") }
      return UnsafeMutableRawPointer(mutating: base)
    }
  }

  /// The same, or a copy where codes of more than one byte lie at an address that is no multiple of
  /// their size: a constant may lie anywhere in its block.
  func alignedConstantAddress(in memory: PreparedMemory) -> UnsafeMutableRawPointer {
    let address = constantAddress
    guard Int(bitPattern: address) % elementType.byteCount(of: 1) != 0 else { return address }
    let copy = memory.allocateUninitialized(byteCount: byteCount)
    copy.copyMemory(from: address, byteCount: byteCount)
    return copy
  }
}
