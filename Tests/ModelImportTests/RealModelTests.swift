import FloatModel
import Foundation
import ModelImport
import TestSupport
import Testing

private let dataFolder =
  ProcessInfo.processInfo.environment["FBQ_TEST_DATA"] ?? "../shared/data"

private func path(of model: String) -> String { "\(dataFolder)/models/float/\(model)" }

@Suite(
  "Real models import and simplify",
  .enabled(
    if: FileManager.default.fileExists(atPath: path(of: "mobilenet_v2_1.0_224.onnx")),
    "needs FBQ_TEST_DATA"))
struct RealModelTests {
  @Test(
    "a MobileNet keeps only its convolutions, additions and classifier",
    arguments: [
      (
        "mobilenet_v1_0.25_224.onnx",
        ["convolution": 28, "mean": 1, "reshape": 1, "softmax": 1]
      ),
      (
        "mobilenet_v2_1.0_224.onnx",
        ["convolution": 52, "add": 10, "mean": 1, "fully connected": 1, "softmax": 1]
      ),
    ])
  func operatorCounts(model: String, expected: [String: Int]) throws {
    let graph = try ONNXImporter.load(path: path(of: model)).simplified()
    var counts: [String: Int] = [:]
    for node in graph.nodes { counts[node.operation.name, default: 0] += 1 }
    #expect(counts == expected)
    #expect(graph.inputs.map { graph.values[$0].shape } == [[1, 224, 224, 3]])
    #expect(graph.outputs.map { graph.values[$0].shape } == [[1, 1000]])
  }

  @Test("names of inputs and outputs survive")
  func names() throws {
    let graph = try ONNXImporter.load(path: path(of: "mobilenet_v2_1.0_224.onnx")).simplified()
    #expect(graph.inputs.map { graph.values[$0].name } == ["input"])
    #expect(graph.outputs.map { graph.values[$0].name } == ["Logits_act"])
  }

  @Test("every convolution but the projections carries its ReLU6")
  func clamps() throws {
    let graph = try ONNXImporter.load(path: path(of: "mobilenet_v2_1.0_224.onnx")).simplified()
    for node in graph.nodes {
      guard case .convolution(let convolution) = node.operation else { continue }
      let isProjection = node.name.hasSuffix("_project")
      #expect(convolution.clamp == (isProjection ? .none : .relu6), "\(node.name)")
    }
  }

  @Test(
    "a MobileNet gives what onnxruntime gives",
    .enabled(if: Oracle.python != nil, "set FBQ_PYTHON to a Python with onnx and onnxruntime"),
    arguments: ["mobilenet_v1_0.25_224.onnx", "mobilenet_v2_1.0_224.onnx"])
  func numbers(model: String) throws {
    struct Shapes: Decodable {
      let input: [Int]
      let outputs: [[Int]]
    }
    let folder = try TemporaryFolder()
    try Oracle.run("onnx_run.py", [path(of: model), folder.path, "1"])
    let shapes = try JSONDecoder().decode(
      Shapes.self, from: Data(folder.read("shapes.json") ?? []))
    let input = try Oracle.tensor("in0.f32", shape: shapes.input, in: folder)
    let expected = try Oracle.tensor("out0.f32", shape: shapes.outputs[0], in: folder)
    let outputs = try ONNXImporter.loadModel(path: path(of: model)).evaluated(
      [input], simplified: true)
    #expect(outputs.count == 1)
    #expect(outputs[0].isClose(to: expected))
  }
}
