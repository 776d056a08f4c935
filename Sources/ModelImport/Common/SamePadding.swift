import FloatModel

extension EdgePadding {
  /// The padding that makes the output extent ⌈input / stride⌉: SAME of TensorFlow, SAME_UPPER and
  /// SAME_LOWER of ONNX.
  ///
  /// - Parameters:
  ///   - image: extents `[N, H, W, C]`.
  ///   - extraFirst: whether the odd row or column goes above or to the left.
  static func same(
    image: [Int], window: SpatialExtent, stride: SpatialExtent, dilation: SpatialExtent,
    extraFirst: Bool = false
  ) -> EdgePadding {
    func split(_ input: Int, _ window: Int, _ stride: Int, _ dilation: Int) -> (Int, Int) {
      let output = (input + stride - 1) / stride
      let total = max((output - 1) * stride + (window - 1) * dilation + 1 - input, 0)
      return extraFirst ? (total - total / 2, total / 2) : (total / 2, total - total / 2)
    }
    let (top, bottom) = split(image[1], window.height, stride.height, dilation.height)
    let (left, right) = split(image[2], window.width, stride.width, dilation.width)
    return EdgePadding(top: top, left: left, bottom: bottom, right: right)
  }
}
