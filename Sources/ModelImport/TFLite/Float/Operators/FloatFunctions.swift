import Diagnostics
import FloatModel
import TFLiteFormat

/// Functions of each element, and softmax.
enum FloatFunctions {
  static let relu = function { _ in .clip(.relu) }
  static let relu6 = function { _ in .clip(.relu6) }
  static let reluN1To1 = function { _ in .clip(TFLiteActivation.reluN1To1.clamp) }
  static let logistic = function { _ in .sigmoid }
  static let tanh = function { _ in .tanh }
  static let hardSwish = function { _ in .hardSwish }

  static let leakyRelu = function { (node) throws(Diagnostic) in
    guard case .leakyRelu(let alpha) = node.options else { throw node.wrongOptions }
    guard alpha.isFinite else { throw Diagnostic(problem: "has the slope \(alpha)") }
    return .leakyRelu(alpha: alpha)
  }

  static let prelu: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try builder.value(0, of: node)
    let slope = try builder.constant(
      try node.floats(1, "slope"), named: try node.input(1).name)
    return [builder.content(try builder.emit(.prelu, [input, slope], for: node))]
  }

  static let softmax: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    guard case .softmax(let beta) = node.options else { throw node.wrongOptions }
    guard beta.isFinite, beta > 0 else {
      throw Diagnostic(problem: "has beta \(beta), which is not positive")
    }
    var input = try builder.value(0, of: node)
    let rank = builder.shape(of: input).count
    guard rank >= 1 else { throw Diagnostic(problem: "the input is a scalar") }
    if beta != 1 {
      let factor = try builder.constant(
        FloatTensor(shape: [], values: [beta]), named: "\(node.outputName)_beta")
      input = try builder.emit(
        .multiply(clamp: .none), [input, factor], for: node, suffix: "_scaled")
    }
    return [builder.content(try builder.emit(.softmax(axis: rank - 1), [input], for: node))]
  }

  private static func function(
    _ function: @escaping @Sendable (FloatOperator) throws(Diagnostic) -> FloatActivation
  ) -> FloatOperatorImport {
    { (node, builder) throws(Diagnostic) in
      let input = try builder.value(0, of: node)
      let output = try builder.emit(.activation(try function(node)), [input], for: node)
      return [builder.content(output)]
    }
  }
}
