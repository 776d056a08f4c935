import Diagnostics
import FloatModel
import TFLiteFormat

/// Pools over windows; taps outside the image never count.
enum FloatPools {
  static let averagePool = pool { .averagePool($0) }
  static let maxPool = pool { .maxPool($0) }

  private static func pool(
    _ operation: @escaping @Sendable (FloatPool) -> FloatOperation
  ) -> FloatOperatorImport {
    { (node, builder) throws(Diagnostic) in
      guard case .pool(let window, let filter, let activation) = node.options else {
        throw node.wrongOptions
      }
      let input = try builder.value(0, of: node)
      let image = builder.shape(of: input)
      guard image.count == 4 else {
        throw Diagnostic(problem: "the input has shape \(image), but an image is [N, H, W, C]")
      }
      let extent = SpatialExtent(filter)
      let pool = FloatPool(
        window: extent, stride: SpatialExtent(window.stride),
        padding: try window.padding(
          image: image, filter: extent, dilation: SpatialExtent(height: 1, width: 1)))
      return [try builder.emit(operation(pool), [input], clampedBy: activation, for: node)]
    }
  }
}
