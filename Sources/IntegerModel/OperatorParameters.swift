/// A positive real factor `multiplier · 2^(shift − 31)`, as the converter stored it.
public struct FixedPointMultiplier: Hashable, Sendable {
  /// 0, or in [2^30, 2^31); that of a mean may be smaller, since it is divided by the number of
  /// elements.
  public var multiplier: Int32
  /// Power of two, −31…30; positive shifts left.
  public var shift: Int32

  /// Creates the pair; `GraphValidation` checks the ranges.
  public init(multiplier: Int32, shift: Int32) {
    self.multiplier = multiplier
    self.shift = shift
  }
}

/// The codes an operator's output is clamped to, both inclusive: a fused activation.
public struct CodeRange: Hashable, Sendable {
  /// Least code.
  public var minimum: Int32
  /// Greatest code.
  public var maximum: Int32

  /// Creates a range; `minimum` must not exceed `maximum`.
  public init(minimum: Int32, maximum: Int32) {
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// Rows and columns of zero points that surround an image.
public struct SpatialPadding: Hashable, Sendable {
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
}

/// A pair of extents over the spatial axes of an image.
public struct SpatialPair: Hashable, Sendable {
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

/// Width of the accumulator; an explicit field, never implied by the presence of a bias.
public enum AccumulatorType: UInt8, Hashable, Sendable {
  /// 8-bit activations.
  case int32 = 0
  /// 16-bit activations (16x8).
  case int64 = 1
}

/// Convolution and depthwise convolution.
///
/// Inputs: activation `[N, H, W, C]`; weights, `[O, KH, KW, C / groups]` for a convolution and
/// `[1, KH, KW, O]` for a depthwise one; bias `[O]`, always present.
public struct ConvolutionParameters: Hashable, Sendable {
  /// Steps between windows.
  public var stride: SpatialPair
  /// Steps between taps.
  public var dilation: SpatialPair
  /// Taps outside the image; they contribute nothing.
  public var padding: SpatialPadding
  /// One multiplier per output channel, or a single one for all.
  public var multipliers: [FixedPointMultiplier]
  /// Fused activation.
  public var clamp: CodeRange
  /// Accumulator width.
  public var accumulator: AccumulatorType

  /// Creates the parameters of a convolution.
  public init(
    stride: SpatialPair, dilation: SpatialPair = SpatialPair(height: 1, width: 1),
    padding: SpatialPadding, multipliers: [FixedPointMultiplier], clamp: CodeRange,
    accumulator: AccumulatorType = .int32
  ) {
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
    self.multipliers = multipliers
    self.clamp = clamp
    self.accumulator = accumulator
  }
}

/// Fully connected layer. Inputs: activation whose last axis has `I` elements, weights `[O, I]`, bias `[O]`.
public struct FullyConnectedParameters: Hashable, Sendable {
  /// One multiplier per output channel, or a single one for all.
  public var multipliers: [FixedPointMultiplier]
  /// Fused activation.
  public var clamp: CodeRange
  /// Accumulator width.
  public var accumulator: AccumulatorType

  /// Creates the parameters of a fully connected layer.
  public init(
    multipliers: [FixedPointMultiplier], clamp: CodeRange, accumulator: AccumulatorType = .int32
  ) {
    self.multipliers = multipliers
    self.clamp = clamp
    self.accumulator = accumulator
  }
}

/// Addition and subtraction with the three multipliers of TFLite; inputs broadcast as in NumPy.
public struct AddParameters: Hashable, Sendable {
  /// Left shift before scaling: 20 for 8-bit, 15 for 16-bit inputs.
  public var leftShift: Int32
  /// Scale of the first input over twice the greater input scale.
  public var first: FixedPointMultiplier
  /// Scale of the second input over twice the greater input scale.
  public var second: FixedPointMultiplier
  /// Twice the greater input scale over `2^leftShift` output scales.
  public var output: FixedPointMultiplier
  /// Fused activation.
  public var clamp: CodeRange

  /// Creates the parameters of an addition or a subtraction.
  public init(
    leftShift: Int32 = 20, first: FixedPointMultiplier, second: FixedPointMultiplier,
    output: FixedPointMultiplier, clamp: CodeRange
  ) {
    self.leftShift = leftShift
    self.first = first
    self.second = second
    self.output = output
    self.clamp = clamp
  }
}

/// Element-wise product; inputs broadcast as in NumPy.
public struct MultiplyParameters: Hashable, Sendable {
  /// Product of the input scales over the output scale.
  public var multiplier: FixedPointMultiplier
  /// Fused activation.
  public var clamp: CodeRange

  /// Creates the parameters of a product.
  public init(multiplier: FixedPointMultiplier, clamp: CodeRange) {
    self.multiplier = multiplier
    self.clamp = clamp
  }
}

/// Average and max pool over `[N, H, W, C]`; taps outside the image do not count.
public struct PoolParameters: Hashable, Sendable {
  /// Extent of the window.
  public var window: SpatialPair
  /// Steps between windows.
  public var stride: SpatialPair
  /// Taps outside the image.
  public var padding: SpatialPadding
  /// Fused activation.
  public var clamp: CodeRange

  /// Creates the parameters of a pool.
  public init(
    window: SpatialPair, stride: SpatialPair, padding: SpatialPadding, clamp: CodeRange
  ) {
    self.window = window
    self.stride = stride
    self.padding = padding
    self.clamp = clamp
  }
}

/// Mean or sum over some axes.
public struct ReduceParameters: Hashable, Sendable {
  /// The axes that are reduced, ascending, non-negative.
  public var axes: [Int]
  /// Whether reduced axes stay with extent 1.
  public var keepsDimensions: Bool
  /// Input scale over output scale; for a mean already divided by the number of elements.
  public var multiplier: FixedPointMultiplier

  /// Creates the parameters of a reduction.
  public init(axes: [Int], keepsDimensions: Bool, multiplier: FixedPointMultiplier) {
    self.axes = axes
    self.keepsDimensions = keepsDimensions
    self.multiplier = multiplier
  }
}

/// Softmax over the last axis: of 8-bit codes in gemmlowp's fixed point, output scale 1/256 and least
/// code as zero point (or int16 with 1/65536); of 16-bit codes by tables, output scale 1/32768 and
/// zero point 0.
public struct SoftmaxParameters: Hashable, Sendable {
  /// `min(beta · input scale · 2^26, 2^31 − 1)` as multiplier and left shift; for 16-bit codes
  /// `beta · input scale · 65535 / 10`.
  public var multiplier: FixedPointMultiplier
  /// Differences to the maximum below this give probability 0 (TFLite `diff_min`); 0 for 16-bit
  /// codes, which need none.
  public var minimumDifference: Int32

  /// Creates the parameters of a softmax.
  public init(multiplier: FixedPointMultiplier, minimumDifference: Int32) {
    self.multiplier = multiplier
    self.minimumDifference = minimumDifference
  }
}

/// What pads an array.
public enum PadMode: UInt8, Hashable, Sendable {
  /// A constant code.
  case constant = 0
  /// Mirrored without repeating the edge.
  case reflect = 1
  /// Mirrored with the edge repeated.
  case symmetric = 2
  /// The edge repeated.
  case edge = 3
}

/// Padding of any axes.
public struct PadParameters: Hashable, Sendable {
  /// Elements added before, one count per axis.
  public var before: [Int]
  /// Elements added after, one count per axis.
  public var after: [Int]
  /// What is added.
  public var mode: PadMode
  /// The code added in mode `constant`: usually the zero point.
  public var value: Int32

  /// Creates the parameters of a pad.
  public init(before: [Int], after: [Int], mode: PadMode, value: Int32) {
    self.before = before
    self.after = after
    self.mode = mode
    self.value = value
  }
}

/// The function that a lookup table holds, for people and exporters.
public enum UnaryFunction: UInt8, Hashable, Sendable, CaseIterable {
  /// Any other function.
  case custom = 0
  /// max(x, 0), or a clip that could not be fused.
  case clip = 1
  /// x < 0 ? alpha · x : x
  case leakyRelu = 2
  /// 1 / (1 + e^−x)
  case logistic = 3
  /// tanh x
  case tanh = 4
  /// x · relu6(x + 3) / 6
  case hardSwish = 5
  /// clip(alpha · x + beta, 0, 1)
  case hardSigmoid = 6
}

/// Any function of one 8-bit code, as a table the converter computed.
public struct LookupParameters: Equatable, Sendable {
  /// What the table holds.
  public var function: UnaryFunction
  /// Coefficients of the function (alpha, beta; least and greatest value) as binary32 bit patterns.
  public var coefficientBits: [UInt32]
  /// 256 output codes, by input code from the least to the greatest.
  public var table: ConstantBytes
  /// Tables for profiles whose bits differ from `table`.
  public var profileTables: [ProfileTable]

  /// Creates the parameters of a lookup.
  public init(
    function: UnaryFunction, coefficientBits: [UInt32] = [], table: ConstantBytes,
    profileTables: [ProfileTable] = []
  ) {
    self.function = function
    self.coefficientBits = coefficientBits
    self.table = table
    self.profileTables = profileTables
  }

  /// The table that `profile` uses.
  public func table(for profile: ArithmeticProfile) -> ConstantBytes {
    for entry in profileTables where entry.profile == profile { return entry.table }
    return table
  }
}

/// A lookup table that only one profile uses.
public struct ProfileTable: Equatable, Sendable {
  /// Whose table.
  public var profile: ArithmeticProfile
  /// 256 output codes.
  public var table: ConstantBytes

  /// Creates the entry.
  public init(profile: ArithmeticProfile, table: ConstantBytes) {
    self.profile = profile
    self.table = table
  }
}

/// Nearest-neighbor resize of `[N, H, W, C]`, with the source row and column of each output one.
public struct ResizeNearestParameters: Hashable, Sendable {
  /// Source row of each output row.
  public var rows: [Int32]
  /// Source column of each output column.
  public var columns: [Int32]

  /// Creates the parameters of a nearest-neighbor resize.
  public init(rows: [Int32], columns: [Int32]) {
    self.rows = rows
    self.columns = columns
  }
}

/// Bilinear resize of `[N, H, W, C]` in TFLite's 10-bit fixed point.
public struct ResizeBilinearParameters: Hashable, Sendable {
  /// Corner pixels coincide.
  public var alignCorners: Bool
  /// Sample positions lie at pixel centers.
  public var halfPixelCenters: Bool

  /// Creates the parameters of a bilinear resize.
  public init(alignCorners: Bool, halfPixelCenters: Bool) {
    self.alignCorners = alignCorners
    self.halfPixelCenters = halfPixelCenters
  }
}

/// Every step-th element of each axis; extents are those of the output's shape.
public struct StridedSliceParameters: Hashable, Sendable {
  /// First index per axis.
  public var begin: [Int]
  /// Step per axis, negative to run backward, never 0.
  public var strides: [Int]

  /// Creates the parameters of a slice.
  public init(begin: [Int], strides: [Int]) {
    self.begin = begin
    self.strides = strides
  }
}

/// Parametric ReLU. Inputs: activation, alpha broadcast against it.
public struct PReluParameters: Hashable, Sendable {
  /// Input scale over output scale, for codes at or above the zero point.
  public var positive: FixedPointMultiplier
  /// Input scale · alpha scale over output scale, for codes below it.
  public var negative: FixedPointMultiplier

  /// Creates the parameters of a parametric ReLU.
  public init(positive: FixedPointMultiplier, negative: FixedPointMultiplier) {
    self.positive = positive
    self.negative = negative
  }
}
