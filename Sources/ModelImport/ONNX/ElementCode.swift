/// Element types of ONNX tensors (`TensorProto.DataType` of the specification) that are read.
enum ElementCode: Int32 {
  case float = 1
  case uint8 = 2
  case int8 = 3
  case uint16 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case bool = 9
  case float16 = 10
  case double = 11
  case uint32 = 12
  case uint64 = 13
  case bfloat16 = 16

  /// Whether elements are real numbers; they become float32.
  var isReal: Bool {
    switch self {
    case .float, .float16, .double, .bfloat16: true
    default: false
    }
  }

  /// Bytes of one element in raw data.
  var byteCount: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .float, .int32, .uint32: 4
    case .int64, .double, .uint64: 8
    }
  }

  /// The name of an element type code, known or not.
  static func name(of code: Int32) -> String {
    if let known = ElementCode(rawValue: code) { return "\(known)" }
    return code == 8 ? "string" : "type \(code)"
  }
}
