import Diagnostics
import FloatModel
import TFLiteFormat

/// Operators between types, and shapes as integers.
enum FloatConversions {
  /// Constants of any type with scales, and float16 ones, become the real numbers they stand for.
  static let dequantize: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    if case .activation = try node.input(0).content { return [try node.input(0).content] }
    let tensor = try node.floats(0, "input")
    try builder.assembly.charge(tensor.count)
    return [.constant(tensor)]
  }

  static let quantize: FloatOperatorImport = { (_, _) throws(Diagnostic) in
    throw Diagnostic(
      problem: "the model quantizes values itself: it comes from quantization-aware training or is "
        + "quantized in parts",
      remedy: "give the float model it was made from, or convert it to integers throughout")
  }

  static let shape: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    let shape: [Int] =
      switch try node.input(0).content {
      case .activation(let value): builder.shape(of: value)
      case .constant(let tensor): tensor.shape
      case .integers(let tensor): tensor.shape
      case .stored(let tensor): tensor.shape
      }
    return [.integers(IntegerTensor(shape))]
  }

  static let cast: FloatOperatorImport = { (node, builder) throws(Diagnostic) in
    let target = node.outputTypes[0]
    if let known = try builder.knownIntegers(0, of: node) {
      return [try converted(known, to: target, &builder)]
    }
    if case .activation = try node.input(0).content {
      guard target == .float32 else {
        throw Diagnostic(
          problem: "casts computed values to \(target)",
          remedy: "only constants and shapes can become integers")
      }
      return [try node.input(0).content]
    }
    let tensor = try node.floats(0, "input")
    try builder.assembly.charge(tensor.count)
    guard !target.isReal else { return [.constant(tensor)] }
    guard target == .int32 || target == .int64 else { throw unsupported(target) }
    _ = try IntegerTensor.checkedCount(tensor.shape)
    var values: [Int64] = []
    for value in tensor.values {
      guard let integer = Int64(exactly: value.rounded(.towardZero)) else {
        throw Diagnostic(problem: "casts \(value) to an integer")
      }
      values.append(integer)
    }
    return [.integers(IntegerTensor(shape: tensor.shape, values: values))]
  }

  private static func converted(
    _ tensor: IntegerTensor, to target: TFLiteElementType, _ builder: inout FloatGraphBuilder
  ) throws(Diagnostic) -> FloatTensorContent {
    switch target {
    case .int32, .int64: return .integers(tensor)
    case .float32:
      try builder.assembly.charge(tensor.values.count)
      return .constant(FloatTensor(shape: tensor.shape, values: tensor.values.map { Float($0) }))
    case .bool, .float16, .int16, .int4, .int8, .uint32, .uint8: throw unsupported(target)
    }
  }

  private static func unsupported(_ target: TFLiteElementType) -> Diagnostic {
    Diagnostic(problem: "casts to \(target), which is not supported")
  }
}
