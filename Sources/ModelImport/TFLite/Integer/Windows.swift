import Diagnostics
import IntegerModel
import OperatorArithmetic
import TFLiteFormat

/// Stride, dilation and padding of a windowed operator, in integers.
struct Windows {
  let stride: SpatialPair
  let dilation: SpatialPair
  let edges: SpatialPadding

  /// The windows of `kernel` on an image `[N, H, W, C]`; padded SAME, the odd row or column goes
  /// below and to the right (TFLite `ComputePaddingHeightWidth`).
  init(
    image: [Int], kernel: SpatialPair, stride: TFLitePair, dilation: TFLitePair,
    padding: TFLitePadding
  ) throws(Diagnostic) {
    let steps = [
      ("stride", stride), ("dilation", dilation),
      ("window", TFLitePair(height: kernel.height, width: kernel.width)),
    ]
    for (name, pair) in steps {
      for extent in [pair.height, pair.width] where !(1...GraphLimits.window).contains(extent) {
        throw Diagnostic(problem: "the \(name) \(extent) is outside 1…\(GraphLimits.window)")
      }
    }
    self.stride = SpatialPair(height: stride.height, width: stride.width)
    self.dilation = SpatialPair(height: dilation.height, width: dilation.width)
    func split(_ input: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> (Int, Int) {
      guard padding == .same else { return (0, 0) }
      let output = (input + stride - 1) / stride
      let total = max((output - 1) * stride + (kernel - 1) * dilation + 1 - input, 0)
      return (total / 2, total - total / 2)
    }
    let (top, bottom) = split(image[1], kernel.height, stride.height, dilation.height)
    let (left, right) = split(image[2], kernel.width, stride.width, dilation.width)
    edges = SpatialPadding(top: top, left: left, bottom: bottom, right: right)
  }
}

extension TFLiteActivation {
  /// The limits of the fused activation.
  var limits: RealRange {
    switch self {
    case .none: .unlimited
    case .relu: .relu
    case .reluN1To1: .reluN1To1
    case .relu6: .relu6
    }
  }
}
