import CFloatKernels
import Diagnostics
import FloatModel

/// A node with its forward and its backward pass.
struct TrainingStep {
  /// Where the gradient of an input goes.
  enum Target {
    /// To the gradient of that value.
    case value(ValueIndex, UnsafeMutablePointer<Float>)
    /// To the sum for a parameter.
    case sum(UnsafeMutablePointer<Float>)
  }

  var node: FloatNode
  /// `nil` where the output is the input's own buffer.
  var kernel: (any NodeKernel)?
  var operands: Operands
  /// `nil` where no gradient is wanted.
  var gradient: (any NodeGradient)?
  /// One per input; `nil` where the backward pass writes no gradient of it.
  var targets: [Target?]
  var gradientOperands: GradientOperands

  /// - Parameter gradientBase: where the gradient of the output lies, if one is wanted.
  init(
    node: FloatNode, kernel: (any NodeKernel)?, operands: Operands,
    gradient: (any NodeGradient)?, gradientBase: UnsafeMutablePointer<Float>, targets: [Target?]
  ) {
    self.node = node
    self.kernel = kernel
    self.operands = operands
    self.gradient = gradient
    self.targets = targets
    gradientOperands = GradientOperands(
      inputs: operands.inputs, gradient: gradientBase, targets: targets.map { _ in nil },
      scratch: operands.scratch)
  }

  /// Replaces the values of a constant that the kernels hold in layouts of their own.
  func load(
    _ values: UnsafeBufferPointer<Float>, into parameter: ValueIndex
  ) throws(Diagnostic) {
    guard let kernel = kernel as? PrimitiveKernel else { return }
    for (position, input) in node.inputs.enumerated().dropFirst() where input == parameter {
      if position == 2 {
        try kernel.load(bias: values.baseAddress)
      } else {
        try kernel.load(weights: values.baseAddress)
        try (gradient as? LayerGradient)?.load(weights: values.baseAddress)
      }
    }
  }
}

/// What may be asked of a training engine.
enum TrainingRequest {
  /// The values no node computes whose gradients are wanted over the batch: graph inputs, and
  /// constants that stand where an activation is expected.
  static func leaves(
    of graph: FloatGraph, parameters: Set<ValueIndex>, inputGradients: Set<ValueIndex>
  ) throws(Diagnostic) -> Set<ValueIndex> {
    for index in parameters.sorted() { try check(parameter: index, in: graph) }
    for index in inputGradients.sorted() where !graph.inputs.contains(index) {
      throw Diagnostic(
        problem: "the gradient of value \(index) is wanted as that of a graph input, which it is "
          + "not")
    }
    var leaves = inputGradients
    for node in graph.nodes {
      for (position, input) in node.inputs.enumerated()
      where parameters.contains(input) && !node.operation.readsOnce(input, at: position, in: graph)
      {
        leaves.insert(input)
      }
    }
    return leaves
  }

  /// Refuses what is no constant or belongs to a batch normalization.
  static func check(parameter index: ValueIndex, in graph: FloatGraph) throws(Diagnostic) {
    guard graph.values.indices.contains(index), graph.values[index].constant != nil else {
      throw Diagnostic(problem: "value \(index) is no constant of the graph, so no parameter")
    }
    for node in graph.nodes {
      guard case .batchNormalization = node.operation, node.inputs.dropFirst().contains(index)
      else { continue }
      throw Diagnostic(
        place: node.place,
        problem: "its parameter '\(graph.values[index].name)' cannot be trained",
        remedy: "fold the batch normalization into the layer before it first")
    }
  }
}
