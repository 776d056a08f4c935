import ONNXFormat
import Diagnostics
import FloatModel
import ModelImport
import SwiftProtobuf
import TestSupport
import Testing

@Suite("A damaged ONNX file is read, or refused with a diagnostic")
struct MutationTests {
  /// A small network with most kinds of fields.
  private static func bytes() throws -> [UInt8] {
    var sketch = ONNXSketch(opset: 13)
    sketch.input("x", [nil, 3, 6, 6])
    sketch.tensor(.floats("w", [4, 3, 3, 3], (0..<108).map { Float($0) / 50 - 1 }))
    sketch.tensor(.raw("b", type: 1, [4], Array(repeating: 0, count: 16)))
    for name in ["g", "be", "m", "v"] { sketch.tensor(.floats(name, [4], [1, 2, 3, 4])) }
    sketch.tensor(.floats("six", [], [6]))
    sketch.tensor(.floats("zero", [], [0]))
    sketch.tensor(.vector("shape", 0, -1))
    sketch.tensor(.floats("fc", [5, 36], (0..<180).map { Float($0) / 90 - 1 }))
    sketch.node(
      "Conv", ["x", "w", "b"], ["a"], [.ints("strides", [2, 2]), .ints("pads", [1, 1, 1, 1])])
    sketch.node("BatchNormalization", ["a", "g", "be", "m", "v"], ["n"], [.float("epsilon", 0.1)])
    sketch.node("Clip", ["n", "zero", "six"], ["r"])
    sketch.node(
      "AveragePool", ["r"], ["p"],
      [
        .ints("kernel_shape", [3, 3]), .string("auto_pad", "SAME_UPPER"),
        .int("count_include_pad", 1),
      ])
    sketch.node("Shape", ["p"], ["s"])
    sketch.node("Slice", ["s", "z1", "z2"], ["s2"])
    sketch.tensor(.vector("z1", 0))
    sketch.tensor(.vector("z2", 1))
    sketch.tensor(.vector("z3", -1))
    sketch.node("Concat", ["s2", "z3"], ["target"], [.int("axis", 0)])
    sketch.node("Reshape", ["p", "target"], ["f"])
    sketch.node("Gemm", ["f", "fc"], ["l"], [.int("transB", 1)])
    sketch.node("Softmax", ["l"])
    sketch.output()
    return try sketch.model.serializedBytes()
  }

  /// Reads and simplifies; what is thrown is a diagnostic by the type system.
  private func read(_ bytes: [UInt8]) {
    do throws(Diagnostic) {
      let graph = try ONNXSketch.imported(bytes).graph
      _ = try graph.simplified()
    } catch {
      #expect(!error.problem.isEmpty)
    }
  }

  @Test("the undamaged file is read")
  func intact() throws {
    #expect(try ONNXSketch.imported(try Self.bytes()).graph.nodes.count == 9)
  }

  @Test("with any byte replaced by its extremes")
  func everyByte() throws {
    let bytes = try Self.bytes()
    for position in bytes.indices {
      for value in [0, 1, 0x7f, 0x80, 0xff, bytes[position] ^ 0x01, bytes[position] ^ 0x80] {
        var damaged = bytes
        damaged[position] = value
        read(damaged)
      }
    }
  }

  @Test("with random bytes replaced, removed and repeated", arguments: 1...8)
  func random(seed: UInt64) throws {
    let bytes = try Self.bytes()
    var mutator = ModelMutator(seed: seed)
    for _ in 0..<500 { read(mutator.damaged(bytes)) }
  }

  @Test("with extreme numbers, other operators and other inputs", arguments: 1...8)
  func extremes(seed: UInt64) throws {
    let intact = try ONNXModelProto(serializedBytes: try Self.bytes())
    var mutator = ModelMutator(seed: seed)
    for _ in 0..<500 { read(try mutator.extreme(intact).serializedBytes()) }
  }

  @Test(
    "and so is a damaged model of every operator in every form",
    .enabled(if: Oracle.python != nil, "set FBQ_PYTHON to a Python with onnx and onnxruntime"))
  func operators() throws {
    let folder = try TemporaryFolder()
    try Oracle.run("onnx_cases.py", [folder.path, "3"])
    var mutator = ModelMutator(seed: 3)
    for name in try folder.contents() where name.hasSuffix(".onnx") {
      let bytes = try #require(folder.read(name))
      let intact = try ONNXModelProto(serializedBytes: bytes)
      for _ in 0..<40 {
        read(mutator.damaged(bytes))
        read(try mutator.extreme(intact).serializedBytes())
      }
    }
  }
}
