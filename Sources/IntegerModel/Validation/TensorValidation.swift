import Diagnostics

extension IntegerGraph {
  /// Checks each tensor by itself: name, shape, quantization, constant bytes.
  func validateTensors() throws(Diagnostic) {
    for index in tensors.indices {
      let tensor = tensors[index]
      let place = self.place(ofTensor: index)
      guard !tensor.name.isEmpty else {
        throw Diagnostic(place: place, problem: "the name is empty")
      }
      try validateShape(of: tensor, place: place)
      try validateElementType(of: tensor, place: place)
      if let quantization = tensor.quantization {
        try validate(quantization, of: tensor, place: place)
      }
      if let constant = tensor.constant, constant.count != tensor.byteCount {
        throw Diagnostic(
          place: place,
          problem: "the constant has \(constant.count) bytes; \(tensor.elementType.name) "
            + "\(shapeText(tensor.shape)) needs \(tensor.byteCount)")
      }
    }
    try validateNamesAreUnique()
  }

  private func validateShape(of tensor: TensorDescription, place: String) throws(Diagnostic) {
    guard tensor.shape.count <= GraphLimits.rank else {
      throw Diagnostic(
        place: place,
        problem: "the shape has \(tensor.shape.count) axes; the limit is \(GraphLimits.rank)")
    }
    var count = 1
    for extent in tensor.shape {
      guard extent >= 1, extent <= GraphLimits.extent else {
        throw Diagnostic(
          place: place,
          problem: "the extent \(extent) in shape \(shapeText(tensor.shape)) is outside "
            + "1…\(GraphLimits.extent)")
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= GraphLimits.elementCount else {
        throw Diagnostic(
          place: place,
          problem: "the shape \(shapeText(tensor.shape)) has more than "
            + "\(GraphLimits.elementCount) elements")
      }
      count = product
    }
    guard count <= GraphLimits.elementCount / tensor.elementType.byteCount(of: 1) else {
      throw Diagnostic(
        place: place,
        problem: "\(tensor.elementType.name) \(shapeText(tensor.shape)) takes more than "
          + "\(GraphLimits.elementCount) bytes")
    }
  }

  private func validateElementType(
    of tensor: TensorDescription, place: String
  ) throws(Diagnostic) {
    guard tensor.constant == nil else {
      if tensor.isState {
        throw Diagnostic(place: place, problem: "a constant cannot be a state")
      }
      return
    }
    // The operators say which of the others they take.
    if tensor.elementType == .int4 {
      throw Diagnostic(place: place, problem: "an activation is int4; only weights can be")
    }
  }

  private func validate(
    _ quantization: Quantization, of tensor: TensorDescription, place: String
  ) throws(Diagnostic) {
    var expected = 1
    if let axis = quantization.axis {
      guard tensor.shape.indices.contains(axis) else {
        throw Diagnostic(
          place: place,
          problem: "the quantized axis \(axis) does not exist in shape \(shapeText(tensor.shape))")
      }
      expected = tensor.shape[axis]
    }
    guard quantization.scaleBits.count == expected else {
      throw Diagnostic(
        place: place,
        problem: "there are \(quantization.scaleBits.count) scales; the shape needs \(expected)")
    }
    guard quantization.zeroPoints.count == 1 || quantization.zeroPoints.count == expected else {
      throw Diagnostic(
        place: place,
        problem: "there are \(quantization.zeroPoints.count) zero points; the shape needs "
          + "\(expected)")
    }
    for bits in quantization.scaleBits where bits >= 0x7f80_0000 {
      // Infinity, NaN, or the sign bit set.
      throw Diagnostic(
        place: place,
        problem: "the scale with bits 0x\(hexadecimal(bits)) is not a finite positive number")
    }
    let type = tensor.elementType
    for zeroPoint in quantization.zeroPoints
    where Int64(zeroPoint) < type.minimumCode || Int64(zeroPoint) > type.maximumCode {
      throw Diagnostic(
        place: place,
        problem: "the zero point \(zeroPoint) is outside \(type.minimumCode)…\(type.maximumCode)")
    }
  }

  /// Compares bytes, not characters: names become file names, and two that differ only in Unicode
  /// normalization are different members.
  private func validateNamesAreUnique() throws(Diagnostic) {
    let sorted = tensors.indices.sorted { left, right in
      tensors[left].name.utf8.lexicographicallyPrecedes(tensors[right].name.utf8)
    }
    for (left, right) in zip(sorted, sorted.dropFirst())
    where tensors[left].name.utf8.elementsEqual(tensors[right].name.utf8) {
      throw Diagnostic(
        place: place(ofTensor: max(left, right)),
        problem: "the name is also that of tensor \(min(left, right))")
    }
  }
}

/// `[1, 224, 224, 3]`
func shapeText(_ shape: [Int]) -> String {
  var text = "["
  for (axis, extent) in shape.enumerated() {
    if axis > 0 { text += ", " }
    text += "\(extent)"
  }
  return text + "]"
}

/// Eight hexadecimal digits.
func hexadecimal(_ value: UInt32) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 8 - digits.utf8.count) + digits
}
