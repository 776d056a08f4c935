import Diagnostics
import FBQFormat
import Foundation
import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import ModelExport
import TensorFiles
import TestSupport
import Testing

@Suite("The fixture as ONNX, by 'qconvert export'")
struct ONNXFixtureTests {
  private static let fixture = TestData.repository + "/Fixtures/digits.fbq"

  /// The fixture exported into `folder`, and random codes of its input, sample after sample.
  private func export(
    into folder: TemporaryFolder, samples: Int
  ) throws -> (graph: IntegerGraph, codes: [[Int8]]) {
    let outcome = try BuiltCommand("qconvert").run([
      "export", Self.fixture, "-o", folder.file("digits.onnx"),
    ])
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    #expect(outcome.output.hasPrefix(folder.file("digits.onnx") + ": "))
    let graph = try FBQFile.read(path: Self.fixture)
    var generator = SeededGenerator(seed: 4)
    let size = graph.tensors[graph.inputs[0]].elementCount
    return (
      graph,
      (0..<samples).map { _ in
        (0..<size).map { _ in Int8.random(in: -128...127, using: &generator) }
      }
    )
  }

  private func outputs(
    _ graph: IntegerGraph, _ samples: [[Int8]], _ profile: ArithmeticProfile
  ) throws -> [[Int8]] {
    let interpreter = try Interpreter(graph: graph, options: RunOptions(arithmetic: profile))
    return samples.map { codes in
      codes.withUnsafeBytes { interpreter.mutableBytes(of: graph.inputs[0]).copyMemory(from: $0) }
      interpreter.run()
      return Array(interpreter.bytes(of: graph.outputs[0]).bindMemory(to: Int8.self))
    }
  }

  @Test(
    "passes the checker, becomes integer kernels in onnxruntime, and gives our codes within a few",
    .enabled(if: Python.isAvailable, Python.missing))
  func onnxruntime() throws {
    let folder = try TemporaryFolder()
    let (graph, samples) = try export(into: folder, samples: 40)
    let input = graph.tensors[graph.inputs[0]]
    try NPZFile.write(
      [
        NumericArray(
          name: input.name, shape: [samples.count] + input.shape, values: samples.flatMap { $0 })
      ], to: folder.file("digits.npz"), compress: false)
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Oracles/onnx_codes.py")
    let fused = try Python.run(
      String(contentsOf: script, encoding: .utf8), [folder.path, "digits"])
    #expect(fused.contains("QLinearConv:") && fused.contains("QGemm:"), "\(fused)")
    #expect(!fused.contains("\tConv:") && !fused.contains(",Conv:"), "\(fused)")
    #expect(!fused.contains("QuantizeLinear") && !fused.contains("DequantizeLinear"), "\(fused)")

    let array = try #require(try NPZFile.read(path: folder.file("digits.out.npz")).first)
    #expect(array.name == graph.tensors[graph.outputs[0]].name)
    #expect(array.shape == [40] + graph.tensors[graph.outputs[0]].shape)
    let theirs = array.floats().map { Int($0) }
    // Under profile litert, convolutions multiply and round as onnxruntime's do.
    // The outputs are probabilities in 256ths of random images: where two classes are even, one code
    // between their logits, 0.155, is 256 · 0.155 / 4 = 10 of them. Three such codes are let pass.
    for (profile, greatest) in [(ArithmeticProfile.litert, 10), (.tflm, 30)] {
      let ours = try outputs(graph, samples, profile).flatMap { $0 }.map { Int($0) }
      let difference = zip(ours, theirs).map { abs($0 - $1) }.max() ?? 0
      #expect(difference <= greatest, "\(profile.name)")
    }
  }

  @Test("gives the same bytes each time")
  func deterministic() throws {
    let folder = try TemporaryFolder()
    let graph = try FBQFile.read(path: Self.fixture)
    for name in ["a", "b"] { try ONNXExport(graph).write(to: folder.file(name)) }
    #expect(folder.read("a") == folder.read("b"))
  }

  // MARK: Refusals

  @Test("an operation without an ONNX form is named")
  func unknownOperation() {
    var builder = GraphBuilder()
    let x = builder.input("x", [1, 4])
    let y = builder.activation("y", [1, 4])
    builder.operation("norm", .l2Normalization, [x], y)
    builder.graph.outputs = [y]
    #expect(
      throws: Diagnostic(
        place: "operation 'norm' (l2 normalization)", problem: "is not written as ONNX",
        remedy: "export the model as .tflite")
    ) { try ONNXExport(builder.graph) }
  }

  @Test("16-bit activations are refused")
  func wideActivations() {
    var builder = GraphBuilder()
    let x = builder.input("x", [1, 4], .int16)
    let y = builder.activation("y", [1, 4], .int16)
    builder.operation("scale", .requantize(.one), [x], y)
    builder.graph.outputs = [y]
    #expect(
      throws: Diagnostic(
        place: "tensor 'x'", problem: "holds int16 codes, but ONNX quantizes to 8 bits",
        remedy: "export the model as .tflite")
    ) { try ONNXExport(builder.graph) }
  }
}
