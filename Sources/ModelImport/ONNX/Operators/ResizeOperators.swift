import Diagnostics
import FloatModel

/// Resize and its forerunner Upsample.
enum ResizeOperators {
  static let upsample: OperatorImport = { (node, builder) throws(Diagnostic) in
    let scales =
      node.opset < 9
      ? try node.floats("scales") : try node.floatConstant(1, "scales")?.values
    guard let scales else { throw Diagnostic(problem: "has no scales") }
    return [try oldResize(node, scales: scales, &builder)]
  }

  static let resize: OperatorImport = { (node, builder) throws(Diagnostic) in
    if node.opset == 10 {
      guard let scales = try node.floatConstant(1, "scales") else {
        throw Diagnostic(problem: "has no scales")
      }
      return [try oldResize(node, scales: scales.values, &builder)]
    }
    return [try newResize(node, &builder)]
  }

  /// Upsample, and Resize of opset 10, which map positions by the scale alone. Where they shrink,
  /// they take the next element, else the one before.
  private static func oldResize(
    _ node: ONNXNode, scales: [Float], _ builder: inout GraphBuilder
  ) throws(Diagnostic) -> ImportedValue {
    let interpolation: ResizeInterpolation
    switch try node.string("mode") ?? "nearest" {
    case "nearest":
      interpolation = .nearest(scales.contains { $0 < 1 } ? .ceil : .floor)
    case "linear", "bilinear": interpolation = .linear
    case let mode: throw unsupported("mode", mode)
    }
    return try emit(
      node, scales: scales, sizes: nil, axes: nil, mapping: .asymmetric,
      interpolation: interpolation, &builder)
  }

  private static func newResize(
    _ node: ONNXNode, _ builder: inout GraphBuilder
  ) throws(Diagnostic) -> ImportedValue {
    // Of cubic interpolation and cropping, which are refused.
    node.ignore("cubic_coeff_a", "exclude_outside", "extrapolation_value")
    guard try node.int("antialias") ?? 0 == 0 else { throw unsupported("antialias", "1") }
    let policy = try node.string("keep_aspect_ratio_policy") ?? "stretch"
    guard policy == "stretch" else { throw unsupported("keep_aspect_ratio_policy", policy) }
    let nearest = try nearestRounding(node)
    let interpolation: ResizeInterpolation
    switch try node.string("mode") ?? "nearest" {
    case "nearest": interpolation = .nearest(nearest)
    case "linear": interpolation = .linear
    case let mode: throw unsupported("mode", mode)
    }
    let scales = try node.floatConstant(2, "scales")?.values ?? []
    let sizes = try node.indexVector(3, "sizes") ?? []
    guard scales.isEmpty != sizes.isEmpty else {
      throw Diagnostic(problem: "needs either scales or sizes")
    }
    return try emit(
      node, scales: scales.isEmpty ? nil : scales, sizes: sizes.isEmpty ? nil : sizes,
      axes: try node.ints("axes"), mapping: try mapping(node), interpolation: interpolation,
      &builder)
  }

  private static func nearestRounding(_ node: ONNXNode) throws(Diagnostic) -> NearestRounding {
    switch try node.string("nearest_mode") ?? "round_prefer_floor" {
    case "round_prefer_floor": return .roundPreferFloor
    case "round_prefer_ceil": return .roundPreferCeil
    case "floor": return .floor
    case "ceil": return .ceil
    case let mode: throw unsupported("nearest_mode", mode)
    }
  }

  private static func mapping(_ node: ONNXNode) throws(Diagnostic) -> CoordinateMapping {
    switch try node.string("coordinate_transformation_mode") ?? "half_pixel" {
    case "half_pixel": return .halfPixel
    case "pytorch_half_pixel": return .pytorchHalfPixel
    case "align_corners": return .alignCorners
    case "asymmetric": return .asymmetric
    case let mode: throw unsupported("coordinate_transformation_mode", mode)
    }
  }

  private static func unsupported(_ attribute: String, _ value: String) -> Diagnostic {
    Diagnostic(
      problem: "has \(attribute) '\(value)', which is not supported",
      remedy: "resize by 'nearest' or 'linear' interpolation")
  }

  private static func emit(
    _ node: ONNXNode, scales: [Float]?, sizes: [Int]?, axes: [Int]?, mapping: CoordinateMapping,
    interpolation: ResizeInterpolation, _ builder: inout GraphBuilder
  ) throws(Diagnostic) -> ImportedValue {
    let input = try builder.place(0, of: node)
    let shape = builder.shape(of: input)
    var factors = shape.map { _ in Float(1) }
    var target = shape
    let named = axes ?? Array(shape.indices)
    guard (scales?.count ?? sizes?.count) == named.count else {
      throw Diagnostic(
        problem: "has \(scales?.count ?? sizes?.count ?? 0) scales or sizes for \(named.count) axes"
      )
    }
    for (place, axis) in named.enumerated() {
      let axis = try Axis.resolved(axis, rank: shape.count)
      if let scales {
        let extent = (Float(shape[axis]) * scales[place]).rounded(.down)
        guard scales[place] > 0, extent >= 1, extent < Float(ShapeLimits.greatestParameter) else {
          throw Diagnostic(problem: "scales axis \(axis) of \(shape) by \(scales[place])")
        }
        factors[axis] = scales[place]
        target[axis] = Int(extent)
      } else if let sizes {
        factors[axis] = Float(sizes[place]) / Float(shape[axis])
        target[axis] = sizes[place]
      }
    }
    let resized = shape.indices.filter { factors[$0] != 1 || target[$0] != shape[$0] }
    let layout = try imageLayout(shape, resized: resized)
    let placed = try builder.arrange(input, as: layout, for: node)
    let extents = layout.storedShape(target)
    let stored = layout.stored(factors, filler: 1)
    let operation = FloatResize(
      size: SpatialExtent(height: extents[1], width: extents[2]), verticalScale: stored[1],
      horizontalScale: stored[2], mapping: mapping, interpolation: interpolation)
    let output = try builder.emit(.resize(operation), [placed.value], for: node)
    return builder.result(Placed(value: output, layout: layout))
  }

  /// The layout that has the resized axes at H and W.
  private static func imageLayout(_ shape: [Int], resized: [Int]) throws(Diagnostic) -> Layout {
    if let image = Layout.image(rank: shape.count), resized.allSatisfy({ $0 >= 2 }) {
      return image
    }
    guard shape.count == 4, resized.allSatisfy({ $0 == 1 || $0 == 2 }) else {
      throw Diagnostic(
        problem: "resizes axes \(resized) of \(shape); only the height and width of images are "
          + "supported")
    }
    return .standard(rank: 4)
  }
}
