import FloatModel
import FloatReference
import Foundation
import TFLiteFormat
import TestSupport
import Testing

/// LiteRT, which judges float `.tflite` models.
enum LiteRT {
  /// What it made of one model.
  struct Case: Decodable {
    let name: String
    let inputs: [[Int]]
    let outputs: [[Int]]
  }

  /// Whether a Python with LiteRT is there.
  static let isAvailable: Bool =
    Python.isAvailable && (try? Python.run("import ai_edge_litert.interpreter")) != nil
  /// What to say where it is not.
  static let missing: Comment = "set FBQ_PYTHON to a Python with ai-edge-litert"

  /// Runs the models `names` of `folder` on seeded random inputs.
  static func run(
    _ names: [String], in folder: TemporaryFolder, seed: Int, range: ClosedRange<Float> = -2...2,
    resolver: String = "reference"
  ) throws -> [Case] {
    try Oracle.run(
      "litert_run.py",
      [folder.path, "\(seed)", "\(range.lowerBound)", "\(range.upperBound)", resolver] + names)
    return try JSONDecoder().decode([Case].self, from: Data(folder.read("cases.json") ?? []))
  }

  /// The greatest difference of any output of `graph` from LiteRT's, as a share of the greatest
  /// magnitude in that output.
  static func disagreement(
    of graph: FloatGraph, from run: Case, in folder: TemporaryFolder
  ) throws -> Float {
    let inputs = try run.inputs.enumerated().map { index, shape in
      try Oracle.tensor("\(run.name).in\(index).f32", shape: shape, in: folder).values
    }
    let outputs = try FloatReference(graph, inputs: inputs).outputs
    try #require(outputs.map(\.shape) == run.outputs, "\(run.name): shapes of outputs")
    var worst: Float = 0
    for (index, output) in outputs.enumerated() {
      let expected = try Oracle.tensor(
        "\(run.name).out\(index).f32", shape: run.outputs[index], in: folder)
      let magnitude = max(expected.values.map(abs).max() ?? 0, 1e-3)
      for (ours, theirs) in zip(output.values, expected.values) {
        // Not `max`, which may drop a NaN.
        let difference = abs(ours - theirs) / magnitude
        if !(difference <= worst) { worst = difference }
      }
    }
    return worst
  }
}
