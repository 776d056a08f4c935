import Diagnostics
import FloatModel
import TFLiteFormat

/// RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR.
enum FloatResizes {
  static let bilinear = resize { alignCorners, halfPixelCenters in
    (alignCorners ? .alignCorners : halfPixelCenters ? .halfPixel : .asymmetric, .linear)
  }

  /// TFLite rounds `d · scale` half away with aligned corners, and otherwise down; the middle of a
  /// pixel, `(d + ½) · scale` rounded down, is `(d + ½) · scale − ½` rounded half up.
  static let nearestNeighbor = resize { alignCorners, halfPixelCenters in
    if alignCorners { return (.alignCorners, .nearest(.roundPreferCeil)) }
    return halfPixelCenters
      ? (.halfPixel, .nearest(.roundPreferCeil)) : (.asymmetric, .nearest(.floor))
  }

  private static func resize(
    _ method: @escaping @Sendable (Bool, Bool) -> (CoordinateMapping, ResizeInterpolation)
  ) -> FloatOperatorImport {
    { (node, builder) throws(Diagnostic) in
      guard case .resize(let alignCorners, let halfPixelCenters) = node.options else {
        throw node.wrongOptions
      }
      guard !(alignCorners && halfPixelCenters) else {
        throw Diagnostic(
          problem: "has both align_corners and half_pixel_centers, which contradict each other")
      }
      let input = try builder.value(0, of: node)
      let image = builder.shape(of: input)
      let size = try node.indices(1, "size")
      guard image.count == 4, size.count == 2 else {
        throw Diagnostic(
          problem: "resizes \(image) to \(size); only images [N, H, W, C] to [H, W] are supported")
      }
      let (mapping, interpolation) = method(alignCorners, halfPixelCenters)
      let operation = FloatResize(
        size: SpatialExtent(height: size[0], width: size[1]),
        verticalScale: Float(size[0]) / Float(image[1]),
        horizontalScale: Float(size[1]) / Float(image[2]), mapping: mapping,
        interpolation: interpolation)
      return [builder.content(try builder.emit(.resize(operation), [input], for: node))]
    }
  }
}
