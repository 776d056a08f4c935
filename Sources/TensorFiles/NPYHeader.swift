import Diagnostics

/// The header of an `.npy` file: a Python dictionary in text behind a magic string (NumPy
/// Enhancement Proposal 1 and `numpy.lib.format`, versions 1.0 to 3.0).
struct NPYHeader: Equatable {
  /// Extents, in the order of the axes.
  var shape: [Int]
  /// Type of the elements.
  var elementType: ArrayElementType
  /// Whether the elements are stored most significant byte first.
  var isBigEndian = false
  /// Whether the first axis varies fastest.
  var isFortranOrder = false

  /// The most bytes a header may take with the magic string: far more than one number per axis needs.
  static let maximumByteCount = 65_536
  /// The most axes an array may have, as in NumPy.
  static let maximumAxisCount = 64

  /// Bytes of the elements; `nil` where that is no number this machine can address.
  var dataByteCount: Int? { NumericArray.byteCount(of: shape, elementType) }

  init(shape: [Int], elementType: ArrayElementType) {
    self.shape = shape
    self.elementType = elementType
  }

  /// Reads the header at the start of `bytes`, which may end anywhere behind it. Also returns the
  /// number of bytes up to the elements.
  static func parse(_ bytes: UnsafeRawBufferPointer) throws(Diagnostic) -> (NPYHeader, Int) {
    guard bytes.count >= 10, bytes.prefix(6).elementsEqual(magic) else {
      throw Diagnostic(problem: "it is no .npy array: it does not start with \\x93NUMPY")
    }
    let version = bytes[6]
    let start: Int
    let length: Int
    switch (version, bytes[7]) {
    case (1, 0):
      start = 10
      length = Int(bytes[8]) | Int(bytes[9]) << 8
    case (2, 0), (3, 0):
      start = 12
      guard bytes.count >= start else { throw Diagnostic(problem: "the .npy header is cut short") }
      length =
        Int(bytes[8]) | Int(bytes[9]) << 8 | Int(bytes[10]) << 16 | Int(bytes[11]) << 24
    default:
      throw Diagnostic(
        problem: "its .npy version is \(version).\(bytes[7]), known are 1.0, 2.0 and 3.0")
    }
    guard length <= maximumByteCount - start else {
      throw Diagnostic(
        problem: "its .npy header has \(length) bytes, the limit is \(maximumByteCount - start)")
    }
    guard length <= bytes.count - start else {
      throw Diagnostic(problem: "the .npy header is cut short")
    }
    let text = UnsafeRawBufferPointer(rebasing: bytes[start..<start + length])
    var parser = NPYHeaderParser(text: text)
    return (try parser.header(), start + length)
  }

  /// The header as version 1.0 text, padded so that the elements start at a multiple of 64 bytes.
  func serialized() -> [UInt8] {
    let order = elementType.byteCount == 1 ? "|" : "<"
    let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var text =
      "{'descr': '\(order)\(elementType.code)', 'fortran_order': False, 'shape': (\(extents)), }"
    let unpadded = NPYHeader.magic.count + 4 + text.utf8.count + 1
    text += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
    let length = text.utf8.count
    return NPYHeader.magic + [1, 0, UInt8(length & 0xff), UInt8(length >> 8)] + text.utf8
  }

  private static let magic: [UInt8] = [0x93] + "NUMPY".utf8
}
