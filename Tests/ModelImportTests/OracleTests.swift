import FloatModel
import FloatReference
import Foundation
import ModelImport
import TestSupport
import Testing

private let python = ProcessInfo.processInfo.environment["FBQ_PYTHON"]

/// One model that `Tests/Oracles/onnx_cases.py` wrote.
private struct OracleCase: Decodable {
  let name: String
  let inputs: [[Int]]
  let outputs: [[Int]]
}

@Suite(
  "Imported models agree with onnxruntime",
  .enabled(if: python != nil, "set FBQ_PYTHON to a Python with onnx and onnxruntime"))
struct OracleTests {
  @Test("every operator in every form, as imported and simplified", arguments: [1, 2])
  func operators(seed: Int) throws {
    let folder = try TemporaryFolder()
    try run("onnx_cases.py", [folder.path, "\(seed)"])
    let cases = try JSONDecoder().decode(
      [OracleCase].self, from: Data(folder.read("cases.json") ?? []))
    #expect(cases.count > 500)
    for oracle in cases {
      do {
        try check(oracle, in: folder)
      } catch {
        Issue.record("\(oracle.name) (seed \(seed)): \(error)")
      }
    }
  }

  private func check(_ oracle: OracleCase, in folder: TemporaryFolder) throws {
    let model = try ONNXImporter.loadModel(path: folder.file("\(oracle.name).onnx"))
    let inputs = try oracle.inputs.indices.map { index in
      let tensor = FloatTensor(
        shape: oracle.inputs[index], values: try floats("\(oracle.name).in\(index).f32", folder))
      return tensor.transposed(by: model.inputAxes[index]).values
    }
    for graph in [model.graph, try model.graph.simplified()] {
      let outputs = try FloatReference(graph, inputs: inputs).outputs
      #expect(outputs.count == oracle.outputs.count, "\(oracle.name)")
      for (index, output) in outputs.enumerated() {
        let expected = FloatTensor(
          shape: oracle.outputs[index],
          values: try floats("\(oracle.name).out\(index).f32", folder)
        ).transposed(by: model.outputAxes[index])
        #expect(output.shape == expected.shape, "\(oracle.name)")
        #expect(
          isClose(output.values, expected.values),
          "\(oracle.name) output \(index), \(graph.nodes.count) nodes")
      }
    }
  }

  /// Whether no element differs by more than 1e-4 of the greatest magnitude.
  private func isClose(_ actual: [Float], _ expected: [Float]) -> Bool {
    let tolerance = 1e-4 * max(expected.map(abs).max() ?? 0, 1e-3)
    return actual.count == expected.count
      && zip(actual, expected).allSatisfy { abs($0 - $1) <= tolerance }
  }

  private func floats(_ name: String, _ folder: TemporaryFolder) throws -> [Float] {
    let bytes = try #require(folder.read(name))
    return bytes.withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map {
        Float(
          bitPattern: UInt32(
            littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
      }
    }
  }

  private func run(_ script: String, _ arguments: [String]) throws {
    let oracles = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Oracles")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(python))
    process.arguments = [oracles.appendingPathComponent(script).path] + arguments
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(script) failed")
  }
}
