import IntegerModel

extension OperatorDerivation {
  /// Nearest-neighbor resize: the source of each output row and column, computed in float32 (TFLite
  /// Micro `GetNearestNeighbor`).
  ///
  /// - Parameters:
  ///   - from: extents of the image, each at least 1.
  ///   - to: extents of the result, each at least 1.
  public func resizeNearest(
    from: SpatialPair, to: SpatialPair, alignCorners: Bool, halfPixelCenters: Bool
  ) -> ResizeNearestParameters {
    func sources(_ input: Int, _ output: Int) -> [Int32] {
      let scale =
        alignCorners && output > 1
        ? Float(input - 1) / Float(output - 1) : Float(input) / Float(output)
      let offset: Float = halfPixelCenters ? 0.5 : 0
      return (0..<output).map { position in
        let place = (Float(position) + offset) * scale
        let index =
          alignCorners ? place.rounded(.toNearestOrAwayFromZero) : place.rounded(.down)
        return Int32(max(min(Int64(index), Int64(input - 1)), 0))
      }
    }
    return ResizeNearestParameters(
      rows: sources(from.height, to.height), columns: sources(from.width, to.width))
  }
}
