import Diagnostics
import FloatModel

/// The memory of all values of a graph at run time.
final class ValueStorage {
  private let arena: AlignedBuffer
  /// Constants that stand once, beside broadcast operands.
  private var single: [ValueIndex: AlignedBuffer] = [:]
  /// Constants that stand once per image, where an activation is expected.
  private var repeated: [ValueIndex: AlignedBuffer] = [:]
  private let plan: BufferPlan

  /// - Parameters:
  ///   - graph: checked, with inferred shapes.
  ///   - counts: elements of each value over the batch.
  ///   - keeping: values that are read after a run.
  init(
    graph: FloatGraph, batch: Int, counts: [Int], keeping: Set<ValueIndex>
  ) throws(Diagnostic) {
    plan = BufferPlan(graph: graph, counts: counts, keeping: keeping)
    arena = try AlignedBuffer(count: plan.arenaCount ?? Int.max, purpose: "activations")
    for node in graph.nodes {
      for (position, index) in node.inputs.enumerated() {
        guard let constant = graph.values[index].constant else { continue }
        switch node.operation.use(ofConstantAt: position) {
        case .parameter: break
        case .once:
          if single[index] == nil { single[index] = try Self.copies(of: constant, 1) }
        case .perImage:
          if repeated[index] == nil { repeated[index] = try Self.copies(of: constant, batch) }
        }
      }
    }
    for index in keeping {
      guard let constant = graph.values[index].constant, repeated[index] == nil else { continue }
      repeated[index] = try Self.copies(of: constant, batch)
    }
  }

  /// Bytes of the arena and of the constants that stand beside it.
  var byteCount: Int {
    arenaByteCount
      + (Array(single.values) + Array(repeated.values)).reduce(0) { $0 + $1.byteCount }
  }

  /// Bytes of the arena.
  var arenaByteCount: Int { arena.byteCount }

  /// Where the value lies, `[batch, …]`; `nil` for a constant that only serves as a parameter or
  /// broadcast operand.
  func base(of index: ValueIndex) -> UnsafeMutablePointer<Float>? {
    let owner = plan.owner[index]
    if let buffer = plan.buffers[owner] { return arena.base + buffer.offset }
    return repeated[owner]?.base
  }

  /// What `node` reads at run time: all its inputs but parameters.
  func operands(of node: FloatNode, in graph: FloatGraph) -> [UnsafePointer<Float>] {
    node.inputs.enumerated().compactMap { position, index in
      let isConstant = graph.values[index].constant != nil
      switch isConstant ? node.operation.use(ofConstantAt: position) : .perImage {
      case .parameter: return nil
      case .once: return single[index].map { UnsafePointer($0.base) }
      case .perImage: return base(of: index).map { UnsafePointer($0) }
      }
    }
  }

  /// Replaces the elements of a constant wherever it stands.
  func load(_ values: UnsafeBufferPointer<Float>, into index: ValueIndex) {
    for buffer in [single[index], repeated[index]].compactMap(\.self) {
      Self.fill(buffer, with: values)
    }
  }

  private static func copies(
    of constant: FloatTensor, _ count: Int
  ) throws(Diagnostic) -> AlignedBuffer {
    let buffer = try AlignedBuffer(count: constant.count * count, purpose: "constants")
    constant.values.withUnsafeBufferPointer { fill(buffer, with: $0) }
    return buffer
  }

  /// As many copies as the buffer holds.
  private static func fill(_ buffer: AlignedBuffer, with values: UnsafeBufferPointer<Float>) {
    for start in stride(from: 0, to: buffer.count, by: values.count) {
      _ = UnsafeMutableBufferPointer(start: buffer.base + start, count: values.count)
        .update(fromContentsOf: values)
    }
  }
}

/// How a node reads a constant input.
enum ConstantUse {
  /// Loaded into the kernel when it is made.
  case parameter
  /// One array for all images.
  case once
  /// One array per image, like an activation.
  case perImage
}

extension FloatOperation {
  func use(ofConstantAt position: Int) -> ConstantUse {
    switch self {
    case .convolution, .fullyConnected, .batchNormalization:
      position > 0 ? .parameter : .perImage
    case .add, .subtract, .multiply, .prelu: .once
    default: .perImage
    }
  }
}
