/// How the axes of an ONNX value lie in the value of the float graph that holds it.
///
/// Transposes and the change from `[N, C, H, W]` to `[N, H, W, C]` only change layouts; elements
/// are moved where an operator needs another layout than its input has.
struct Layout: Equatable {
  /// For each axis of the stored value, the ONNX axis it is; `nil` for an axis of extent 1 that the
  /// ONNX value does not have.
  var axes: [Int?]

  /// The axes in ONNX order.
  static func standard(rank: Int) -> Layout { Layout(axes: Array(0..<rank)) }

  /// Channels last, as convolutions and pools take an image: `[N, C, H, W]` as `[N, H, W, C]`, and
  /// a signal `[N, C, L]` as an image `[N, 1, L, C]` of height 1. `nil` for other ranks.
  static func image(rank: Int) -> Layout? {
    switch rank {
    case 4: Layout(axes: [0, 2, 3, 1])
    case 3: Layout(axes: [0, nil, 2, 1])
    default: nil
    }
  }

  /// Number of axes of the ONNX value.
  var rank: Int { order.count }

  /// The ONNX axes in the order they are stored.
  var order: [Int] { axes.compactMap { $0 } }

  /// Whether the value is stored in ONNX order, without added axes.
  var isStandard: Bool { axes == Layout.standard(rank: axes.count).axes }

  /// The stored axis that is ONNX axis `axis`.
  func storedAxis(_ axis: Int) -> Int { axes.firstIndex(of: axis) ?? axis }

  /// The shape of the ONNX value stored with extents `stored`.
  func onnxShape(stored: [Int]) -> [Int] {
    var shape = Array(repeating: 1, count: rank)
    for (place, axis) in axes.enumerated() {
      if let axis { shape[axis] = stored[place] }
    }
    return shape
  }

  /// The extents of an ONNX value of shape `shape` stored so.
  func storedShape(_ shape: [Int]) -> [Int] { axes.map { axis in axis.map { shape[$0] } ?? 1 } }

  /// One number per ONNX axis in stored order, with `filler` at added axes.
  func stored<Number>(_ numbers: [Number], filler: Number) -> [Number] {
    axes.map { axis in axis.map { numbers[$0] } ?? filler }
  }

  /// The layout of the ONNX value whose axis i is this one's axis `permutation[i]`, stored the same.
  func transposed(by permutation: [Int]) -> Layout {
    var places = permutation
    for (axis, source) in permutation.enumerated() { places[source] = axis }
    return Layout(axes: axes.map { axis in axis.map { places[$0] } })
  }

  /// A layout like this one with ONNX axis `axis` stored last.
  func movingLast(_ axis: Int) -> Layout {
    var moved = axes
    moved.removeAll { $0 == axis }
    return Layout(axes: moved + [axis])
  }
}
