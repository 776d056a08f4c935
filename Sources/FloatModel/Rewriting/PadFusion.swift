import Diagnostics

/// Lets the operator that reads a padded image pad it itself.
///
/// - A convolution takes over zeros around H and W.
/// - A max pool ignores its own padding, so it takes over values that can never be the maximum: −∞,
///   or any value not above the least that its input can take, such as 0 after a ReLU. Each window
///   still reaches an element of the image.
/// - An average pool counts padded elements but not its own padding: nothing to take over.
/// - Two constant pads of the same value become one.
package struct PadFusion: RewritingPass {
  package static let name = "pad fusion"

  package init() {}

  package func apply(to graph: inout FloatGraph) throws(Diagnostic) -> Bool {
    var editor = GraphEditor(graph)
    let leastValues = graph.leastValues()
    for position in editor.positions {
      guard let node = editor[position], let first = node.inputs.first,
        let inner = editor.soleProducer(of: first),
        case .pad(let before, let after, .constant(let value)) = inner.node.operation
      else { continue }
      let source = inner.node.inputs[0]
      let edge = edgePadding(before: before, after: after)
      var fused = node
      fused.inputs[0] = source
      switch node.operation {
      case .convolution(var convolution):
        guard let edge, value == 0 else { continue }
        convolution.padding = convolution.padding + edge
        fused.operation = .convolution(convolution)
      case .maxPool(var pool):
        guard let edge, value <= leastValues[source] else { continue }
        pool.padding = pool.padding + edge
        guard max(pool.padding.top, pool.padding.bottom) < pool.window.height,
          max(pool.padding.left, pool.padding.right) < pool.window.width
        else { continue }
        fused.operation = .maxPool(pool)
      case .pad(let outerBefore, let outerAfter, .constant(value)):
        fused.operation = .pad(
          before: zip(before, outerBefore).map { $0 + $1 },
          after: zip(after, outerAfter).map { $0 + $1 }, mode: .constant(value))
      default: continue
      }
      editor.remove(inner.position)
      editor.replace(position, with: fused)
    }
    graph = editor.finished()
    return editor.isChanged
  }

  /// The padding of H and W, where no other axis is padded.
  private func edgePadding(before: [Int], after: [Int]) -> EdgePadding? {
    guard before.count == 4, before[0] == 0, after[0] == 0, before[3] == 0, after[3] == 0 else {
      return nil
    }
    return EdgePadding(top: before[1], left: before[2], bottom: after[1], right: after[2])
  }
}

extension EdgePadding {
  /// The sum, side by side.
  static func + (left: EdgePadding, right: EdgePadding) -> EdgePadding {
    EdgePadding(
      top: left.top + right.top, left: left.left + right.left,
      bottom: left.bottom + right.bottom, right: left.right + right.right)
  }
}
