import FloatEngine
import FloatModel
import Foundation
import ModelImport
import TestSupport
import Testing

@Suite(
  "onnxruntime computes the same, tensor by tensor",
  .enabled(if: Python.isAvailable, Python.missing))
struct RealModelTests {
  @Test(
    "on real images", .enabled(if: TestData.isPresent, "\(TestData.skipMessage)"),
    arguments: ["mobilenet_v1_0.25_224.onnx", "mobilenet_v2_1.0_224.onnx"])
  func realModels(name: String) throws {
    try compare(
      model: TestData.file("models/float/\(name)"), count: 3,
      images: TestData.file("images/imagenet-val"))
  }

  @Test("on the fixture")
  func fixture() throws {
    try compare(
      model: TestData.repository + "/Fixtures/digits.onnx", count: 5, images: "-")
  }

  /// Compares every tensor of the simplified model that onnxruntime computes under the same name.
  private func compare(
    model: String, count: Int, images: String
  ) throws {
    let folder = try TemporaryFolder()
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("onnxruntime_oracle.py")
    let listing = try Python.run(
      String(contentsOf: script, encoding: .utf8), [model, "\(count)", images, folder.path])

    let graph = try ONNXImporter.load(path: model).simplified()
    let engine = try FloatEngine(
      graph: graph, batch: count, keeping: Set(graph.nodes.map(\.output)), threads: 2)
    try engine.run(inputs: [floats(folder, "input.f32")])

    var indices: [String: ValueIndex] = [:]
    for node in graph.nodes { indices[graph.values[node.output].name] = node.output }
    var compared: Set<ValueIndex> = []
    for line in listing.split(separator: "\n") {
      let fields = line.split(separator: "\t", maxSplits: 1).map(String.init)
      guard fields.count == 2, let index = indices[fields[1]] else { continue }
      let expected = try floats(folder, fields[0])
      #expect(
        disagreement(engine.values(of: index), expected) < 1e-4, "\(model), tensor \(fields[1])")
      compared.insert(index)
    }
    #expect(compared == Set(graph.nodes.map(\.output)), "\(model): a tensor has no counterpart")
  }

  private func floats(_ folder: TemporaryFolder, _ name: String) throws -> [Float] {
    let bytes = try #require(folder.read(name))
    return bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map { position in
        Float(
          bitPattern: UInt32(
            littleEndian: raw.loadUnaligned(fromByteOffset: 4 * position, as: UInt32.self)))
      }
    }
  }
}
