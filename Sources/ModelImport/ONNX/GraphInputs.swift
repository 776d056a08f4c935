import ONNXFormat
import Diagnostics
import FloatModel

/// What the declared inputs of an ONNX graph say.
enum GraphInputs {
  /// The shape of a float input, with a batch of 1.
  static func shape(
    of input: ONNXValueInfoProto, place: String
  ) throws(Diagnostic) -> [Int] {
    guard input.hasType, input.type.hasTensorType else {
      throw Diagnostic(
        place: place, problem: "is no tensor; sequences, maps and optional values are not supported"
      )
    }
    let type = input.type.tensorType
    guard ElementCode(rawValue: type.elemType)?.isReal == true else {
      throw Diagnostic(
        place: place,
        problem:
          "holds \(ElementCode.name(of: type.elemType)), but only float inputs are supported",
        remedy: "export the model with float32 inputs")
    }
    guard type.hasShape, !type.shape.dim.isEmpty else {
      throw Diagnostic(
        place: place, problem: "has no shape, or no axis for the batch",
        remedy: "export the model with fixed input shapes")
    }
    var shape: [Int] = []
    for (axis, dimension) in type.shape.dim.enumerated() {
      shape.append(try extent(dimension, axis: axis, place: place))
    }
    do {
      try ShapeLimits.check(shape, of: "it")
    } catch {
      throw Diagnostic(place: place, problem: error.problem)
    }
    return shape
  }

  private static func extent(
    _ dimension: ONNXDimensionProto, axis: Int, place: String
  ) throws(Diagnostic) -> Int {
    guard dimension.hasDimValue else {
      if axis == 0 { return 1 }
      let name = dimension.dimParam.isEmpty ? "" : " '\(dimension.dimParam)'"
      throw Diagnostic(
        place: place, problem: "axis \(axis) has the variable extent\(name)",
        remedy: "export the model with fixed input shapes; only the batch may vary")
    }
    if axis == 0 {
      // Some exporters write an unknown batch as 0 or −1.
      guard dimension.dimValue <= 1 else {
        throw Diagnostic(
          place: place, problem: "has a fixed batch of \(dimension.dimValue)",
          remedy: "export the model with a batch of 1 or a variable one")
      }
      return 1
    }
    return Int(clamping: dimension.dimValue)
  }

  /// Operators that an image may pass before it is brought into the order of convolutions.
  private static let elementwise: Set<String> = [
    "Add", "Cast", "Clip", "Div", "Identity", "Mul", "Neg", "Relu", "Sub",
  ]

  /// Whether the input is an image `[N, H, W, C]` already: everything that reads it, or what is
  /// computed of it element by element, changes it to `[N, C, H, W]` first, as converters from
  /// TensorFlow write it.
  static func isChannelsLast(_ name: String, shape: [Int], in graph: ONNXGraphProto) -> Bool {
    guard shape.count == 4 else { return false }
    var images: Set<String> = [name]
    var isTransposed = false
    for node in graph.node where node.input.contains(where: images.contains) {
      if elementwise.contains(node.opType) {
        images.formUnion(node.output)
        continue
      }
      guard node.opType == "Transpose",
        node.attribute.contains(where: { $0.name == "perm" && $0.ints == [0, 3, 1, 2] })
      else { return false }
      isTransposed = true
    }
    return isTransposed
  }
}
