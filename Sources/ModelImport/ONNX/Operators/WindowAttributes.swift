import Diagnostics
import FloatModel

/// Attributes that convolutions and pools share, for the spatial axes of an image; a signal
/// `[N, C, L]` counts as an image of height 1.
struct WindowAttributes {
  var window: SpatialExtent
  var stride: SpatialExtent
  var dilation: SpatialExtent
  var padding: EdgePadding

  /// - Parameters:
  ///   - image: extents `[N, H, W, C]`.
  ///   - spatialRank: 2 for an image, 1 for a signal.
  ///   - kernel: extents of the weights along the spatial axes; `nil` for a pool.
  init(
    _ node: ONNXNode, image: [Int], spatialRank: Int, kernel: [Int]?
  ) throws(Diagnostic) {
    let declared = try node.ints("kernel_shape")
    guard let shape = kernel ?? declared else {
      throw Diagnostic(problem: "attribute 'kernel_shape' is missing")
    }
    if let declared, declared != shape {
      throw Diagnostic(
        problem: "attribute 'kernel_shape' is \(declared), but the weights have \(shape)")
    }
    let ones = Array(repeating: 1, count: spatialRank)
    window = try Self.extent(shape, "kernel_shape", spatialRank)
    stride = try Self.extent(try node.ints("strides") ?? ones, "strides", spatialRank)
    dilation = try Self.extent(try node.ints("dilations") ?? ones, "dilations", spatialRank)
    let pads = try node.ints("pads") ?? ones.map { _ in 0 } + ones.map { _ in 0 }
    guard pads.count == 2 * spatialRank, pads.allSatisfy({ $0 >= 0 }) else {
      throw Diagnostic(
        problem: "attribute 'pads' is \(pads) instead of \(2 * spatialRank) counts")
    }
    padding =
      spatialRank == 2
      ? EdgePadding(top: pads[0], left: pads[1], bottom: pads[2], right: pads[3])
      : EdgePadding(left: pads[0], right: pads[1])
    switch try node.string("auto_pad") ?? "NOTSET" {
    case "NOTSET", "": break
    case "VALID": padding = EdgePadding()
    case "SAME_UPPER", "SAME_LOWER":
      padding = .same(
        image: image, window: window, stride: stride, dilation: dilation,
        extraFirst: try node.string("auto_pad") == "SAME_LOWER")
    case let mode: throw Diagnostic(problem: "attribute 'auto_pad' is '\(mode)'")
    }
  }

  private static func extent(
    _ numbers: [Int], _ name: String, _ spatialRank: Int
  ) throws(Diagnostic) -> SpatialExtent {
    guard numbers.count == spatialRank, numbers.allSatisfy({ $0 >= 1 }) else {
      throw Diagnostic(
        problem: "attribute '\(name)' is \(numbers) instead of \(spatialRank) positive numbers")
    }
    return SpatialExtent(
      height: spatialRank == 2 ? numbers[0] : 1, width: numbers[spatialRank - 1])
  }

  /// Further padding below and to the right with which the number of windows is rounded up, and
  /// none starts outside the image and the padding before it (ONNX `ceil_mode`).
  func roundingUpPadding(image: [Int]) -> EdgePadding {
    func extra(_ input: Int, _ before: Int, _ after: Int, _ window: Int, _ stride: Int) -> Int {
      let span = input + before + after - window
      guard span >= 0 else { return 0 }
      var last = (span + stride - 1) / stride
      if last * stride >= input + before { last -= 1 }
      return max(last * stride - span, 0)
    }
    return EdgePadding(
      bottom: extra(image[1], padding.top, padding.bottom, window.height, stride.height),
      right: extra(image[2], padding.left, padding.right, window.width, stride.width))
  }
}
