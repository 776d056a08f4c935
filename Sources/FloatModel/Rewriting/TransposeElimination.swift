import Diagnostics

/// Composes transposes of transposes, and moves transposes down past operators that work on each
/// element alone, until they meet another one, a flattening that absorbs them
/// (``FlattenAbsorption``), or something that needs the order they give.
package struct TransposeElimination: RewritingPass {
  package static let name = "transpose elimination"

  package init() {}

  package func apply(to graph: inout FloatGraph) throws(Diagnostic) -> Bool {
    var editor = GraphEditor(graph)
    for position in editor.positions {
      guard let node = editor[position] else { continue }
      if case .transpose(let outer) = node.operation {
        guard case (_, let inner)? = editor.producer(of: node.inputs[0]),
          case .transpose(let permutation) = inner.operation
        else { continue }
        var merged = node
        merged.operation = .transpose(outer.map { permutation[$0] })
        merged.inputs = inner.inputs
        editor.replace(position, with: merged)
      } else {
        moveTransposesBelow(node, at: position, in: &editor)
      }
    }
    graph = editor.finished()
    return editor.isChanged
  }

  /// f(transpose(x), …) → transpose(f(x, …)).
  private func moveTransposesBelow(
    _ node: FloatNode, at position: Int, in editor: inout GraphEditor
  ) {
    guard let first = node.inputs.compactMap({ transpose(making: $0, in: editor) }).first,
      let operation = node.operation.onUntransposed(first.permutation)
    else { return }
    var inputs: [ValueIndex] = []
    var constants: [(place: Int, tensor: FloatTensor)] = []
    var absorbed: Set<Int> = []
    for (place, input) in node.inputs.enumerated() {
      if let constant = editor.constant(input) {
        guard let untransposed = constant.untransposed(by: first.permutation) else { return }
        constants.append((place, untransposed))
        inputs.append(input)
      } else {
        guard let other = transpose(making: input, in: editor),
          other.permutation == first.permutation
        else { return }
        absorbed.insert(other.position)
        inputs.append(other.source)
      }
    }
    for (place, tensor) in constants {
      inputs[place] = editor.replaceConstant(inputs[place], with: tensor)
    }
    var inverse = first.permutation
    for (axis, source) in first.permutation.enumerated() { inverse[source] = axis }
    let outputShape = editor.shape(node.output)
    let moved = editor.addValue(
      shape: inverse.map { outputShape[$0] },
      name: "\(editor.name(node.output))_before_transpose")
    for transpose in absorbed { editor.remove(transpose) }
    editor.insert(
      FloatNode(name: node.name, operation: operation, inputs: inputs, output: moved),
      before: position)
    editor.replace(
      position,
      with: FloatNode(
        name: first.name, operation: .transpose(first.permutation), inputs: [moved],
        output: node.output))
  }

  /// The transpose that makes `value` for nobody else.
  private func transpose(
    making value: ValueIndex, in editor: GraphEditor
  ) -> (name: String, position: Int, permutation: [Int], source: ValueIndex)? {
    guard let (position, node) = editor.producer(of: value), !editor.isGraphOutput(value),
      Set(editor.users(of: value)).count == 1,
      case .transpose(let permutation) = node.operation
    else { return nil }
    return (node.name, position, permutation, node.inputs[0])
  }
}

extension FloatOperation {
  /// The operation that gives the same on inputs as they were before `permutation`, up to that
  /// same permutation of the output; `nil` where there is none.
  fileprivate func onUntransposed(_ permutation: [Int]) -> FloatOperation? {
    switch self {
    case .activation, .identity, .prelu, .add, .subtract, .multiply:
      return self
    case .concatenation(let axis):
      return .concatenation(axis: permutation[axis])
    case .softmax(let axis):
      // Runtimes work along the last axis only: never move it away from there.
      return axis == permutation.count - 1 && permutation[axis] != axis
        ? nil : .softmax(axis: permutation[axis])
    case .mean(let axes, true):
      return .mean(axes: axes.map { permutation[$0] }.sorted(), keepsDimensions: true)
    case .pad(let before, let after, let mode):
      return .pad(
        before: before.untransposed(by: permutation), after: after.untransposed(by: permutation),
        mode: mode)
    case .slice(let begin, let extent, let strides):
      return .slice(
        begin: begin.untransposed(by: permutation), extent: extent.untransposed(by: permutation),
        strides: strides.untransposed(by: permutation))
    default:
      return nil
    }
  }
}

extension [Int] {
  /// One number per axis, as it was before `permutation` moved the axes.
  fileprivate func untransposed(by permutation: [Int]) -> [Int] {
    var result = self
    for (axis, source) in permutation.enumerated() { result[source] = self[axis] }
    return result
  }
}

extension FloatTensor {
  /// The tensor that, transposed by `permutation`, broadcasts as this one does; `nil` where it has
  /// more axes than the permutation.
  fileprivate func untransposed(by permutation: [Int]) -> FloatTensor? {
    guard shape.count <= permutation.count else { return nil }
    if shape.allSatisfy({ $0 == 1 }) { return self }
    let full = FloatTensor(
      shape: Array(repeating: 1, count: permutation.count - shape.count) + shape, values: values)
    var inverse = permutation
    for (axis, source) in permutation.enumerated() { inverse[source] = axis }
    return full.transposed(by: inverse)
  }
}
