import Diagnostics
import FileAccess

/// Reading and writing of NumPy's `.npy` files: one array each.
public enum NPYFile {
  /// The most bytes that the arrays of one file may take, so that a hostile file cannot fill the
  /// memory.
  public static let maximumByteCount = 1 << 32

  /// Reads an array of format version 1 to 3, in either byte order and either storage order. It is
  /// named after the file.
  ///
  /// Throws a ``Diagnostic`` that names the file when it cannot be read, is no `.npy` file, is cut
  /// short or too long, or holds anything but plain numbers.
  public static func read(path: String) throws(Diagnostic) -> NumericArray {
    let file = try MappedFile(path: path)
    do throws(Diagnostic) {
      return try file.withUnsafeBytes { (bytes) throws(Diagnostic) in
        let (header, start) = try NPYHeader.parse(bytes)
        let count = try header.checkedByteCount(available: bytes.count - start)
        return header.array(
          named: name(of: path),
          bytes: [UInt8](UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])))
      }
    } catch {
      throw error.inFile(path)
    }
  }

  /// Writes `array` in format version 1.0; its name is not stored.
  ///
  /// Throws a ``Diagnostic`` when the array's bytes do not fit its shape, or the file cannot be
  /// written; then no file is left behind.
  public static func write(_ array: NumericArray, to path: String) throws(Diagnostic) {
    let header = try NPYHeader(describing: array)
    let file = try PendingFile(path: path)
    try file.append(header.serialized())
    try file.append(array.bytes)
    try file.commit()
  }

  /// The last part of `path` without `.npy`.
  private static func name(of path: String) -> String {
    let last = path.split(separator: "/").last ?? ""
    return String(last.hasSuffix(".npy") ? last.dropLast(4) : last)
  }
}

extension NPYHeader {
  /// The header of `array`. Throws a ``Diagnostic`` when its bytes do not fit its shape.
  init(describing array: NumericArray) throws(Diagnostic) {
    self.init(shape: array.shape, elementType: array.elementType)
    guard shape.count <= NPYHeader.maximumAxisCount, dataByteCount == array.bytes.count else {
      throw Diagnostic(
        place: "array '\(array.name)'",
        problem: "\(array.bytes.count) bytes of \(elementType.name) do not fill shape \(shape)")
    }
  }

  /// The number of bytes of the elements, which must be exactly those `available` in the file.
  func checkedByteCount(available: Int) throws(Diagnostic) -> Int {
    guard let count = dataByteCount, count <= NPYFile.maximumByteCount else {
      throw Diagnostic(
        problem: "an array of \(elementType.name) \(shape) is larger than the limit of "
          + "\(NPYFile.maximumByteCount) bytes")
    }
    guard count == available else {
      throw Diagnostic(
        problem: "an array of \(elementType.name) \(shape) takes \(count) bytes, there are "
          + "\(available)",
        remedy: available < count ? "the file is cut short" : "")
    }
    return count
  }

  /// The array whose stored elements are `bytes`, brought into row-major little-endian order.
  func array(named name: String, bytes: [UInt8]) -> NumericArray {
    var elements = bytes
    let width = elementType.byteCount
    if isBigEndian && width > 1 {
      for start in stride(from: 0, to: elements.count, by: width) {
        elements[start..<start + width].reverse()
      }
    }
    if isFortranOrder && shape.count(where: { $0 != 1 }) > 1 && !elements.isEmpty {
      elements = rowMajor(elements)
    }
    return NumericArray(name: name, shape: shape, elementType: elementType, bytes: elements)
  }

  /// `bytes` reordered from first axis fastest to last axis fastest.
  private func rowMajor(_ bytes: [UInt8]) -> [UInt8] {
    let width = elementType.byteCount
    var strides: [Int] = []
    var step = width
    for extent in shape {
      strides.append(step)
      step *= extent
    }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = [Int](repeating: 0, count: shape.count)
    var source = 0
    while result.count < bytes.count {
      result.append(contentsOf: bytes[source..<source + width])
      var axis = shape.count - 1
      while axis >= 0 {
        index[axis] += 1
        source += strides[axis]
        if index[axis] < shape[axis] { break }
        source -= index[axis] * strides[axis]
        index[axis] = 0
        axis -= 1
      }
    }
    return result
  }
}
