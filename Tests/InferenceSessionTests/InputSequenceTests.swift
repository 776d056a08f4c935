import Diagnostics
import InferenceSession
import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import TensorFiles
import TestSupport
import Testing

@Suite("Inputs come from images or arrays")
struct InputSequenceTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("a leading axis counts inputs, also in place of a batch of 1")
  func counts() {
    let tensor = TensorDescription(name: "x", shape: [1, 4, 3], elementType: .int8)
    func count(_ shape: [Int]) -> Int? {
      tensor.inputCount(of: NumericArray(name: "x", shape: shape, elementType: .int8, bytes: []))
    }
    #expect(count([1, 4, 3]) == 1)
    #expect(count([7, 1, 4, 3]) == 7)
    #expect(count([7, 4, 3]) == 7)
    #expect(count([4, 3]) == nil)
    #expect(count([7, 3, 4]) == nil)
    #expect(count([2, 7, 4, 3]) == nil)
    #expect(count([]) == nil)
    let wide = TensorDescription(name: "x", shape: [2, 3], elementType: .int8)
    #expect(
      wide.inputCount(of: NumericArray(name: "x", shape: [5, 3], elementType: .int8, bytes: []))
        == nil)
  }

  @Test("codes reach the input of their turn", arguments: ["npy", "npz"])
  func codes(kind: String) throws {
    let values = (0..<2 * 192).map { Int8(truncatingIfNeeded: $0) }
    let array = NumericArray(name: "image", shape: [2, 8, 8, 3], values: values)
    let path = folder.file("in." + kind)
    if kind == "npy" {
      try NPYFile.write(array, to: path)
    } else {
      try NPZFile.write(
        [NumericArray(name: "y", values: [1, 2] as [Int64]), array], to: path, compress: true)
    }
    let inputs = try InputSequence(codes: path, for: SmallModel.graph)
    #expect(inputs.count == 2)
    #expect(inputs.name(of: 1) == "\(path)[1]")
    let interpreter = try Interpreter(graph: SmallModel.graph)
    try inputs.load(1, into: interpreter)
    #expect(
      [UInt8](interpreter.bytes(of: 0)) == values[192...].map { UInt8(bitPattern: $0) })
  }

  @Test("zeros are the zero point")
  func zeros() throws {
    let interpreter = try Interpreter(graph: SmallModel.graph)
    #expect(InputSequence.zeros.count == 1)
    try InputSequence.zeros.load(0, into: interpreter)
    #expect([UInt8](interpreter.bytes(of: 0)) == [UInt8](repeating: 0xff, count: 192))
  }

  @Test("folders stand for the images in them, in order")
  func folders() throws {
    for name in ["b.ppm", "a.PPM", "notes.txt"] {
      try folder.write([UInt8]("P6 1 1 255 abc".utf8), to: name)
    }
    let single = folder.file("b.ppm")
    let inputs = try InputSequence(images: [single, folder.path], for: SmallModel.graph)
    #expect(
      (0..<inputs.count).map(inputs.name) == [single, folder.file("a.PPM"), single])
  }

  @Test("an image goes through the model's tables")
  func image() throws {
    try folder.write(
      [UInt8]("P6 8 8 255\n".utf8) + (0..<192).map { UInt8($0) }, to: "i.ppm")
    let interpreter = try Interpreter(graph: SmallModel.graph)
    try InputSequence(images: [folder.file("i.ppm")], for: SmallModel.graph)
      .load(0, into: interpreter)
    #expect(
      [UInt8](interpreter.bytes(of: 0))
        == (0..<192).map { UInt8(bitPattern: Int8($0 - 128)) })
  }

  @Test("an image that cannot be read is named")
  func brokenImage() throws {
    let path = try folder.write([UInt8]("P6 8 8 255\n".utf8), to: "i.ppm")
    let interpreter = try Interpreter(graph: SmallModel.graph)
    let inputs = try InputSequence(images: [path], for: SmallModel.graph)
    #expect { try inputs.load(0, into: interpreter) } throws: { error in
      (error as? Diagnostic)?.file == path
    }
  }

  @Test("models that do not take one image say so")
  func noImage() {
    var graph = SmallModel.graph
    graph.inputs.append(4)
    #expect(
      throws: Diagnostic(
        problem: "the model has 2 inputs, an image fills only one",
        remedy: "give codes with --input")
    ) { try InputSequence(images: ["a.png"], for: graph) }
    graph.inputPipeline = nil
    #expect(
      throws: Diagnostic(
        place: "input 'image'", problem: "the model does not say how an image becomes its input",
        remedy: "give --mean and --std when qconvert makes the file, or codes with --input here")
    ) { try InputSequence(images: ["a.png"], for: graph) }
  }

  @Test("arrays that do not fit are named")
  func badArrays() throws {
    let good = NumericArray(
      name: "image", shape: [8, 8, 3], elementType: .int8,
      bytes: [UInt8](repeating: 0, count: 192))
    var graph = SmallModel.graph
    expect(
      [good], graph,
      "member 'image': its shape is [8, 8, 3], the model has [1, 8, 8, 3]; give that shape, or one "
        + "with a leading axis over the inputs")
    expect(
      [NumericArray(name: "x", values: [1] as [Int8])], graph,
      "member 'image': it is missing; the file holds 'x'; name the arrays after the model's inputs")
    expect(
      [], graph,
      "member 'image': it is missing; the file holds nothing; name the arrays after the model's inputs"
    )
    expect(
      (0..<10).map { NumericArray(name: "x\($0)", values: [1] as [Int8]) }, graph,
      "member 'image': it is missing; the file holds 'x0', 'x1', 'x2', 'x3', 'x4', 'x5', 'x6', 'x7' "
        + "and 2 more; name the arrays after the model's inputs")
    expect(
      [NumericArray(name: "image", values: [1] as [Float])], graph,
      "member 'image': it holds float32, the model has int8; quantize it: code = round(real / scale) "
        + "+ zero point")
    expect(
      [NumericArray(name: "image", values: [1] as [UInt8])], graph,
      "member 'image': it holds uint8, the model has int8; convert it")
    expect(
      [NumericArray(name: "image", shape: [0, 8, 8, 3], values: [] as [Int8])], graph,
      "it holds no input")
    graph.inputs.append(6)
    expect(
      [
        NumericArray(
          name: "image", shape: [2, 8, 8, 3], elementType: .int8,
          bytes: [UInt8](repeating: 0, count: 384)),
        NumericArray(name: "flat", shape: [3, 4], values: [Int8](repeating: 0, count: 12)),
      ], graph,
      "member 'flat': it holds 3 inputs, the member before it 2; give every input the same leading "
        + "axis")
    let path = try folder.write([0x93], to: "x.npy")
    #expect(
      throws: Diagnostic(
        file: path, problem: "the model has 2 inputs, an .npy file fills only one",
        remedy: "give an .npz file with the members 'image', 'flat'")
    ) { try InputSequence(codes: path, for: graph) }
  }

  private func expect(
    _ arrays: [NumericArray], _ graph: IntegerGraph, _ message: String,
    at location: SourceLocation = #_sourceLocation
  ) {
    do throws(Diagnostic) {
      _ = try InputSequence(arrays: arrays, for: graph) { index, _ in "\(index)" }
      Issue.record("no error", sourceLocation: location)
    } catch {
      #expect(error.description == message, sourceLocation: location)
    }
  }
}
