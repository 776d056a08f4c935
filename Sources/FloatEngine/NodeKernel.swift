import Diagnostics

/// Where a node reads and writes. Every array is `[batch, …]` with the graph's own shape after the
/// batch axis, except constants, which exist once.
struct Operands {
  /// One pointer per input of the node.
  var inputs: [UnsafePointer<Float>]
  var output: UnsafeMutablePointer<Float>
  /// Working memory, `NodeKernel.scratchByteCount` bytes or more; its content never survives.
  var scratch: UnsafeMutableRawPointer
}

/// A node made ready to run: shapes are fixed, parameters are in the layout the kernel likes, index
/// tables are built. One object per node, so that later a backward pass can sit beside the forward
/// one and share them.
protocol NodeKernel: AnyObject {
  /// Bytes of working memory that `forward` needs.
  var scratchByteCount: Int { get }
  /// Bytes of parameters in the layout the kernel likes.
  var weightByteCount: Int { get }

  /// Computes the output from the inputs.
  ///
  /// - Throws: a diagnostic without a place.
  func forward(_ operands: Operands) throws(Diagnostic)
}

extension NodeKernel {
  var scratchByteCount: Int { 0 }
  var weightByteCount: Int { 0 }
}
