import Diagnostics
import FloatModel

/// Where the gradient of one input of a node goes.
struct GradientTarget {
  var base: UnsafeMutablePointer<Float>
  /// Whether another reader of the value has written its part already, so that this one is added.
  var adds: Bool

  /// Overwrites with zeros what is not to be added to, for gradients that are summed up.
  func clear(count: Int) {
    if !adds { base.update(repeating: 0, count: count) }
  }
}

/// What a node's backward pass reads and writes.
struct GradientOperands {
  /// The node's inputs, as its forward pass read them.
  var inputs: [UnsafePointer<Float>]
  /// The gradient of the node's output, complete.
  var gradient: UnsafeMutablePointer<Float>
  /// One per input of the node; `nil` where no gradient is wanted.
  var targets: [GradientTarget?]
  /// Working memory, `NodeGradient.backwardScratchByteCount` bytes or more.
  var scratch: UnsafeMutableRawPointer
}

/// The backward pass of a node: stands beside its `NodeKernel` and shares what that has prepared.
protocol NodeGradient: AnyObject {
  /// Bytes of working memory that `backward` needs.
  var backwardScratchByteCount: Int { get }
  /// Whether a target can only be overwritten; the engine then adds.
  var onlyOverwrites: Bool { get }

  /// Computes the gradients of the inputs from that of the output.
  ///
  /// - Throws: a diagnostic without a place.
  func backward(_ operands: GradientOperands) throws(Diagnostic)
}

extension NodeGradient {
  var backwardScratchByteCount: Int { 0 }
  var onlyOverwrites: Bool { false }
}

extension FloatOperation {
  /// The fused clamp of a node.
  var clamp: ClampRange {
    switch self {
    case .convolution(let convolution): convolution.clamp
    case .fullyConnected(let clamp), .add(let clamp), .subtract(let clamp), .multiply(let clamp):
      clamp
    default: .none
    }
  }

  /// Whether the gradient of the first input may take the place of the output's: it has the same
  /// extents, and each element depends on the one in its place alone.
  var passesGradientInPlace: Bool {
    switch self {
    case .activation, .batchNormalization, .add, .subtract: true
    default: onlyReinterprets
    }
  }
}
