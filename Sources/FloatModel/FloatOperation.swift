/// A pair of extents over the spatial axes of an image.
public struct SpatialExtent: Hashable, Sendable {
  /// Along H.
  public var height: Int
  /// Along W.
  public var width: Int

  /// Creates a pair.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }
}

/// Rows and columns that surround an image.
public struct EdgePadding: Hashable, Sendable {
  /// Rows above.
  public var top: Int
  /// Columns to the left.
  public var left: Int
  /// Rows below.
  public var bottom: Int
  /// Columns to the right.
  public var right: Int

  /// Creates a padding; the default is none.
  public init(top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }

  /// Whether nothing is padded.
  public var isZero: Bool { top == 0 && left == 0 && bottom == 0 && right == 0 }
}

/// Limits that an operator's output is clamped to: a fused ReLU, ReLU6 or Clip. Infinite limits
/// clamp nothing.
public struct ClampRange: Hashable, Sendable {
  /// Least value, or −∞.
  public var minimum: Float
  /// Greatest value, or +∞.
  public var maximum: Float

  /// Creates a range.
  public init(minimum: Float, maximum: Float) {
    self.minimum = minimum
    self.maximum = maximum
  }

  /// No clamp at all.
  public static let none = ClampRange(minimum: -.infinity, maximum: .infinity)
  /// max(x, 0)
  public static let relu = ClampRange(minimum: 0, maximum: .infinity)
  /// min(max(x, 0), 6)
  public static let relu6 = ClampRange(minimum: 0, maximum: 6)
}

/// Convolution, grouped and depthwise ones included.
///
/// Inputs: `x [N, H, W, C]`, weights `[O, KH, KW, C / groups]`, and optionally bias `[O]`.
public struct FloatConvolution: Hashable, Sendable {
  /// Steps between windows.
  public var stride: SpatialExtent
  /// Steps between taps.
  public var dilation: SpatialExtent
  /// Zeros around the image.
  public var padding: EdgePadding
  /// Number of groups; equal to C for a depthwise convolution.
  public var groups: Int
  /// Fused activation.
  public var clamp: ClampRange

  /// Creates a convolution.
  public init(
    stride: SpatialExtent, dilation: SpatialExtent = SpatialExtent(height: 1, width: 1),
    padding: EdgePadding, groups: Int = 1, clamp: ClampRange = .none
  ) {
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
    self.groups = groups
    self.clamp = clamp
  }
}

/// Max or average pool over `[N, H, W, C]`; taps outside the image never count.
public struct FloatPool: Hashable, Sendable {
  /// Extent of the window.
  public var window: SpatialExtent
  /// Steps between windows.
  public var stride: SpatialExtent
  /// Taps outside the image.
  public var padding: EdgePadding

  /// Creates a pool.
  public init(window: SpatialExtent, stride: SpatialExtent, padding: EdgePadding) {
    self.window = window
    self.stride = stride
    self.padding = padding
  }
}

/// A function applied to each element.
public enum FloatActivation: Hashable, Sendable {
  /// min(max(x, minimum), maximum); ReLU and ReLU6 are clips.
  case clip(ClampRange)
  /// x < 0 ? alpha · x : x
  case leakyRelu(alpha: Float)
  /// 1 / (1 + e^−x)
  case sigmoid
  /// tanh x
  case tanh
  /// x · clip(x / 6 + 1/2, 0, 1)
  case hardSwish
  /// clip(alpha · x + beta, 0, 1)
  case hardSigmoid(alpha: Float, beta: Float)
}

/// What pads an array.
public enum FloatPadMode: Hashable, Sendable {
  /// A constant value.
  case constant(Float)
  /// Mirrored without repeating the edge.
  case reflect
  /// The edge repeated.
  case edge
}

/// How the resize operator finds a source position `s` for output position `d`, per axis.
public enum CoordinateMapping: Hashable, Sendable {
  /// s = (d + 0.5) / scale − 0.5
  case halfPixel
  /// As `halfPixel`, but 0 where the output extent is 1.
  case pytorchHalfPixel
  /// s = d · (in − 1) / (out − 1)
  case alignCorners
  /// s = d / scale
  case asymmetric
}

/// How a nearest-neighbor position is rounded.
public enum NearestRounding: Hashable, Sendable {
  /// Halves go down (ONNX default).
  case roundPreferFloor
  /// Halves go up.
  case roundPreferCeil
  /// Toward −∞.
  case floor
  /// Toward +∞.
  case ceil
}

/// Interpolation of a resize.
public enum ResizeInterpolation: Hashable, Sendable {
  /// The nearest element.
  case nearest(NearestRounding)
  /// Bilinear.
  case linear
}

/// Resize of the spatial axes of `[N, H, W, C]` to `size`.
public struct FloatResize: Hashable, Sendable {
  /// Output extent.
  public var size: SpatialExtent
  /// Output over input extent along H as the source model states it (ONNX keeps it apart from
  /// the rounded extent).
  public var verticalScale: Float
  /// Output over input extent along W as the source model states it.
  public var horizontalScale: Float
  /// Positions.
  public var mapping: CoordinateMapping
  /// Interpolation.
  public var interpolation: ResizeInterpolation

  /// Creates a resize.
  public init(
    size: SpatialExtent, verticalScale: Float, horizontalScale: Float,
    mapping: CoordinateMapping, interpolation: ResizeInterpolation
  ) {
    self.size = size
    self.verticalScale = verticalScale
    self.horizontalScale = horizontalScale
    self.mapping = mapping
    self.interpolation = interpolation
  }
}

/// What a node of a float graph computes. Shapes carry a batch of 1 in the graph; the engine runs
/// larger batches along axis 0.
public enum FloatOperation: Hashable, Sendable {
  /// `[x, weights, bias?] → [y]`
  case convolution(FloatConvolution)
  /// `[x [.., I], weights [O, I], bias? [O]] → [y [.., O]]`
  case fullyConnected(clamp: ClampRange)
  /// `[x, gamma, beta, mean, variance] → [y]` over the last axis.
  case batchNormalization(epsilon: Float)
  /// `[x] → [y]`
  case activation(FloatActivation)
  /// `[x, slope] → [y]`, slope broadcast.
  case prelu
  /// `[x1, x2] → [y]`, broadcast as in NumPy.
  case add(clamp: ClampRange)
  /// `[x1, x2] → [y]`, x1 − x2, broadcast.
  case subtract(clamp: ClampRange)
  /// `[x1, x2] → [y]`, broadcast.
  case multiply(clamp: ClampRange)
  /// `[x1, x2, …] → [y]`
  case concatenation(axis: Int)
  /// `[x] → [y]`
  case maxPool(FloatPool)
  /// `[x] → [y]`
  case averagePool(FloatPool)
  /// `[x] → [y]`; axes ascending and non-negative.
  case mean(axes: [Int], keepsDimensions: Bool)
  /// `[x] → [y]` over one non-negative axis.
  case softmax(axis: Int)
  /// `[x] → [y]`; one count per axis.
  case pad(before: [Int], after: [Int], mode: FloatPadMode)
  /// `[x] → [y]`; full shape with a batch of 1.
  case reshape([Int])
  /// `[x] → [y]`; output axis i is input axis `permutation[i]`.
  case transpose([Int])
  /// `[x] → [y]`
  case resize(FloatResize)
  /// `[x] → [y]`; first index, extent of the output and step (never 0) per axis.
  case slice(begin: [Int], extent: [Int], strides: [Int])
  /// `[x] → [y]`
  case identity

  /// The name that users read in errors and reports.
  public var name: String {
    switch self {
    case .convolution: "convolution"
    case .fullyConnected: "fully connected"
    case .batchNormalization: "batch normalization"
    case .activation(let activation): activation.name
    case .prelu: "prelu"
    case .add: "add"
    case .subtract: "subtract"
    case .multiply: "multiply"
    case .concatenation: "concatenation"
    case .maxPool: "max pool"
    case .averagePool: "average pool"
    case .mean: "mean"
    case .softmax: "softmax"
    case .pad: "pad"
    case .reshape: "reshape"
    case .transpose: "transpose"
    case .resize: "resize"
    case .slice: "slice"
    case .identity: "identity"
    }
  }
}

extension FloatActivation {
  /// The name that users read.
  public var name: String {
    switch self {
    case .clip: "clip"
    case .leakyRelu: "leaky relu"
    case .sigmoid: "sigmoid"
    case .tanh: "tanh"
    case .hardSwish: "hard swish"
    case .hardSigmoid: "hard sigmoid"
    }
  }
}
