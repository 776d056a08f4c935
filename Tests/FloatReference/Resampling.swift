import FloatModel

/// Resize of images, as the ONNX operator defines it, positions in single precision.
enum Resampling {
  static func resize(_ x: RealTensor, _ resize: FloatResize) -> RealTensor {
    let (height, width) = (x.shape[1], x.shape[2])
    func row(_ output: Int) -> Float {
      position(
        output, input: height, output: resize.size.height, scale: resize.verticalScale,
        resize.mapping)
    }
    func column(_ output: Int) -> Float {
      position(
        output, input: width, output: resize.size.width, scale: resize.horizontalScale,
        resize.mapping)
    }
    let shape = [x.shape[0], resize.size.height, resize.size.width, x.shape[3]]
    switch resize.interpolation {
    case .nearest(let rounding):
      return RealTensor(shape: shape) { index in
        let y = min(max(nearest(row(index[1]), rounding), 0), height - 1)
        let x2 = min(max(nearest(column(index[2]), rounding), 0), width - 1)
        return x[[index[0], y, x2, index[3]]]
      }
    case .linear:
      return RealTensor(shape: shape) { index in
        let y = min(max(row(index[1]), 0), Float(height - 1))
        let x2 = min(max(column(index[2]), 0), Float(width - 1))
        let (top, left) = (Int(y), Int(x2))
        let (bottom, right) = (min(top + 1, height - 1), min(left + 1, width - 1))
        let (fractionY, fractionX) = (Double(y) - Double(top), Double(x2) - Double(left))
        func pixel(_ y: Int, _ x2: Int) -> Double { x[[index[0], y, x2, index[3]]] }
        let upper = pixel(top, left) * (1 - fractionX) + pixel(top, right) * fractionX
        let lower = pixel(bottom, left) * (1 - fractionX) + pixel(bottom, right) * fractionX
        return upper * (1 - fractionY) + lower * fractionY
      }
    }
  }

  private static func position(
    _ index: Int, input: Int, output: Int, scale: Float, _ mapping: CoordinateMapping
  ) -> Float {
    switch mapping {
    case .halfPixel: (Float(index) + 0.5) / scale - 0.5
    case .pytorchHalfPixel: output > 1 ? (Float(index) + 0.5) / scale - 0.5 : 0
    case .alignCorners:
      output == 1 ? 0 : Float(index) * Float(input - 1) / Float(output - 1)
    case .asymmetric: Float(index) / scale
    }
  }

  private static func nearest(_ position: Float, _ rounding: NearestRounding) -> Int {
    switch rounding {
    case .roundPreferFloor: Int((position - 0.5).rounded(.up))
    case .roundPreferCeil: Int((position + 0.5).rounded(.down))
    case .floor: Int(position.rounded(.down))
    case .ceil: Int(position.rounded(.up))
    }
  }
}
