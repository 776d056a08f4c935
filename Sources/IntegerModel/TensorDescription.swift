/// Position of a tensor in `IntegerGraph.tensors`.
public typealias TensorIndex = Int

/// How codes relate to real numbers: `real = scale · (code − zero point)`.
///
/// Real scales travel as bit patterns of IEEE 754 binary32, because this module computes with
/// integers only; file writers, exporters and reports interpret them. Inference needs none of them.
public struct Quantization: Hashable, Sendable {
  /// Scales as binary32 bit patterns: one, or one per index of `axis`.
  public var scaleBits: [UInt32]
  /// Zero points: as many as scales, or a single one for all.
  public var zeroPoints: [Int32]
  /// The axis along which scales vary, or `nil` for per-tensor quantization.
  public var axis: Int?

  /// Creates a description; `GraphValidation` checks the counts against the tensor's shape.
  public init(scaleBits: [UInt32], zeroPoints: [Int32], axis: Int? = nil) {
    self.scaleBits = scaleBits
    self.zeroPoints = zeroPoints
    self.axis = axis
  }

  /// The zero point of a per-tensor quantization; 0 where none is given.
  public var zeroPoint: Int32 { zeroPoints.first ?? 0 }
}

/// One tensor of a quantized graph: a constant where `constant` is set, a state where `isState` is,
/// and an activation otherwise.
public struct TensorDescription: Equatable, Sendable {
  /// Unique name; the member name in `.npz` files.
  public var name: String
  /// Extents, row-major; images are `[N, H, W, C]`. Empty for a scalar.
  public var shape: [Int]
  /// Type of the elements.
  public var elementType: ElementType
  /// How codes relate to reals; `nil` for plain integers such as indices.
  public var quantization: Quantization?
  /// The bytes of a constant; `nil` for an activation.
  public var constant: ConstantBytes?
  /// Whether one operation reads and updates the tensor, which keeps its codes from one run to the
  /// next: the memory of a recurrent layer. Before the first run every code is the zero point.
  public var isState: Bool

  /// Creates a tensor description.
  public init(
    name: String, shape: [Int], elementType: ElementType, quantization: Quantization? = nil,
    constant: ConstantBytes? = nil, isState: Bool = false
  ) {
    self.name = name
    self.shape = shape
    self.elementType = elementType
    self.quantization = quantization
    self.constant = constant
    self.isState = isState
  }

  /// Number of elements. Overflow is ruled out by `GraphValidation` for graphs that come from files.
  public var elementCount: Int { shape.reduce(1, *) }
  /// Number of bytes of the elements, densely packed.
  public var byteCount: Int { elementType.byteCount(of: elementCount) }
  /// The zero point of a per-tensor quantization; 0 where there is none.
  public var zeroPoint: Int32 { quantization?.zeroPoint ?? 0 }
}
