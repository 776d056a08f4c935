import Diagnostics

/// Recognizes hard sigmoid and hard swish in the forms exporters spell them out:
/// - clip(x + 3, 0, 6) · (1/6) is the hard sigmoid with α = 1/6, β = 1/2;
/// - x · hardSigmoid(x) and x · clip(x + 3, 0, 6) · (1/6) are the hard swish.
///
/// Sigmoid(x) · x stays a multiplication.
package struct HardSwishFusion: RewritingPass {
  package static let name = "hard swish fusion"

  package init() {}

  private static let sixth: Float = 1 / 6

  package func apply(to graph: inout FloatGraph) throws(Diagnostic) -> Bool {
    var editor = GraphEditor(graph)
    for position in editor.positions {
      guard let node = editor[position], case .multiply(clamp: .none) = node.operation else {
        continue
      }
      for (operand, other) in [(0, 1), (1, 0)] {
        guard
          let fused = fusion(node, operand: node.inputs[operand], other: node.inputs[other], editor)
        else { continue }
        editor.replace(position, with: fused)
        break
      }
    }
    graph = editor.finished()
    return editor.isChanged
  }

  private func fusion(
    _ node: FloatNode, operand: ValueIndex, other: ValueIndex, _ editor: GraphEditor
  ) -> FloatNode? {
    var fused = node
    if isScalar(other, near: Self.sixth, editor) {
      // operand · (1/6)
      if let source = sourceOfShiftedClip(operand, editor) {
        fused.operation = .activation(.hardSigmoid(alpha: Self.sixth, beta: 0.5))
        fused.inputs = [source]
        return fused
      }
      guard case (_, let product)? = editor.producer(of: operand),
        case .multiply(clamp: .none) = product.operation
      else { return nil }
      let factors = product.inputs
      for (first, second) in [(factors[0], factors[1]), (factors[1], factors[0])]
      where sourceOfShiftedClip(second, editor) == first {
        fused.operation = .activation(.hardSwish)
        fused.inputs = [first]
        return fused
      }
      return nil
    }
    guard case (_, let gate)? = editor.producer(of: other),
      case .activation(.hardSigmoid(let alpha, beta: 0.5)) = gate.operation,
      isClose(alpha, Self.sixth), gate.inputs == [operand]
    else { return nil }
    fused.operation = .activation(.hardSwish)
    fused.inputs = [operand]
    return fused
  }

  /// x where `value` is clip(x + 3, 0, 6).
  private func sourceOfShiftedClip(_ value: ValueIndex, _ editor: GraphEditor) -> ValueIndex? {
    guard var (_, node) = editor.producer(of: value) else { return nil }
    if case .activation(.clip(.relu6)) = node.operation {
      guard case (_, let inner)? = editor.producer(of: node.inputs[0]),
        inner.operation == .add(clamp: .none)
      else { return nil }
      node = inner
    } else if node.operation != .add(clamp: .relu6) {
      return nil
    }
    for (operand, other) in [(0, 1), (1, 0)]
    where isScalar(node.inputs[other], near: 3, editor)
      && editor.shape(node.inputs[operand]) == editor.shape(node.output)
    {
      return node.inputs[operand]
    }
    return nil
  }

  private func isScalar(_ value: ValueIndex, near number: Float, _ editor: GraphEditor) -> Bool {
    guard let constant = editor.constant(value) else { return false }
    return constant.values.allSatisfy { isClose($0, number) }
  }

  /// Whether two roundings of the same number could be `first` and `second`.
  private func isClose(_ first: Float, _ second: Float) -> Bool {
    abs(first - second) <= 4 * second.ulp
  }
}
