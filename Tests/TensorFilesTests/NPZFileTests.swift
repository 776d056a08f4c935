import Compression
import Diagnostics
import FileAccess
import TensorFiles
import TestSupport
import Testing

@Suite("NPZ files")
struct NPZFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static let arrays = [
    NumericArray(name: "logits", shape: [1, 4], values: [-128, 0, 3, 127] as [Int8]),
    NumericArray(name: "block_1/relu", shape: [40, 10], values: [Int32](repeating: 5, count: 400)),
    NumericArray(name: "größe", shape: [], values: [0.5] as [Double]),
    NumericArray(name: "empty", shape: [0, 3], values: [] as [Float]),
  ]

  @Test("arrays come back in order", arguments: [false, true])
  func roundTrip(compress: Bool) throws {
    try NPZFile.write(NPZFileTests.arrays, to: folder.file("x.npz"), compress: compress)
    #expect(try NPZFile.read(path: folder.file("x.npz")) == NPZFileTests.arrays)
    #expect(try folder.contents() == ["x.npz"])
  }

  @Test("compression makes the file smaller, and the same arrays make the same file")
  func deterministic() throws {
    for name in ["a", "b"] {
      try NPZFile.write(NPZFileTests.arrays, to: folder.file(name), compress: true)
    }
    try NPZFile.write(NPZFileTests.arrays, to: folder.file("stored"), compress: false)
    #expect(folder.read("a") == folder.read("b"))
    #expect((folder.read("a")?.count ?? 0) < (folder.read("stored")?.count ?? 0) - 1000)
  }

  @Test("an archive without arrays is one")
  func noArrays() throws {
    try NPZFile.write([], to: folder.file("x.npz"), compress: false)
    #expect(try NPZFile.read(path: folder.file("x.npz")) == [])
  }

  /// `numpy.savez(file, codes=numpy.array([[1, -2, 3]], '<i2'))`: NumPy puts zip64 sizes into the
  /// local header even of small members.
  static let numpyBytes: [UInt8] = {
    let content = NPYFileTests.numpyBytes
    let size = [UInt8(content.count), 0, 0, 0]
    let checksum = (0..<4).map {
      UInt8(truncatingIfNeeded: CRC32.checksum(of: content) >> ($0 * 8))
    }
    let name = [UInt8]("codes.npy".utf8)
    let local: [UInt8] =
      [0x50, 0x4b, 3, 4, 45, 0, 0, 0, 0, 0, 0, 0, 0x21, 0] + checksum
      + [UInt8](repeating: 0xff, count: 8) + [9, 0, 20, 0] + name
      + [1, 0, 16, 0] + size + [0, 0, 0, 0] + size + [0, 0, 0, 0]
    let directory: [UInt8] =
      [0x50, 0x4b, 1, 2, 45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0x21, 0] + checksum + size + size
      + [9, 0] + [UInt8](repeating: 0, count: 8) + [0, 0, 0x80, 1, 0, 0, 0, 0] + name
    let offset = local.count + content.count
    let end: [UInt8] =
      [
        0x50, 0x4b, 5, 6, 0, 0, 0, 0, 1, 0, 1, 0, UInt8(directory.count), 0, 0, 0, UInt8(offset), 0,
        0, 0,
      ]
      + [0, 0]
    return local + content + directory + end
  }()

  @Test("the zip64 form of NumPy is read")
  func numpyForm() throws {
    let path = try folder.write(NPZFileTests.numpyBytes, to: "x.npz")
    #expect(
      try NPZFile.read(path: path)
        == [NumericArray(name: "codes", shape: [1, 3], values: [1, -2, 3] as [Int16])])
  }

  @Test(
    "NumPy reads what we write and we read what it writes",
    .enabled(if: Python.isAvailable, Python.missing), arguments: [false, true])
  func numpy(compress: Bool) throws {
    try NPZFile.write(NPZFileTests.arrays, to: folder.file("ours.npz"), compress: compress)
    let printed = try Python.run(
      """
      import sys, numpy
      with numpy.load(sys.argv[1]) as z:
          for name in z.files:
              print(name, z[name].dtype, z[name].shape, z[name].sum())
      save = numpy.savez_compressed if sys.argv[3] == 'true' else numpy.savez
      save(sys.argv[2], x=numpy.arange(3000, dtype='<u2').reshape(1000, 3), b=numpy.array([True, False]))
      """, [folder.file("ours.npz"), folder.file("theirs.npz"), "\(compress)"])
    #expect(
      printed == """
        logits int8 (1, 4) 2
        block_1/relu int32 (40, 10) 2000
        größe float64 () 0.5
        empty float32 (0, 3) 0.0

        """)
    let theirs = try NPZFile.read(path: folder.file("theirs.npz"))
    #expect(theirs.map(\.name) == ["x", "b"])
    #expect(theirs.first?.shape == [1000, 3])
    #expect(try theirs.first?.integers() == [Int](0..<3000))
    #expect(
      theirs.last == NumericArray(name: "b", shape: [2], elementType: .bool, bytes: [1, 0]))
  }

  @Test("unzip finds nothing wrong", .enabled(if: Python.isAvailable, Python.missing))
  func strictReader() throws {
    try NPZFile.write(NPZFileTests.arrays, to: folder.file("ours.npz"), compress: true)
    let printed = try Python.run(
      "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(z.testzip(), len(z.namelist()))",
      [folder.file("ours.npz")])
    #expect(printed == "None 4\n")
  }

  @Test("two arrays of one name are not written")
  func repeatedName() throws {
    let array = NumericArray(name: "x", values: [1] as [Int8])
    let path = folder.file("x.npz")
    #expect(throws: Diagnostic(file: path, place: "array 'x'", problem: "the name occurs twice")) {
      try NPZFile.write([array, array], to: path, compress: false)
    }
    #expect(try folder.contents() == [])
  }
}
