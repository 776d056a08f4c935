import IntegerModel

/// What a `.tflite` file says, as value types: the hub between its bytes, the two importers and the
/// exporter. Nothing here is checked beyond the file's structure; shapes, indices into `tensors` and
/// quantization are the importers' to judge, except that every index is inside `tensors`, or −1 where
/// an operator's input or intermediate is absent.
///
/// Models with several subgraphs (control flow) are refused by the reader; this is the main one.
public struct TFLiteModel: Equatable, Sendable {
  /// The file's description, often the converter's name.
  public var description: String
  /// All tensors, constants included.
  public var tensors: [TFLiteTensor]
  /// Operators in execution order.
  public var operators: [TFLiteOperator]
  /// Tensors that the caller fills.
  public var inputs: [Int]
  /// Tensors that the caller reads.
  public var outputs: [Int]

  /// Creates a model.
  public init(
    description: String, tensors: [TFLiteTensor] = [], operators: [TFLiteOperator] = [],
    inputs: [Int] = [], outputs: [Int] = []
  ) {
    self.description = description
    self.tensors = tensors
    self.operators = operators
    self.inputs = inputs
    self.outputs = outputs
  }
}

/// Type of a tensor's elements; raw values are those of the schema's `TensorType`. The reader refuses
/// others (strings, complex numbers, resources) with the tensor's name.
public enum TFLiteElementType: Int8, Hashable, Sendable, CaseIterable {
  case float32 = 0
  case float16 = 1
  case int32 = 2
  case uint8 = 3
  case int64 = 4
  case bool = 6
  case int16 = 7
  case int8 = 9
  case uint32 = 15
  case int4 = 17
}

/// One tensor.
public struct TFLiteTensor: Equatable, Sendable {
  /// Name; neither unique nor non-empty by format.
  public var name: String
  /// Extents, row-major; images are `[N, H, W, C]`. Empty for a scalar.
  public var shape: [Int]
  /// As `shape`, with −1 for a dynamic extent; empty where the file has none.
  public var shapeSignature: [Int]
  /// Type of the elements.
  public var elementType: TFLiteElementType
  /// How codes relate to reals; `nil` where the file gives no scales.
  public var quantization: TFLiteQuantization?
  /// The bytes of a constant, little-endian, densely packed, in place in the file, aligned to 16 bytes
  /// by convention but not by guarantee; `nil` for an activation. Their count is not checked against
  /// the shape.
  public var constant: ConstantBytes?
  /// State that lives from one invocation to the next.
  public var isVariable: Bool

  /// Creates a tensor.
  public init(
    name: String, shape: [Int], shapeSignature: [Int] = [], elementType: TFLiteElementType,
    quantization: TFLiteQuantization? = nil, constant: ConstantBytes? = nil,
    isVariable: Bool = false
  ) {
    self.name = name
    self.shape = shape
    self.shapeSignature = shapeSignature
    self.elementType = elementType
    self.quantization = quantization
    self.constant = constant
    self.isVariable = isVariable
  }
}

/// `real = scale · (code − zero point)`, as the file says it: any count, any value.
public struct TFLiteQuantization: Equatable, Sendable {
  /// One scale, or one per index of `axis`; never empty.
  public var scales: [Float]
  /// As many zero points; files with fewer exist.
  public var zeroPoints: [Int64]
  /// The axis along which scales vary.
  public var axis: Int

  /// Creates a description.
  public init(scales: [Float], zeroPoints: [Int64], axis: Int = 0) {
    self.scales = scales
    self.zeroPoints = zeroPoints
    self.axis = axis
  }
}

/// One operator.
public struct TFLiteOperator: Equatable, Sendable {
  /// Which operator.
  public var code: TFLiteOperatorCode
  /// Name of a custom operator; empty for builtin ones.
  public var customName: String
  /// Options of a custom operator in its own format; `nil` where there are none.
  public var customOptions: ConstantBytes?
  /// Version of the operator.
  public var version: Int
  /// Its options; `.none` where the file has none or the operator needs none.
  public var options: TFLiteOptions
  /// Tensors read; −1 for an optional one that is absent.
  public var inputs: [Int]
  /// Tensors written.
  public var outputs: [Int]
  /// Tensors that hold quantization of inner values (LSTM).
  public var intermediates: [Int]

  /// Creates an operator.
  public init(
    code: TFLiteOperatorCode, customName: String = "", customOptions: ConstantBytes? = nil,
    version: Int = 1, options: TFLiteOptions = .none, inputs: [Int], outputs: [Int],
    intermediates: [Int] = []
  ) {
    self.code = code
    self.customName = customName
    self.customOptions = customOptions
    self.version = version
    self.options = options
    self.inputs = inputs
    self.outputs = outputs
    self.intermediates = intermediates
  }
}
