import Diagnostics
import TensorFiles
import TestSupport
import Testing

@Suite("NPY files")
struct NPYFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// What `numpy.save` writes for `numpy.array([[1, -2, 3]], dtype='<i2')`.
  static let numpyBytes: [UInt8] =
    [0x93] + "NUMPY".utf8 + [1, 0, 0x76, 0]
    + "{'descr': '<i2', 'fortran_order': False, 'shape': (1, 3), }".utf8
    + [UInt8](repeating: 0x20, count: 58) + [0x0a, 1, 0, 0xfe, 0xff, 3, 0]

  @Test("the bytes are those that NumPy writes")
  func sameBytes() throws {
    let array = NumericArray(name: "codes", shape: [1, 3], values: [1, -2, 3] as [Int16])
    try NPYFile.write(array, to: folder.file("codes.npy"))
    #expect(folder.read("codes.npy") == NPYFileTests.numpyBytes)
    #expect(try NPYFile.read(path: folder.file("codes.npy")) == array)
  }

  @Test("every type and rank comes back", arguments: ArrayElementType.allCases)
  func roundTrip(elementType: ArrayElementType) throws {
    var generator = SeededGenerator(seed: 11)
    for shape in [[], [0], [5], [2, 3], [4, 0, 2], [1, 2, 3, 4], [Int](repeating: 1, count: 64)] {
      let count = shape.reduce(elementType.byteCount, *)
      let array = NumericArray(
        name: "x", shape: shape, elementType: elementType,
        bytes: (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
      try NPYFile.write(array, to: folder.file("x.npy"))
      #expect(try NPYFile.read(path: folder.file("x.npy")) == array)
      #expect((folder.read("x.npy")?.count ?? 0) % 64 == count % 64)
    }
  }

  @Test(
    "older and newer headers are read",
    arguments: [
      (1, "{'descr': '<i2', 'fortran_order': False, 'shape': (3L,), }\n"),
      (2, "{'descr': '<i2', 'fortran_order': False, 'shape': (3,), }     \n"),
      (3, "{\"shape\": (3,), \"descr\": \"=i2\", \"fortran_order\": False}"),
    ])
  func versions(version: UInt8, header: String) throws {
    let path = try folder.write(npy(version, header, [1, 0, 2, 0, 3, 0]), to: "x.npy")
    #expect(try NPYFile.read(path: path) == NumericArray(name: "x", values: [1, 2, 3] as [Int16]))
  }

  @Test("big-endian elements are turned around")
  func bigEndian() throws {
    let path = try folder.write(
      npy(
        1, "{'descr': '>i4', 'fortran_order': False, 'shape': (2,)}",
        [0, 0, 1, 2, 255, 255, 255, 254]),
      to: "x.npy")
    #expect(try NPYFile.read(path: path).values(as: Int32.self) == [258, -2])
  }

  @Test("column-major arrays become row-major")
  func fortranOrder() throws {
    // a[i][j][k] = 100 i + 10 j + k for 2 × 3 × 2, first index fastest.
    let stored: [UInt8] = [0, 100, 10, 110, 20, 120, 1, 101, 11, 111, 21, 121]
    let path = try folder.write(
      npy(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 2)}", stored), to: "x.npy")
    let array = try NPYFile.read(path: path)
    #expect(array.shape == [2, 3, 2])
    #expect(array.bytes == [0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121])
  }

  @Test(
    "a header that is none is refused",
    arguments: [
      (
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
        "it holds Python objects; save a bool, integer, float32 or float64 array"
      ),
      (
        "{'descr': '<f2', 'fortran_order': False, 'shape': (1,)}",
        "it holds type '<f2'; save a bool, integer, float32 or float64 array"
      ),
      (
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
        "it holds records with fields; save a bool, integer, float32 or float64 array"
      ),
      (
        "{'descr': '|i1', 'fortran_order': False, 'shape': (2,)}",
        "an array of int8 [2] takes 2 bytes, there are 1; the file is cut short"
      ),
      (
        "{'descr': '|i1', 'fortran_order': False, 'shape': (0,)}",
        "an array of int8 [0] takes 0 bytes, there are 1"
      ),
      (
        "{'descr': '|i1', 'fortran_order': False, 'shape': (5000000000,)}",
        "an array of int8 [5000000000] is larger than the limit of 4294967296 bytes"
      ),
      (
        "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
        "an array of float64 [4294967296, 4294967296] is larger than the limit of 4294967296 bytes"
      ),
      (
        "{'descr': '|i1', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "byte 69 of the .npy header: there is an extent beyond 9223372036854775807"
      ),
      (
        "{'descr': '|i1', 'fortran_order': False, 'shape': (-1,)}",
        "byte 51 of the .npy header: there is no extent where one is due"
      ),
      (
        "{'descr': '|i1', 'fortran_order': False}",
        "byte 40 of the .npy header: there is not all of 'descr', 'fortran_order' and 'shape'"
      ),
      (
        "{'descr': '|i1', 'descr': '|i1'}",
        "byte 25 of the .npy header: there is an unexpected or repeated key 'descr'"
      ),
      ("{'descr': '|i1'", "byte 15 of the .npy header: there is no '}' where one is due"),
      ("{'descr': '|i1", "byte 14 of the .npy header: there is a string without an end"),
      ("{'descr': '\\x7ci1'}", "byte 11 of the .npy header: there is an escaped character"),
      ("{'fortran_order': 1}", "byte 18 of the .npy header: there is no 'False' where one is due"),
      (
        "__import__('os').system('true')",
        "byte 0 of the .npy header: there is no '{' where one is due"
      ),
      ("{} {}", "byte 3 of the .npy header: there is text behind the dictionary"),
    ])
  func badHeaders(header: String, message: String) throws {
    let path = try folder.write(npy(1, header, [7]), to: "x.npy")
    #expect(readError(path) == "\(path): \(message)")
  }

  @Test("a shape with too many axes is refused")
  func manyAxes() throws {
    let shape = String(repeating: "1,", count: 65)
    let path = try folder.write(
      npy(1, "{'descr': '|i1', 'fortran_order': False, 'shape': (\(shape))}", [7]), to: "x.npy")
    #expect(
      readError(path) == "\(path): byte 179 of the .npy header: there is more than 64 axes")
  }

  @Test("what is no NPY file is refused")
  func notNPY() throws {
    let magic = "it is no .npy array: it does not start with \\x93NUMPY"
    for bytes in [[], [0x93], [UInt8](repeating: 0x41, count: 100)] as [[UInt8]] {
      let path = try folder.write(bytes, to: "x.npy")
      #expect(readError(path) == "\(path): \(magic)")
    }
    let future = try folder.write(npy(4, "{}", []), to: "x.npy")
    #expect(readError(future) == "\(future): its .npy version is 4.0, known are 1.0, 2.0 and 3.0")
    var long = npy(2, "{}", [])
    long[11] = 0x7f
    let path = try folder.write(long, to: "x.npy")
    #expect(
      readError(path) == "\(path): its .npy header has 2130706434 bytes, the limit is 65524")
  }

  @Test("cut at any byte it is refused, and never read wrong")
  func truncated() throws {
    for count in 0..<NPYFileTests.numpyBytes.count {
      let path = try folder.write([UInt8](NPYFileTests.numpyBytes[..<count]), to: "x.npy")
      #expect(readError(path) != nil, "\(count) bytes")
    }
  }

  @Test("with any bit of the header flipped it is refused or read as some array of that size")
  func flipped() throws {
    for bit in 0..<128 * 8 {
      var bytes = NPYFileTests.numpyBytes
      bytes[bit / 8] ^= 1 << (bit % 8)
      let path = try folder.write(bytes, to: "x.npy")
      if readError(path) == nil {
        #expect(try NPYFile.read(path: path).bytes.count == 6, "bit \(bit)")
      }
    }
  }

  @Test("bytes that do not fill the shape are not written")
  func badArray() throws {
    let array = NumericArray(name: "x", shape: [2, 2], values: [1, 2, 3] as [Int8])
    #expect(
      throws: Diagnostic(
        place: "array 'x'", problem: "3 bytes of int8 do not fill shape [2, 2]")
    ) {
      try NPYFile.write(array, to: folder.file("x.npy"))
    }
    #expect(try folder.contents() == [])
  }

  @Test(
    "NumPy reads what we write and we read what it writes",
    .enabled(if: Python.isAvailable, Python.missing))
  func numpy() throws {
    try NPYFile.write(
      NumericArray(name: "x", shape: [2, 3], values: [1, 2.5, -3, 4, 5, 6] as [Float]),
      to: folder.file("ours.npy"))
    let printed = try Python.run(
      """
      import sys, numpy
      a = numpy.load(sys.argv[1])
      print(a.dtype, a.tolist())
      numpy.save(sys.argv[2], numpy.asfortranarray(a.astype('>f8') * 2))
      """, [folder.file("ours.npy"), folder.file("theirs.npy")])
    #expect(printed == "float32 [[1.0, 2.5, -3.0], [4.0, 5.0, 6.0]]\n")
    let theirs = try NPYFile.read(path: folder.file("theirs.npy"))
    #expect(theirs.shape == [2, 3])
    #expect(try theirs.values(as: Double.self) == [2, 5, -6, 8, 10, 12])
  }
}

/// An `.npy` file of that version with that header text and those elements.
func npy(_ version: UInt8, _ header: String, _ elements: [UInt8]) -> [UInt8] {
  let length = header.utf8.count
  var result: [UInt8] =
    [0x93] + "NUMPY".utf8 + [version, 0, UInt8(length & 255), UInt8(length >> 8)]
  if version > 1 { result += [0, 0] }
  return result + header.utf8 + elements
}

private func readError(_ path: String) -> String? {
  do throws(Diagnostic) {
    _ = try NPYFile.read(path: path)
    return nil
  } catch {
    return error.description
  }
}
