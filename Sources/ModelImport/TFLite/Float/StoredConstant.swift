import Diagnostics
import FloatModel
import TFLiteFormat

extension TFLiteTensor {
  /// How errors name the tensor.
  var place: String { "tensor '\(name)'" }

  /// The elements of a constant as real numbers: float32, float16, or codes with scales, per tensor
  /// or along an axis.
  ///
  /// - Throws: a diagnostic that names the tensor where its bytes or scales do not fit its shape, or
  ///   where it holds NaN or infinity.
  func floats() throws(Diagnostic) -> FloatTensor {
    let tensor: FloatTensor
    switch elementType {
    case .float32:
      tensor = FloatTensor(
        shape: shape, values: try elements(of: UInt32.self).map(Float.init(bitPattern:)))
    case .float16:
      tensor = FloatTensor(
        shape: shape,
        values: try elements(of: UInt16.self).map { Float(Float16(bitPattern: $0)) })
    case .int4, .int8, .uint8, .int16, .int32:
      tensor = try dequantized(try codes())
    case .bool, .uint32, .int64:
      throw Diagnostic(place: place, problem: "holds \(elementType) where numbers are needed")
    }
    // Named as the file names it, whatever the value in the graph will be called.
    try FloatGraph(name: "", values: [FloatValue(name: name, constant: tensor)]).checkFinite()
    return tensor
  }

  /// The elements of a constant as integers, at most ``IntegerTensor/greatestCount``.
  func integers() throws(Diagnostic) -> IntegerTensor {
    switch elementType {
    case .int32, .int64, .bool, .uint32: break
    case .float32, .float16, .int4, .int8, .uint8, .int16:
      throw Diagnostic(place: place, problem: "holds \(elementType) where integers are needed")
    }
    do {
      _ = try IntegerTensor.checkedCount(shape)
    } catch {
      throw Diagnostic(place: place, problem: error.problem)
    }
    return IntegerTensor(shape: shape, values: try codes())
  }

  // MARK: Elements

  private func codes() throws(Diagnostic) -> [Int64] {
    switch elementType {
    case .int4: return try nibbles()
    case .int8: return try elements(of: Int8.self).map(Int64.init)
    case .uint8, .bool: return try elements(of: UInt8.self).map(Int64.init)
    case .int16: return try elements(of: Int16.self).map(Int64.init)
    case .int32: return try elements(of: Int32.self).map(Int64.init)
    case .uint32: return try elements(of: UInt32.self).map(Int64.init)
    case .int64: return try elements(of: Int64.self)
    case .float16, .float32:
      throw Diagnostic(place: place, problem: "holds \(elementType) where integers are needed")
    }
  }

  private func elements<Element: FixedWidthInteger>(
    of type: Element.Type
  ) throws(Diagnostic) -> [Element] {
    try checkBytes(try count() * MemoryLayout<Element>.size)
    return constant?.array(of: type) ?? []
  }

  /// Two signed codes a byte, the low one first.
  private func nibbles() throws(Diagnostic) -> [Int64] {
    let count = try count()
    try checkBytes((count + 1) / 2)
    let bytes = constant?.array(of: Int8.self) ?? []
    return (0..<count).map { index -> Int64 in
      let byte = bytes[index / 2]
      return Int64(index % 2 == 0 ? (byte << 4) >> 4 : byte >> 4)
    }
  }

  private func count() throws(Diagnostic) -> Int {
    guard shape.count <= ShapeLimits.greatestRank, let count = ShapeLimits.elementCount(shape)
    else {
      throw Diagnostic(
        place: place,
        problem: "has shape \(shape): more than \(ShapeLimits.greatestRank) axes, a negative "
          + "extent, or more than \(ShapeLimits.greatestElementCount) elements")
    }
    return count
  }

  private func checkBytes(_ expected: Int) throws(Diagnostic) {
    let actual = constant?.count ?? 0
    guard actual == expected else {
      throw Diagnostic(
        place: place,
        problem: "holds \(actual) bytes, but its shape \(shape) asks for \(expected)",
        remedy: "the file is damaged; convert the model again")
    }
  }

  // MARK: Scales

  private func dequantized(_ codes: [Int64]) throws(Diagnostic) -> FloatTensor {
    guard let quantization, !quantization.scales.isEmpty else {
      throw Diagnostic(
        place: place, problem: "holds \(elementType) without a scale where real numbers are needed")
    }
    let scales = quantization.scales
    let zeroPoints = quantization.zeroPoints.isEmpty ? [0] : quantization.zeroPoints
    for scale in scales where !(scale.isFinite && scale > 0) {
      throw Diagnostic(place: place, problem: "has the scale \(scale), which is not positive")
    }
    // No magnitude is taken: that of the least integer does not exist.
    for zeroPoint in zeroPoints where Int32(exactly: zeroPoint) == nil {
      throw Diagnostic(place: place, problem: "has the zero point \(zeroPoint), outside 32 bits")
    }
    let axis = scales.count == 1 ? nil : Optional(quantization.axis)
    let extent =
      try axis.map { (axis) throws(Diagnostic) in try self.extent(ofQuantized: axis) } ?? 1
    guard zeroPoints.count == 1 || zeroPoints.count == scales.count, scales.count == extent else {
      throw Diagnostic(
        place: place,
        problem: "has \(scales.count) scales and \(zeroPoints.count) zero points for \(extent) "
          + "channels")
    }
    let step = axis.map { shape[($0 + 1)...].reduce(1, *) } ?? max(codes.count, 1)
    return FloatTensor(
      shape: shape,
      values: codes.enumerated().map { index, code in
        let channel = index / step % extent
        let offset = zeroPoints[zeroPoints.count == 1 ? 0 : channel]
        // As LiteRT does: the difference is exact, the product is rounded once.
        return Float(code - offset) * scales[channel]
      })
  }

  private func extent(ofQuantized axis: Int) throws(Diagnostic) -> Int {
    guard shape.indices.contains(axis) else {
      throw Diagnostic(
        place: place, problem: "has scales along axis \(axis), outside its shape \(shape)")
    }
    return shape[axis]
  }
}
