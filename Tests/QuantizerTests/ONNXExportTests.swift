import FloatModel
import FloatReference
import Foundation
import IntegerModel
import ModelExport
import Quantizer
import TensorFiles
import TestSupport
import Testing

@Suite(
  "Every operator that the quantizer makes, exported as ONNX and run by onnxruntime",
  .enabled(if: Python.isAvailable, Python.missing))
struct ONNXExportTests {
  /// Most codes that onnxruntime may be off. One rounding apart is one code; a chain of operators
  /// adds them up, and squeeze and excite multiplies them; a bilinear resize with aligned corners
  /// steps by TFLite's 10-bit fraction here, and by the exact one there.
  private static func greatestDifference(_ operatorCase: OperatorCase, isChain: Bool) -> Int {
    if operatorCase.name.hasPrefix("resize linear alignCorners") { return 3 }
    if operatorCase.name == "squeeze and excite" { return operatorCase.greatestError }
    return isChain ? 2 : 1
  }

  @Test(
    "passes the checker and gives our codes, most of them exactly and the others within a step",
    arguments: ThresholdForm.allCases, WeightGranularity.allCases)
  func operators(form: ThresholdForm, weights: WeightGranularity) throws {
    let folder = try TemporaryFolder()
    let seed: UInt64 = 20_261_121
    let cases = OperatorCase.all + OperatorCase.wirings
    var expected: [[[Int32]]] = []
    var graphs: [IntegerGraph] = []
    for (number, operatorCase) in cases.enumerated() {
      var source = TensorSource(seed: seed)
      var sketch = GraphSketch()
      try operatorCase.build(&sketch, &source)
      let network = try QuantizedNetwork(
        sketch.graph, options: QuantizationOptions(weights: weights, thresholds: form),
        samples: sketch.graph.samples(50, in: operatorCase.ranges, &source))
      let samples = try sketch.graph.samples(8, in: operatorCase.ranges, &source)
        .map { try network.codes(of: $0) }
      try ONNXExport(network.integer).write(to: folder.file("\(number).onnx"))
      try write(samples, for: network.integer, to: folder.file("\(number).npz"))
      var outputs = network.integer.outputs.map { _ in [Int32]() }
      for sample in samples {
        for (index, codes) in try network.outputs(for: sample).enumerated() {
          outputs[index] += codes
        }
      }
      expected.append(outputs)
      graphs.append(network.integer)
    }
    try Self.run(cases.indices.map { "\($0)" }, in: folder)
    for (number, operatorCase) in cases.enumerated() {
      let arrays = try NPZFile.read(path: folder.file("\(number).out.npz"))
      let graph = graphs[number]
      for (index, output) in graph.outputs.enumerated() {
        let array = try #require(arrays.first { $0.name == graph.tensors[output].name })
        #expect(Array(array.shape.dropFirst()) == graph.tensors[output].shape)
        let codes = array.floats().map { Int($0) }
        let differences = zip(codes, expected[number][index]).map { abs($0 - Int($1)) }
        let greatest = differences.max() ?? 0
        let share = Double(differences.filter { $0 > 0 }.count) / Double(max(codes.count, 1))
        #expect(codes.count == expected[number][index].count)
        #expect(
          greatest
            <= Self.greatestDifference(operatorCase, isChain: number >= OperatorCase.all.count),
          "\(operatorCase.name), \(form), \(weights), seed \(seed)")
        #expect(share <= 0.4, "\(operatorCase.name), \(form), \(weights), seed \(seed)")
      }
    }
  }

  /// Runs models of `folder` on their inputs.
  @discardableResult
  static func run(_ names: [String], in folder: TemporaryFolder) throws -> String {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Oracles/onnx_codes.py")
    return try Python.run(
      String(contentsOf: script, encoding: .utf8), [folder.path] + names)
  }

  private func write(
    _ samples: [[[Int8]]], for graph: IntegerGraph, to path: String
  ) throws {
    let arrays = graph.inputs.enumerated().map { position, input in
      NumericArray(
        name: graph.tensors[input].name, shape: [samples.count] + graph.tensors[input].shape,
        values: samples.flatMap { $0[position] })
    }
    try NPZFile.write(arrays, to: path, compress: false)
  }
}
