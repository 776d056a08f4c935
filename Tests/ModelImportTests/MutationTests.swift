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
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...8, using: &generator) {
        let position = Int.random(in: damaged.indices, using: &generator)
        switch Int.random(in: 0...3, using: &generator) {
        case 0: damaged.remove(at: position)
        case 1: damaged.insert(damaged[position], at: position)
        default: damaged[position] = UInt8.random(in: .min ... .max, using: &generator)
        }
      }
      read(damaged)
    }
  }

  @Test("with extreme numbers in any attribute, shape or index", arguments: 1...8)
  func numbers(seed: UInt64) throws {
    let extremes: [Int64] = [
      0, -1, 1, 2, 7, .max, .min, 1 << 31, -(1 << 31), (1 << 31) - 1, 1 << 62, 1 << 16,
    ]
    var generator = SeededGenerator(seed: seed)
    func extreme() -> Int64 { extremes.randomElement(using: &generator) ?? 0 }
    let intact = try ONNXModelProto(serializedBytes: try Self.bytes())
    for _ in 0..<500 {
      var model = intact
      for _ in 0..<Int.random(in: 1...2, using: &generator) {
        let node = Int.random(in: model.graph.node.indices, using: &generator)
        let tensor = Int.random(in: model.graph.initializer.indices, using: &generator)
        switch Int.random(in: 0...4, using: &generator) {
        case 0:
          for attribute in model.graph.node[node].attribute.indices {
            model.graph.node[node].attribute[attribute].i = extreme()
            model.graph.node[node].attribute[attribute].ints =
              model.graph.node[node].attribute[attribute].ints.map { _ in extreme() }
          }
        case 1:
          let count = Int.random(in: 0...5, using: &generator)
          model.graph.initializer[tensor].dims = (0..<count).map { _ in extreme() }
        case 2:
          model.graph.initializer[tensor].int64Data =
            model.graph.initializer[tensor].int64Data.map { _ in extreme() }
        case 3: model.graph.input[0].type.tensorType.shape.dim[2].dimValue = extreme()
        default:
          model.graph.node[node].opType =
            [
              "Slice", "Pad", "Resize", "Transpose", "Split", "Gather", "Squeeze", "Unsqueeze",
              "Expand", "Range", "ReduceMean", "MaxPool", "Flatten", "Mul", "Div", "Mod", "Where",
              "ConstantOfShape", "Cast", "MatMul", "PRelu", "Upsample", "Concat", "Sum", "Min",
            ].randomElement(using: &generator) ?? "Relu"
        }
      }
      read(try model.serializedBytes())
    }
  }
}
