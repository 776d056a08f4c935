import Diagnostics

/// One rewriting of a float graph into an equal, simpler one.
///
/// A pass takes a graph whose shapes are inferred, and leaves one for which
/// ``FloatGraph/inferShapes()`` succeeds; up to rounding, the outputs are the same for every input.
package protocol RewritingPass: Sendable {
  /// What the pass does, for people.
  static var name: String { get }

  /// Rewrites `graph` as far as one sweep goes.
  ///
  /// - Returns: whether anything changed.
  /// - Throws: a diagnostic that names the node that cannot be rewritten, such as a batch
  ///   normalization with a negative variance.
  func apply(to graph: inout FloatGraph) throws(Diagnostic) -> Bool
}

extension FloatGraph {
  /// Most sweeps over all passes; real networks settle within ten.
  static let greatestRoundCount = 64

  /// The passes of ``simplified()``, in order.
  package static let simplifyingPasses: [any RewritingPass] = [
    ConstantFolding(), IdentityRemoval(), ReshapeMerging(), TransposeElimination(),
    FlattenAbsorption(), PadFusion(), BatchNormalizationFolding(), AffineFolding(),
    HardSwishFusion(), ClipFusion(), GlobalPoolUnification(), DeadCodeRemoval(),
  ]

  /// The passes that give what the others could not fold a form that quantizes well.
  package static let loweringPasses: [any RewritingPass] = [ChannelAffineLowering()]

  /// An equal graph in the form the quantizer lowers: batch normalizations folded, clips and pads
  /// fused, constants folded, transposes and identities removed where possible, dead code dropped.
  ///
  /// Names of inputs and outputs stay.
  ///
  /// - Throws: what ``inferShapes()``, ``checkFinite()`` and the passes throw.
  public func simplified() throws(Diagnostic) -> FloatGraph {
    var graph = self
    try graph.inferShapes()
    try graph.checkFinite()
    try graph.applyUntilStable(Self.simplifyingPasses)
    try graph.applyUntilStable(Self.simplifyingPasses + Self.loweringPasses)
    try graph.checkFinite()
    return graph
  }

  /// Sweeps over `passes` until none changes anything, at most ``greatestRoundCount`` times.
  mutating func applyUntilStable(_ passes: [any RewritingPass]) throws(Diagnostic) {
    for _ in 0..<Self.greatestRoundCount {
      var isStable = true
      for pass in passes where try pass.apply(to: &self) {
        isStable = false
        try inferShapes()
      }
      if isStable { return }
    }
  }
}
