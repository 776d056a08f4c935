import FloatModel

/// One spatial axis of a resize: which source positions its output positions read. Positions are
/// computed in float32, as onnxruntime does, so that ties between two neighbors fall alike.
public struct ResizeAxis: Sendable {
  /// Extent of the input along this axis, at least 1.
  public var inputExtent: Int
  /// Extent of the output along this axis, at least 1.
  public var outputExtent: Int
  /// Output over input extent as the model states it.
  public var scale: Float
  /// How positions correspond.
  public var mapping: CoordinateMapping

  /// Creates an axis.
  public init(inputExtent: Int, outputExtent: Int, scale: Float, mapping: CoordinateMapping) {
    self.inputExtent = inputExtent
    self.outputExtent = outputExtent
    self.scale = scale
    self.mapping = mapping
  }

  /// The source position of output position `index`; may lie outside the input (ONNX, operator
  /// Resize, `coordinate_transformation_mode`).
  public func position(of index: Int) -> Float {
    let destination = Float(index)
    switch mapping {
    case .halfPixel:
      return (destination + 0.5) / scale - 0.5
    case .pytorchHalfPixel:
      return outputExtent == 1 ? 0 : (destination + 0.5) / scale - 0.5
    case .alignCorners:
      guard outputExtent > 1 else { return 0 }
      return destination * Float(inputExtent - 1) / Float(outputExtent - 1)
    case .asymmetric:
      return destination / scale
    }
  }

  /// The source index of each output position, clamped to the input.
  public func nearestSources(_ rounding: NearestRounding) -> [Int] {
    (0..<outputExtent).map { index in
      let position = position(of: index)
      let rounded: Float
      switch rounding {
      case .roundPreferFloor:
        let floor = position.rounded(.down)
        rounded = position - floor > 0.5 ? floor + 1 : floor
      case .roundPreferCeil:
        let floor = position.rounded(.down)
        rounded = position - floor >= 0.5 ? floor + 1 : floor
      case .floor: rounded = position.rounded(.down)
      case .ceil: rounded = position.rounded(.up)
      }
      // Float32 may round the last index up: clamp as an integer too.
      return min(Int(min(max(rounded, 0), Float(inputExtent - 1))), inputExtent - 1)
    }
  }

  /// The two neighbors of each output position, clamped to the input, and the weight of the higher
  /// one, 0…1; the lower one weighs the rest.
  public func linearSources() -> [(low: Int, high: Int, highWeight: Float)] {
    (0..<outputExtent).map { index in
      let position = min(max(position(of: index), 0), Float(inputExtent - 1))
      let low = min(Int(position), inputExtent - 1)
      return (low, min(low + 1, inputExtent - 1), position - Float(low))
    }
  }
}

extension FloatResize {
  /// The axes of a resize of an image of `height` × `width`.
  public func axes(height: Int, width: Int) -> (vertical: ResizeAxis, horizontal: ResizeAxis) {
    (
      ResizeAxis(
        inputExtent: height, outputExtent: size.height, scale: verticalScale, mapping: mapping),
      ResizeAxis(
        inputExtent: width, outputExtent: size.width, scale: horizontalScale, mapping: mapping)
    )
  }
}
