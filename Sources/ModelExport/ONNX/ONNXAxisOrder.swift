/// In which order the axes of an image lie in the ONNX file.
enum ONNXAxisOrder: Hashable {
  /// As the graph has them: `[N, H, W, C]`, and every tensor that is no image.
  case own
  /// `[N, C, H, W]`, as convolutions, pools and resizes of ONNX take images.
  case channelsFirst

  /// Which axis of the other order each axis of this one is.
  var permutation: [Int] { self == .own ? [0, 2, 3, 1] : [0, 3, 1, 2] }

  /// One number per axis of the graph, in this order.
  func arranged<Number>(_ numbers: [Number]) -> [Number] {
    self == .own ? numbers : permutation.map { numbers[$0] }
  }

  /// Where axis `axis` of the graph lies.
  func place(of axis: Int) -> Int {
    self == .own ? axis : ONNXAxisOrder.own.permutation[axis]
  }
}
