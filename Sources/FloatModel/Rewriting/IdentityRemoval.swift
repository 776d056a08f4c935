import Diagnostics

/// Removes nodes that pass their input on unchanged, and turns those that only rename axes into
/// reshapes: transposes that move no axis longer than 1, means over axes of extent 1.
package struct IdentityRemoval: RewritingPass {
  package static let name = "identity removal"

  package init() {}

  package func apply(to graph: inout FloatGraph) throws(Diagnostic) -> Bool {
    var editor = GraphEditor(graph)
    for position in editor.positions {
      guard let node = editor[position] else { continue }
      if let source = passedOn(by: node, in: editor), editor.bypass(position, to: source) {
        continue
      }
      if onlyRenamesAxes(node, in: editor) {
        var reshape = node
        reshape.operation = .reshape(editor.shape(node.output))
        editor.replace(position, with: reshape)
      }
    }
    graph = editor.finished()
    return editor.isChanged
  }

  /// The input that `node` passes on unchanged, if it does.
  private func passedOn(by node: FloatNode, in editor: GraphEditor) -> ValueIndex? {
    let source = node.inputs[0]
    let shape = editor.shape(source)
    let isIdentity =
      switch node.operation {
      case .identity: true
      case .reshape(let target): target == shape
      case .transpose(let permutation): permutation == Array(shape.indices)
      case .concatenation: node.inputs.count == 1
      case .pad(let before, let after, _): (before + after).allSatisfy { $0 == 0 }
      case .slice(_, let extent, let strides):
        extent == shape && zip(extent, strides).allSatisfy { $0 == 1 || $1 > 0 }
      case .activation(.clip(let range)): range == .none
      case .maxPool(let pool), .averagePool(let pool):
        pool.window == SpatialExtent(height: 1, width: 1)
          && pool.stride == SpatialExtent(height: 1, width: 1)
      case .resize(let resize):
        editor.shape(node.output) == shape
          && (resize.mapping == .alignCorners
            || (resize.verticalScale == 1 && resize.horizontalScale == 1))
      default: false
      }
    return isIdentity ? source : neutralOperand(of: node, in: editor)
  }

  /// x of x + 0, x − 0 and x · 1.
  private func neutralOperand(of node: FloatNode, in editor: GraphEditor) -> ValueIndex? {
    let neutral: Float
    let isCommutative: Bool
    switch node.operation {
    case .add(clamp: .none): (neutral, isCommutative) = (0, true)
    case .subtract(clamp: .none): (neutral, isCommutative) = (0, false)
    case .multiply(clamp: .none): (neutral, isCommutative) = (1, true)
    default: return nil
    }
    let order = isCommutative ? [(0, 1), (1, 0)] : [(0, 1)]
    for (operand, other) in order {
      guard let constant = editor.constant(node.inputs[other]),
        constant.values.allSatisfy({ $0 == neutral }),
        editor.shape(node.inputs[operand]) == editor.shape(node.output)
      else { continue }
      return node.inputs[operand]
    }
    return nil
  }

  private func onlyRenamesAxes(_ node: FloatNode, in editor: GraphEditor) -> Bool {
    let shape = editor.shape(node.inputs[0])
    switch node.operation {
    case .transpose(let permutation):
      let moved = permutation.filter { shape[$0] > 1 }
      return moved == moved.sorted()
    case .mean(let axes, _):
      return axes.allSatisfy { shape[$0] == 1 }
    default:
      return false
    }
  }
}
