import FloatModel
import FloatReference
import Foundation
import ModelImport
import TestSupport
import Testing

/// One model that `Tests/Oracles/onnx_cases.py` wrote.
private struct OracleCase: Decodable {
  let name: String
  let inputs: [[Int]]
  let outputs: [[Int]]
}

@Suite(
  "Imported models agree with onnxruntime",
  .enabled(if: Oracle.python != nil, "set FBQ_PYTHON to a Python with onnx and onnxruntime"))
struct OracleTests {
  @Test("every operator in every form, as imported and simplified", arguments: [1, 2])
  func operators(seed: Int) throws {
    let folder = try TemporaryFolder()
    try Oracle.run("onnx_cases.py", [folder.path, "\(seed)"])
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
    let inputs = try oracle.inputs.enumerated().map { index, shape in
      try Oracle.tensor("\(oracle.name).in\(index).f32", shape: shape, in: folder)
    }
    let expected = try oracle.outputs.enumerated().map { index, shape in
      try Oracle.tensor("\(oracle.name).out\(index).f32", shape: shape, in: folder)
    }
    for simplified in [false, true] {
      let outputs = try model.evaluated(inputs, simplified: simplified)
      let isClose =
        outputs.count == expected.count
        && zip(outputs, expected).allSatisfy { $0.isClose(to: $1) }
      #expect(isClose, "\(oracle.name), simplified: \(simplified)")
    }
  }
}
