import Diagnostics
import FloatModel

/// Pad; negative counts crop.
enum PadOperator {
  static let pad: OperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try builder.place(0, of: node)
    let shape = builder.shape(of: input)
    let rank = shape.count
    let mode = try mode(of: node)
    var counts = Array(repeating: 0, count: 2 * rank)
    let asked = node.opset < 11 ? try node.ints("pads") : try node.indexVector(1, "pads")
    let axes = node.opset < 18 ? nil : try node.indexVector(3, "axes")
    let padded = axes ?? Array(0..<rank)
    guard let asked, asked.count == 2 * padded.count else {
      throw Diagnostic(
        problem: "has \(asked?.count ?? 0) pads for \(padded.count) axes of \(shape)")
    }
    for (place, axis) in padded.enumerated() {
      let axis = try Axis.resolved(axis, rank: rank)
      counts[axis] = asked[place]
      counts[axis + rank] = asked[place + padded.count]
    }
    guard counts[0] == 0, counts[rank] == 0 else {
      throw Diagnostic(problem: "pads axis 0, the batch")
    }
    var value = input.value
    let isCropped = counts.contains { $0 < 0 }
    if isCropped {
      guard case .constant = mode else {
        throw Diagnostic(problem: "has negative pads \(counts) in a mode other than 'constant'")
      }
      let begin = (0..<rank).map { max(-counts[$0], 0) }
      let extent = (0..<rank).map { shape[$0] - begin[$0] - max(-counts[$0 + rank], 0) }
      value = try builder.emit(
        .slice(
          begin: input.layout.stored(begin, filler: 0),
          extent: input.layout.stored(extent, filler: 1),
          strides: input.layout.axes.map { _ in 1 }),
        [value], for: node, name: counts.contains { $0 > 0 } ? "\(node.name)_cropped" : nil)
    }
    if !isCropped || counts.contains(where: { $0 > 0 }) {
      let positive = counts.map { max($0, 0) }
      value = try builder.emit(
        .pad(
          before: input.layout.stored(Array(positive[..<rank]), filler: 0),
          after: input.layout.stored(Array(positive[rank...]), filler: 0), mode: mode),
        [value], for: node)
    }
    return [builder.result(Placed(value: value, layout: input.layout))]
  }

  private static func mode(of node: ONNXNode) throws(Diagnostic) -> FloatPadMode {
    let value =
      node.opset < 11 ? try node.limit("value") : try node.floatScalar(2, "constant_value")
    switch try node.string("mode") ?? "constant" {
    case "constant": return .constant(value ?? 0)
    case "reflect": return .reflect
    case "edge": return .edge
    case let other: throw Diagnostic(problem: "pads in mode '\(other)', which is not supported")
    }
  }
}
