import ONNXFormat
import Diagnostics
import FloatModel
import FloatReference
import ModelImport
import TestSupport
import Testing

@Suite("Tensors of an ONNX file")
struct TensorReaderTests {
  /// x + c for a tensor `c` of two elements.
  private func addition(_ tensor: ONNXTensorProto, cast: Bool = false) -> ONNXSketch {
    var sketch = ONNXSketch()
    sketch.input("x", [1, 2])
    sketch.tensor(tensor)
    if cast { sketch.node("Cast", ["c"], ["f"], [.int("to", 1)]) }
    sketch.node("Add", ["x", cast ? "f" : "c"])
    sketch.output()
    return sketch
  }

  private func constant(of sketch: ONNXSketch, folder: String = ".") throws -> [Float]? {
    try sketch.imported(folder: folder).graph.constant("y_node", input: 1)?.values
  }

  private static let reals: [(Int32, [UInt8])] = [
    (1, [0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0]),
    (10, [0x00, 0x3e, 0x00, 0xc0]),
    (11, [0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0]),
    (16, [0xc0, 0x3f, 0x00, 0xc0]),
  ]

  @Test("1.5 and −2 read alike from raw float, float16, double and bfloat16", arguments: reals)
  func raw(type: Int32, bytes: [UInt8]) throws {
    #expect(try constant(of: addition(.raw("c", type: type, [2], bytes))) == [1.5, -2])
  }

  @Test("and from typed fields", arguments: [1, 10, 11, 16] as [Int32])
  func typed(type: Int32) throws {
    var tensor = ONNXTensorProto()
    tensor.name = "c"
    tensor.dataType = type
    tensor.dims = [2]
    switch type {
    case 1: tensor.floatData = [1.5, -2]
    case 10: tensor.int32Data = [0x3e00, 0xc000]
    case 11: tensor.doubleData = [1.5, -2]
    default: tensor.int32Data = [0x3fc0, 0xc000]
    }
    #expect(try constant(of: addition(tensor)) == [1.5, -2])
  }

  private static let integers: [(Int32, [UInt8], [Float])] = [
    (2, [1, 255], [1, 255]), (3, [1, 255], [1, -1]), (4, [1, 0, 0xff, 0xff], [1, 65535]),
    (5, [1, 0, 0xff, 0xff], [1, -1]), (6, [1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], [1, -1]),
    (7, [1, 0, 0, 0, 0, 0, 0, 0, 0xfe, 255, 255, 255, 255, 255, 255, 255], [1, -2]),
    (9, [1, 0], [1, 0]), (12, [1, 0, 0, 0, 0, 0, 0, 0x80], [1, 2_147_483_648]),
    (13, [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0], [1, 2]),
  ]

  @Test("integers of every width read from raw data", arguments: integers)
  func rawIntegers(type: Int32, bytes: [UInt8], expected: [Float]) throws {
    #expect(
      try constant(of: addition(.raw("c", type: type, [2], bytes), cast: true)) == expected)
  }

  @Test("and from typed fields", arguments: [2, 3, 4, 5, 6, 7, 9, 12, 13] as [Int32])
  func typedIntegers(type: Int32) throws {
    var tensor = ONNXTensorProto()
    tensor.name = "c"
    tensor.dataType = type
    tensor.dims = [2]
    switch type {
    case 7: tensor.int64Data = [0, 1]
    case 12, 13: tensor.uint64Data = [0, 1]
    default: tensor.int32Data = [0, 1]
    }
    #expect(try constant(of: addition(tensor, cast: true)) == [0, 1])
  }

  // MARK: External files

  private func external(_ entries: [String: String]) -> ONNXTensorProto {
    var tensor = ONNXTensorProto()
    tensor.name = "c"
    tensor.dataType = 1
    tensor.dims = [2]
    tensor.dataLocation = 1
    tensor.externalData = entries.sorted { $0.key < $1.key }.map { key, value in
      var entry = ONNXStringEntryProto()
      entry.key = key
      entry.value = value
      return entry
    }
    return tensor
  }

  @Test("weights in a file beside the model are read at their offset")
  func externalData() throws {
    let folder = try TemporaryFolder()
    try folder.write([9, 9, 9, 9, 0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0, 7], to: "w.bin")
    for entries in [
      ["location": "w.bin", "offset": "4", "length": "8"], ["location": "w.bin", "offset": "4"],
    ] {
      #expect(try constant(of: addition(external(entries)), folder: folder.path) == [1.5, -2])
    }
    let model =
      try addition(external(["location": "w.bin", "offset": "4"])).model
      .serializedBytes() as [UInt8]
    let graph = try ONNXImporter.load(path: try folder.write(model, to: "model.onnx"))
    #expect(graph.constant("y_node", input: 1)?.values == [1.5, -2])
  }

  @Test(
    "a location outside the model's folder is refused",
    arguments: ["/etc/passwd", "../w.bin", "a/../../w.bin", "a/..", "", "w\0.bin"])
  func outside(location: String) throws {
    let folder = try TemporaryFolder()
    #expect(
      throws: Diagnostic(
        place: "tensor 'c'",
        problem: "has external data in '\(location)', which is outside the model's folder",
        remedy: "keep weights in the folder of the model")
    ) { try addition(external(["location": location])).imported(folder: folder.path) }
  }

  private static let badRanges: [(String, String, String, String)] = [
    (
      "9", "8", "has 8 bytes of external data at offset 9, but 'w.bin' ends at 16",
      "copy 'w.bin' again; it is truncated or belongs to another model"
    ),
    (
      "9223372036854775807", "8",
      "has 8 bytes of external data at offset 9223372036854775807, but 'w.bin' ends at 16",
      "copy 'w.bin' again; it is truncated or belongs to another model"
    ),
    ("-1", "8", "has external data at offset '-1' of length '8', which are no counts of bytes", ""),
    ("0", "x", "has external data at offset '0' of length 'x', which are no counts of bytes", ""),
    (
      "0", "7", "holds 7 bytes, but its shape [2] asks for 8",
      "the file is damaged; export the model again"
    ),
  ]

  @Test("offsets and lengths that leave the file are refused", arguments: badRanges)
  func range(offset: String, length: String, problem: String, remedy: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(Array(repeating: 0, count: 16), to: "w.bin")
    let tensor = external(["location": "w.bin", "offset": offset, "length": length])
    #expect(throws: Diagnostic(place: "tensor 'c'", problem: problem, remedy: remedy)) {
      try addition(tensor).imported(folder: folder.path)
    }
  }

  @Test("a missing file is named")
  func missing() throws {
    let folder = try TemporaryFolder()
    #expect {
      try addition(external(["location": "w.bin"])).imported(folder: folder.path)
    } throws: { error in
      (error as? Diagnostic)?.file == "\(folder.path)/w.bin"
    }
  }

  // MARK: Damage

  private static let damaged: [([Int64], Int, String)] = [
    ([3], 2, "holds 2 elements, but its shape [3] asks for 3"),
    ([2, 2], 2, "holds 2 elements, but its shape [2, 2] asks for 4"),
    ([], 2, "holds 2 elements, but its shape [] asks for 1"),
  ]

  @Test("data shorter or longer than the shape says is refused", arguments: damaged)
  func count(dims: [Int64], count: Int, problem: String) {
    var tensor = ONNXTensorProto.floats("c", [2], Array(repeating: 1, count: count))
    tensor.dims = dims
    #expect(
      throws: Diagnostic(
        place: "tensor 'c'", problem: problem,
        remedy: "the file is damaged; export the model again")
    ) { try addition(tensor).imported() }
  }

  @Test(
    "hostile shapes are refused before anything is allocated",
    arguments: [[-1], [.max, .max], [1 << 31], [0, .max, .max], [1, 1, 1, 1, 1, 1, 1, 1, 2]]
      as [[Int64]])
  func shape(dims: [Int64]) {
    var tensor = ONNXTensorProto.raw("c", type: 1, [2], [])
    tensor.dims = dims
    #expect(
      throws: Diagnostic(
        place: "tensor 'c'",
        problem: "has shape \(dims): more than 8 axes, a negative extent, or more than 2147483647 "
          + "elements")
    ) { try addition(tensor).imported() }
  }

  @Test("NaN in weights is found with its place in the file's order")
  func notFinite() {
    var sketch = ONNXSketch()
    sketch.input("x", [1, 2, 3, 3])
    var weights = Array(repeating: Float(1), count: 18)
    weights[17] = .nan
    sketch.tensor(.floats("conv1_w", [1, 2, 3, 3], weights))
    sketch.node("Conv", ["x", "conv1_w"])
    sketch.output()
    #expect(
      throws: Diagnostic(
        place: "tensor 'conv1_w'", problem: "holds NaN at element 17",
        remedy: "train or export the model again; no quantizer can represent it")
    ) { try sketch.imported() }
  }

  @Test("an element type that is not read is an error only where it is used")
  func elementType() throws {
    let strings = ONNXTensorProto.raw("s", type: 8, [1], [])
    var sketch = addition(.floats("c", [2], [1, 2]))
    sketch.tensor(strings)
    _ = try sketch.imported()
    sketch.node("Add", ["x", "s"], ["z"])
    #expect(
      throws: Diagnostic(
        place: "node 'z_node' (Add, opset 17)", problem: "input 1 holds elements of string")
    ) { try sketch.imported() }
  }
}
