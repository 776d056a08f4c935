import Diagnostics
import Foundation
import IntegerModel
import ONNXFormat

/// A constant of an ONNX file.
struct ONNXConstant: Hashable {
  /// Extents; empty for a scalar.
  var shape: [Int]
  /// The elements, little-endian.
  private var bytes: [UInt8]
  /// Type of the elements, as ONNX numbers them.
  private var dataType: Int32
  private var elementSize: Int

  /// The codes of a constant tensor, 4-bit ones widened to 8; `nil` for an activation.
  init?(_ tensor: TensorDescription) throws(Diagnostic) {
    guard let constant = tensor.constant else { return nil }
    let type = tensor.elementType == .int4 ? .int8 : tensor.elementType
    var bytes = constant.array(of: UInt8.self)
    if tensor.elementType == .int4 {
      bytes = (0..<tensor.elementCount).map { [bytes] index in
        let byte = Int8(bitPattern: bytes[index / 2])
        return UInt8(bitPattern: index % 2 == 0 ? (byte << 4) >> 4 : byte >> 4)
      }
    }
    self.init(
      shape: tensor.shape, dataType: type.onnxCode, elementSize: type.byteCount(of: 1),
      bytes: bytes)
  }

  /// Real numbers: one as a scalar, several as a vector.
  init(floatBits: [UInt32]) {
    self.init(
      elements: floatBits, shape: floatBits.count == 1 ? [] : [floatBits.count], dataType: 1)
  }

  /// Integers as a vector: shapes, axes, indices.
  init(integers: [Int]) {
    self.init(elements: integers.map { Int64($0) }, shape: [integers.count], dataType: 7)
  }

  /// Zero points: one as a scalar, several as a vector.
  ///
  /// - Throws: a code that does not fit the type.
  init(zeroPoints: [Int32], type: ElementType) throws(Diagnostic) {
    let shape = zeroPoints.count == 1 ? [] : [zeroPoints.count]
    for code in zeroPoints where !(type.minimumCode...type.maximumCode ~= Int64(code)) {
      throw Diagnostic(problem: "code \(code) is no \(type.name)")
    }
    let width = type.byteCount(of: 1)
    self.init(shape: shape, dataType: type.onnxCode, elementSize: width, bytes: [])
    for code in zeroPoints {
      for byte in 0..<width { bytes.append(UInt8(truncatingIfNeeded: code >> Int32(8 * byte))) }
    }
  }

  /// One code as a scalar.
  init(code: Int32, type: ElementType) throws(Diagnostic) {
    try self.init(zeroPoints: [code], type: type)
  }

  private init<Element: FixedWidthInteger>(elements: [Element], shape: [Int], dataType: Int32) {
    self.init(
      shape: shape, dataType: dataType, elementSize: MemoryLayout<Element>.size,
      bytes: elements.flatMap { element in
        (0..<MemoryLayout<Element>.size).map { UInt8(truncatingIfNeeded: element >> (8 * $0)) }
      })
  }

  private init(shape: [Int], dataType: Int32, elementSize: Int, bytes: [UInt8]) {
    self.shape = shape
    self.dataType = dataType
    self.elementSize = elementSize
    self.bytes = bytes
  }

  /// The constant whose axis i is this one's axis `permutation[i]`.
  func transposed(by permutation: [Int]) -> ONNXConstant {
    var steps = Array(repeating: elementSize, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      steps[axis] = steps[axis + 1] * shape[axis + 1]
    }
    var result = self
    result.shape = permutation.map { shape[$0] }
    result.bytes = []
    result.bytes.reserveCapacity(bytes.count)
    var index = Array(repeating: 0, count: shape.count)
    for _ in 0..<bytes.count / elementSize {
      let start = zip(index, permutation).reduce(0) { $0 + $1.0 * steps[$1.1] }
      result.bytes += bytes[start..<start + elementSize]
      for axis in result.shape.indices.reversed() {
        index[axis] += 1
        if index[axis] < result.shape[axis] { break }
        index[axis] = 0
      }
    }
    return result
  }

  /// The constant as it broadcasts to an image whose axes lie in `order`.
  func broadcasting(in order: ONNXAxisOrder) -> ONNXConstant {
    guard order == .channelsFirst else { return self }
    var image = self
    image.shape = Array(repeating: 1, count: 4 - shape.count) + shape
    return image.transposed(by: order.permutation)
  }

  /// The message that holds it.
  func tensor(named name: String) -> ONNXTensorProto {
    var tensor = ONNXTensorProto()
    tensor.name = name
    tensor.dataType = dataType
    tensor.dims = shape.map { Int64($0) }
    tensor.rawData = Data(bytes)
    return tensor
  }
}

extension ElementType {
  /// The number of the type in ONNX's `TensorProto.DataType`; of packed 4-bit codes, the one they
  /// are widened to.
  var onnxCode: Int32 {
    switch self {
    case .int8, .int4: 3
    case .uint8: 2
    case .int16: 5
    case .int32: 6
    case .int64: 7
    }
  }
}

extension ONNXValueInfoProto {
  /// The declaration of an input or output.
  init(_ tensor: TensorDescription) {
    self.init()
    name = tensor.name
    type.tensorType.elemType = tensor.elementType.onnxCode
    type.tensorType.shape.dim = tensor.shape.map { extent in
      var dimension = ONNXDimensionProto()
      dimension.dimValue = Int64(extent)
      return dimension
    }
  }
}

extension ONNXAttributeProto {
  private init(_ name: String, type: Int32) {
    self.init()
    self.name = name
    self.type = type
  }

  /// A real number.
  static func float(_ name: String, _ value: Float) -> ONNXAttributeProto {
    var attribute = ONNXAttributeProto(name, type: 1)
    attribute.f = value
    return attribute
  }

  /// An integer.
  static func int(_ name: String, _ value: Int) -> ONNXAttributeProto {
    var attribute = ONNXAttributeProto(name, type: 2)
    attribute.i = Int64(value)
    return attribute
  }

  /// A word.
  static func string(_ name: String, _ value: String) -> ONNXAttributeProto {
    var attribute = ONNXAttributeProto(name, type: 3)
    attribute.s = Data(value.utf8)
    return attribute
  }

  /// A list of integers.
  static func ints(_ name: String, _ values: [Int]) -> ONNXAttributeProto {
    var attribute = ONNXAttributeProto(name, type: 7)
    attribute.ints = values.map { Int64($0) }
    return attribute
  }
}
